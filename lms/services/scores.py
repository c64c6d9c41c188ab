"""What gradebooks are owed and have been told: one participation, one column, the last value.

A score is written down before it leaves (``sending``), so that after a crash or a time-out the very same message goes
again: platforms refuse a second one of the same moment, and their results tell whether the first had arrived.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import bindparam, select, union_all, update
from sqlalchemy.orm import Session

from curricula.progress import TrackProgress, progress
from lms.lti.grades import Score
from lms.models import (
    Attempt,
    Context,
    Deployment,
    Enrolment,
    Exemption,
    Membership,
    Participation,
    Person,
    ResourceLink,
    utcnow,
)
from lms.models.base import table_of
from lms.services import audit
from lms.services.library import Library
from lms.services.results import gradebook_modules, gradebook_score


@dataclass(frozen=True)
class Told:
    """What a column was last told, and what was on its way when the work was interrupted."""

    value: Fraction | None
    moment: datetime | None
    complete: bool
    sending: Fraction | None
    sending_at: datetime | None
    sending_complete: bool


@dataclass(frozen=True)
class Owed:
    """A learner's score for the column of one link. ``value`` is None when nothing was handed in."""

    participation_id: int
    person_id: int
    link_id: int
    platform_id: int
    subject: str
    language: str | None
    left: bool
    lineitem_url: str | None
    lineitems_url: str | None
    scopes: frozenset[str]
    told: Told
    value: Fraction | None = None
    complete: bool = False
    state: TrackProgress | None = None
    module_key: str | None = None
    started: datetime | None = None
    submitted: datetime | None = None

    @property
    def delivered(self) -> bool:
        """Whether the column was told this already, and nothing else was on its way."""
        told = self.told
        return told.sending_at is None and told.value == self.value and (told.complete or not self.complete)

    def message(self, comment: str, now: datetime | None = None) -> Score:
        """The score to send: the one that was on its way if it still holds, else one of a later moment.

        What was told complete stays so (LTI.md R13). Raises ``ValueError`` for a value no gradebook takes.
        """
        told = self.told
        assert self.value is not None
        complete = self.complete or told.complete or (told.sending_at is not None and told.sending_complete)
        same = told.sending == self.value and told.sending_complete == complete
        moment = told.sending_at if same else None
        if moment is None:
            moment = _later_than(now or utcnow(), told.moment, told.sending_at)
        return Score(self.subject, self.value, complete, moment, comment, self.started, self.submitted)


def _later_than(now: datetime, *others: datetime | None) -> datetime:
    # Platforms compare whole seconds, and refuse a score that is not strictly later.
    known = [other + timedelta(seconds=1) for other in others if other is not None]
    return max(now, *known).astimezone(UTC).replace(microsecond=0) if known else now.replace(microsecond=0)


_PA, _L, _C, _D = table_of(Participation), table_of(ResourceLink), table_of(Context), table_of(Deployment)
_P, _M, _E, _A = table_of(Person), table_of(Membership), table_of(Enrolment), table_of(Attempt)
_X = table_of(Exemption)
_PARTICIPATIONS = (
    select(
        _PA.c.id, _PA.c.person_id, _PA.c.resource_link_id, _D.c.platform_id, _P.c.subject, _P.c.language, _M.c.left_at,
        _L.c.lineitem_url, _L.c.lineitems_url, _L.c.ags_scopes, _L.c.track_key, _L.c.module_key,
        _PA.c.score_sent, _PA.c.score_sent_at, _PA.c.completed_sent, _PA.c.sending, _PA.c.sending_at,
        _PA.c.sending_complete,
    )
    .select_from(
        _PA.join(_L, _L.c.id == _PA.c.resource_link_id)
        .join(_C, _C.c.id == _L.c.context_id)
        .join(_D, _D.c.id == _C.c.deployment_id)
        .join(_P, _P.c.id == _PA.c.person_id)
        .outerjoin(_M, (_M.c.person_id == _P.c.id) & (_M.c.context_id == _C.c.id))
    )
    .where(_PA.c.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
_MINE = _E.c.person_id.in_(bindparam("people", expanding=True))
#: What counts for a score: attempts handed in, and modules that the placement test exempted from.
_HANDED_IN = union_all(
    select(
        _E.c.person_id, _E.c.track_key, _E.c.track_digest, _A.c.module_key, _A.c.score, _A.c.started_at,
        _A.c.submitted_at,
    )
    .join_from(_E, _A, _A.c.enrolment_id == _E.c.id)
    .where(_MINE, _A.c.score.is_not(None)),
    select(
        _E.c.person_id, _E.c.track_key, _E.c.track_digest, _X.c.module_key, _X.c.score, _X.c.granted_at,
        _X.c.granted_at,
    )
    .join_from(_E, _X, _X.c.enrolment_id == _E.c.id)
    .where(_MINE),
)  # fmt: skip


def owed(session: Session, ids: Collection[int], tracks: Library) -> dict[int, Owed]:
    """What the columns of these participations should show, by participation; two queries whatever their number."""
    connection = session.connection()
    rows = connection.execute(_PARTICIPATIONS, {"ids": list(ids)}).all()
    attempts: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for done in connection.execute(_HANDED_IN, {"people": sorted({row.person_id for row in rows})}):
        attempts[done.person_id, done.track_key].append(done)
    return {row.id: _owed(row, attempts, tracks) for row in rows}


def _owed(row: Any, attempts: Mapping[tuple[int, str], Sequence[Any]], tracks: Library) -> Owed:
    told = Told(
        row.score_sent, row.score_sent_at, row.completed_sent, row.sending, row.sending_at, row.sending_complete
    )
    facts = {
        "participation_id": row.id, "person_id": row.person_id, "link_id": row.resource_link_id,
        "platform_id": row.platform_id, "subject": row.subject, "language": row.language,
        "left": row.left_at is not None, "lineitem_url": row.lineitem_url, "lineitems_url": row.lineitems_url,
        "scopes": frozenset(row.ags_scopes), "told": told, "module_key": row.module_key,
    }  # fmt: skip
    for key in [row.track_key] if row.track_key else tracks:
        done = attempts.get((row.person_id, key))
        track = tracks.followed(key, done[0].track_digest) if done else None
        if not done or track is None:
            continue
        best: dict[str, Fraction] = {}
        for attempt in done:
            best[attempt.module_key] = max(attempt.score, best.get(attempt.module_key, Fraction(0)))
        state = progress(track, {}, best)
        value, complete = gradebook_score(state, row.module_key)
        if value is not None:
            counted = gradebook_modules(state, row.module_key)
            mine = [attempt for attempt in done if attempt.module_key in counted]
            return Owed(
                **facts, value=value, complete=complete, state=state,
                started=min(attempt.started_at for attempt in mine),
                submitted=max(attempt.submitted_at for attempt in mine),
            )  # fmt: skip
    return Owed(**facts)


def intend(session: Session, messages: Mapping[int, Score]) -> None:
    """Write down the scores that are about to leave, by participation. Commit before they do."""
    values = [
        {"row": number, "value": score.value, "moment": score.moment, "complete": score.complete}
        for number, score in messages.items()
    ]
    if values:
        session.connection().execute(_INTEND, values)


def delivered(session: Session, messages: Iterable[tuple[Owed, Score]]) -> None:
    """Note scores their columns now show, with a line of the journal each.

    Where the link's column changed meanwhile nothing is noted: the new one was told nothing.
    """
    noted = list(messages)
    values = [
        {
            "row": mine.participation_id, "value": score.value, "moment": score.moment, "complete": score.complete,
            "link": mine.link_id, "url": mine.lineitem_url,
        }
        for mine, score in noted
    ]  # fmt: skip
    if values:
        session.connection().execute(_DELIVERED, values)
        audit.record_all(
            session,
            "score_sent",
            [
                (f"participation:{mine.participation_id}", mine.person_id, {"score": str(score.value)})
                for mine, score in noted
            ],
        )


def outdated(session: Session, messages: Mapping[int, Score]) -> None:
    """Note that columns hold something later than these scores: the next ones will be of a later moment."""
    values = [{"row": number, "moment": score.moment} for number, score in messages.items()]
    if values:
        session.connection().execute(_OUTDATED, values)


_HELD = (_PA.c.id == bindparam("row"), _PA.c.sending_at == bindparam("moment"))
_INTEND = (
    update(_PA)
    .where(_PA.c.id == bindparam("row"))
    .values(sending=bindparam("value"), sending_at=bindparam("moment"), sending_complete=bindparam("complete"))
)
_SAME_COLUMN = select(_L.c.id).where(_L.c.id == bindparam("link"), _L.c.lineitem_url == bindparam("url")).exists()
_DELIVERED = (
    update(_PA)
    .where(*_HELD, _SAME_COLUMN)
    .values(
        score_sent=bindparam("value"), score_sent_at=bindparam("moment"), completed_sent=bindparam("complete"),
        sending=None, sending_at=None,
    )
)  # fmt: skip
_OUTDATED = update(_PA).where(*_HELD).values(sending=None)
