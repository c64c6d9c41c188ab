"""Sends a learner's current score to the gradebook column of one link."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from curricula.registry import shipped_tracks
from lms.jobs import Tools
from lms.lti.grades import GradeRefused, Score
from lms.lti.model import LtiError
from lms.models import Context, Deployment, Participation, ResourceLink, utcnow
from lms.services.learning import enrolment, track_progress
from lms.services.outbox import N_, GiveUp, TryLater
from lms.services.platforms import registration
from lms.services.results import gradebook_score

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"

#: What a platform's refusal means, and the way out, by HTTP status.
REFUSALS = {
    400: N_("The platform refused the score: the person left the course, or is no learner there."),
    401: N_("The platform refused our access token. Check its public keyset URL for this tool."),
    403: N_("The platform does not let us write in its gradebook. Allow grade synchronisation in its settings."),
    404: N_("The gradebook column no longer exists. Open the activity again from the course."),
    409: N_("The platform already holds a later score."),
    429: N_("The platform asks to slow down."),
}


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Send the score as it is now: the last value wins, with a timestamp later than the one before it."""
    session = tools.session
    query = select(Participation).where(Participation.id == payload["participation_id"])
    loads = joinedload(Participation.resource_link).joinedload(ResourceLink.context).joinedload(Context.deployment)
    row = session.scalars(query.options(loads, joinedload(Participation.person))).first()
    if row is None or row.resource_link.lineitem_url is None:
        return  # the learner or the gradebook column is gone: nothing is owed any more
    link = row.resource_link
    found = _score(tools, row)
    if found is None:
        return
    value, complete = found
    if link.ags_scopes and SCORE_SCOPE not in link.ags_scopes:
        raise GiveUp(f"{REFUSALS[403]}\n{SCORE_SCOPE}")
    deployment: Deployment = link.context.deployment
    url, subject = str(link.lineitem_url), row.person.subject
    moment = _later_than(row.score_sent_at)
    try:
        platform = registration(session, deployment.platform_id)
        signer = tools.grades.signer(session)
    except LtiError as error:
        why = N_("The connection with the platform is suspended.")
        raise TryLater(why, timedelta(hours=1), counted=False) from error
    session.commit()  # no transaction stays open while the platform answers
    try:
        tools.grades.send(platform, signer, url, Score(subject, value, complete, moment))
    except GradeRefused as error:
        why = REFUSALS.get(error.status, N_("The platform gave an answer that is not expected."))
        why += f"\nHTTP {error.status}"
        if error.final:
            raise GiveUp(why) from error
        raise TryLater(why, error.after) from error
    except LtiError as error:
        why = N_("The platform cannot be reached.")
        raise TryLater(f"{why}\n{error.cause}") from error
    row.score_sent, row.score_sent_at = value, moment
    session.commit()


def _score(tools: Tools, row: Participation) -> tuple[Fraction, bool] | None:
    link = row.resource_link
    tracks = [shipped_tracks().get(link.track_key)] if link.track_key else list(shipped_tracks().values())
    for track in tracks:
        own = enrolment(tools.session, row.person_id, track.key) if track else None
        if track is None or own is None:
            continue
        value, complete = gradebook_score(track_progress(tools.session, own, track), link.module_key)
        if value is not None:
            return value, complete
    return None


def _later_than(last: datetime | None) -> datetime:
    # Moodle compares whole seconds and refuses a score that is not strictly later.
    now = utcnow().astimezone(UTC).replace(microsecond=0)
    return now if last is None or now > last else last + timedelta(seconds=1)
