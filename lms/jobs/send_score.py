"""Sends learners' current scores to the gradebook columns of their links."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from sqlalchemy import select, update

from lms import request_ids
from lms.jobs import Tools
from lms.lti import grades
from lms.lti.client import ServiceClient, ServiceRefused
from lms.lti.grades import NEAR, RESULT_SCOPE, SCORE_SCOPE, Score
from lms.lti.lanes import side_by_side
from lms.lti.model import LtiError, Registration
from lms.models import Participation, ResourceLink
from lms.services import scores
from lms.services.claiming import Claim
from lms.services.comments import comment
from lms.services.failures import platform_failure, service_failure
from lms.services.library import Library
from lms.services.outbox import promise
from lms.services.outcomes import N_, GiveUp, Outcome, TryLater
from lms.services.platforms import registration
from lms.services.results import tell_again
from lms.services.scores import Owed

#: Scores sent together: few enough that they are all noted well before their lease ends.
TOGETHER = 100
#: No score leaves later than this after the first of its batch, in seconds.
PATIENCE = 30.0


@dataclass(frozen=True)
class _Sending:
    """A message about to leave: whose, where to, and for which job."""

    job: int
    owed: Owed
    url: str
    platform: Registration
    score: Score
    #: The request whose result it tells.
    request_id: str | None

    @property
    def again(self) -> bool:
        """Whether this very message left before, and nobody knows whether it arrived."""
        return self.owed.told.sending_at == self.score.moment


@dataclass(frozen=True)
class _Stale:
    """The column holds something later that is not this score."""


@dataclass(frozen=True)
class _Gone:
    """The column no longer exists."""


_Result = Outcome | _Stale | _Gone


def run(tools: Tools, claims: Sequence[Claim]) -> Mapping[int, Outcome]:
    """Send each score as it is now: the last value wins, with a moment later than the one before it.

    What is about to leave is committed first; what became of it is left in the transaction of the outcomes.
    """
    session = tools.session
    wanted = {claim.id: int(claim.payload["participation_id"]) for claim in claims}
    known = scores.owed(session, wanted.values(), Library(session))
    outcomes: dict[int, Outcome] = {}
    sendings: list[_Sending] = []
    platforms: dict[int, Registration | TryLater | GiveUp] = {}
    for claim in claims:
        job, mine = claim.id, known.get(wanted[claim.id])
        if mine is not None and mine.platform_id not in platforms:
            platforms[mine.platform_id] = _platform(tools, mine.platform_id)
        try:
            with request_ids.during(claim.request_id):
                found = _plan(tools, job, mine, platforms)
        except (TryLater, GiveUp) as refusal:
            outcomes[job] = refusal
            continue
        if found is None:
            outcomes[job] = None
        else:
            sendings.append(found)
    scores.intend(session, {sending.owed.participation_id: sending.score for sending in sendings})
    session.commit()  # no transaction stays open while platforms answer
    _send(tools, sendings, outcomes)
    return outcomes


def _platform(tools: Tools, platform_id: int) -> Registration | TryLater | GiveUp:
    try:
        return registration(tools.session, platform_id)
    except LtiError as error:
        return platform_failure(error)


def _plan(
    tools: Tools, job: int, mine: Owed | None, platforms: Mapping[int, Registration | TryLater | GiveUp]
) -> _Sending | None:
    """What to send for a job; None when nothing is owed."""
    if mine is None or mine.value is None or not (mine.lineitem_url or mine.lineitems_url):
        return None  # the learner or the gradebook column is gone, or nothing was handed in
    if mine.left:
        raise GiveUp(N_("The person left the course: its gradebook takes no score of theirs."), cause="person_left")
    if mine.lineitem_url is None:
        _resolve(tools, mine)
        return None
    if mine.delivered:
        return None
    if mine.scopes and SCORE_SCOPE not in mine.scopes:
        raise service_failure(403, SCORE_SCOPE)
    platform = platforms[mine.platform_id]
    if not isinstance(platform, Registration):
        raise platform
    try:
        score = mine.message(comment(mine.state, mine.module_key, mine.language) if mine.state else "")
    except ValueError as error:
        why = N_("The score is not one a gradebook takes.")
        raise GiveUp(f"{why}\n{mine.value}", cause="score") from error
    return _Sending(job, mine, mine.lineitem_url, platform, score, request_ids.current())


def _resolve(tools: Tools, mine: Owed) -> None:
    # One column for all who came through the link; it promises their scores once it is known.
    promise(
        tools.session,
        "resolve_lineitem",
        f"link:{mine.link_id}",
        {"link_id": mine.link_id},
        platform_id=mine.platform_id,
    )


def _send(tools: Tools, sendings: Sequence[_Sending], outcomes: dict[int, Outcome]) -> None:
    calls: dict[int, list[_Sending]] = defaultdict(list)
    for sending in sendings:
        calls[sending.owed.platform_id].append(sending)
    done = side_by_side(calls, lambda sending: _sent(tools.services, sending), _ends, PATIENCE)
    sent: list[_Sending] = []
    stale: list[_Sending] = []
    gone: list[_Sending] = []
    for platform_id, asked in calls.items():
        results = {sending.job: result for sending, result in done[platform_id]}
        ended = next((result for result in results.values() if isinstance(result, TryLater) and result.everyone), None)
        for sending in asked:
            result = results.get(sending.job, ended or _SLOW)
            if isinstance(result, _Stale):
                stale.append(sending)
                outcomes[sending.job] = _LATER
            elif isinstance(result, _Gone):
                gone.append(sending)
                outcomes[sending.job] = None if sending.owed.lineitems_url else service_failure(404)
            else:
                if result is None:
                    sent.append(sending)
                unsent = sending.job not in results
                outcomes[sending.job] = result.uncounted() if unsent and isinstance(result, TryLater) else result
    scores.delivered(tools.session, [(sending.owed, sending.score) for sending in sent])
    scores.outdated(tools.session, {sending.owed.participation_id: sending.score for sending in stale})
    _forget(tools, gone)


_LATER = TryLater(N_("The platform already holds a later score."), cause="http_409")
_SLOW = TryLater(N_("The platform answers slowly."), timedelta(0), cause="slow", counted=False)


def _ends(result: _Result) -> bool:
    return isinstance(result, TryLater) and result.everyone


def _sent(services: ServiceClient, sending: _Sending) -> _Result:
    """Send one score under the id of the request it comes from. Runs in a thread of its own."""
    with request_ids.during(sending.request_id):
        return _delivered(services, sending)


def _delivered(services: ServiceClient, sending: _Sending) -> _Result:
    """Send one score; None when the column shows it."""
    try:
        try:
            grades.publish(services, sending.platform, sending.url, sending.score)
        except ServiceRefused as refused:
            if refused.status == 404:
                return _Gone()
            if refused.status not in {400, 409}:
                raise
            return _judged(services, sending, refused.status)
    except ServiceRefused as refused:
        return service_failure(refused.status, after=refused.after)
    except LtiError as error:
        return platform_failure(error)
    return None


def _judged(services: ServiceClient, sending: _Sending, status: int) -> _Result:
    """What a refusal means that may come from a message taken before: its results tell (LTI.md S10, S16).

    AGS says 409 to what is not later than what is held; Open edX says 400, as others do to whoever is no learner.
    """
    unknown = _Stale() if status == 409 or sending.again else service_failure(400)
    if RESULT_SCOPE not in sending.owed.scopes:
        return unknown
    try:
        shown = grades.result(services, sending.platform, sending.url, sending.score.user)
    except ServiceRefused as refused:
        if refused.status in {401, 403, 404, 405}:
            return unknown
        raise
    except LtiError as error:
        if error.cause in {"scope_refused", "token_refused"}:
            return unknown
        raise
    if shown is None and status == 400:
        return service_failure(400)
    # Moodle shows no grade of 0.
    return None if abs((shown or Fraction(0)) - sending.score.value) < NEAR else _Stale()


def _forget(tools: Tools, gone: Sequence[_Sending]) -> None:
    """Look again for the columns that are no longer there, unless another one was found meanwhile."""
    for sending in {sending.owed.link_id: sending for sending in gone if sending.owed.lineitems_url}.values():
        link = update(ResourceLink).where(ResourceLink.id == sending.owed.link_id)
        same = link.where(ResourceLink.lineitem_url == sending.url)
        tools.session.execute(same.values(lineitem_url=None).execution_options(synchronize_session=False))
        everyone = select(Participation.id).where(Participation.resource_link_id == sending.owed.link_id)
        tell_again(tools.session, everyone)
        _resolve(tools, sending.owed)
