"""Sittings: when a supervised assessment may be begun in a course, by those who are given its code."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from assessments.clock import ON_ITS_WAY
from curricula.model import QuizRules
from lms.models import Attempt, Enrolment, Membership, Pause, Person, Sitting
from lms.services.audit import record
from lms.services.pauses import left

#: Letters and digits that nobody takes for another, read aloud or on a board: no O or 0, no I, L or 1, no S or 5…
SIGNS = "ACDEFHJKMNPRTWXY34679"
LENGTH = 6
#: A window longer than this is a mistake of typing.
LONGEST = timedelta(days=31)


class SittingRefused(Exception):
    """A sitting cannot be opened, or its code opens nothing. ``reason`` is a stable key.

    ``past`` its window is over before it is made · ``order`` it closes before it opens · ``long`` more than
    ``LONGEST`` · ``unknown`` no sitting of this assessment has this code · ``early`` before ``at`` ·
    ``over`` since ``at``.
    """

    def __init__(self, reason: str, at: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason, self.at = reason, at


@dataclass(frozen=True)
class Present:
    """Somebody who began at a sitting: ``begun``, ``paused``, ``up`` (the time is) or ``submitted``."""

    name: str
    state: Literal["begun", "paused", "up", "submitted"]
    began_at: datetime
    submitted_at: datetime | None
    left: timedelta | None


def open_sitting(
    session: Session, context_id: int, track_key: str, module_key: str, window: tuple[datetime, datetime], by: int,
    now: datetime,
) -> Sitting:  # fmt: skip
    """A sitting with a new code. Raises ``SittingRefused``."""
    opens_at, closes_at = window
    if closes_at <= opens_at:
        raise SittingRefused("order")
    if closes_at <= now:
        raise SittingRefused("past")
    if closes_at - opens_at > LONGEST:
        raise SittingRefused("long")
    used = set(session.scalars(select(Sitting.code).where(Sitting.closes_at > now)))
    code = new_code()
    while code in used:
        code = new_code()
    row = Sitting(
        context_id=context_id, track_key=track_key, module_key=module_key, opens_at=opens_at, closes_at=closes_at,
        code=code, created_by=by, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, "sitting_opened", f"sitting:{row.id}", by)
    return row


def new_code() -> str:
    """A code made at random."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def shown_code(code: str) -> str:
    """A code as people read it: « KRT-4XF »."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read_code(typed: str) -> str:
    """A code as it was typed, whatever its case, spaces and hyphens."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())[:50]


def sittings(session: Session, context_id: int) -> list[Sitting]:
    """The sittings of a course, the last one first."""
    query = select(Sitting).filter_by(context_id=context_id).order_by(Sitting.opens_at.desc(), Sitting.id.desc())
    return list(session.scalars(query))


def sitting(session: Session, context_id: int, number: int) -> Sitting | None:
    """That sitting of a course, or None."""
    return session.scalars(select(Sitting).filter_by(context_id=context_id, id=number)).first()


def of(session: Session, attempt: Attempt) -> Sitting | None:
    """The sitting that an attempt began at; None where there is none."""
    return session.get(Sitting, attempt.sitting_id) if attempt.sitting_id is not None else None


def cancel(session: Session, row: Sitting, by: int, now: datetime) -> None:
    """Let nobody else begin; those who began go on."""
    if row.cancelled_at is None:
        row.cancelled_at = now
        record(session, "sitting_cancelled", f"sitting:{row.id}", by)
        session.flush()


def for_code(session: Session, person_id: int, track_key: str, module_key: str, typed: str, now: datetime) -> Sitting:
    """The sitting that a code lets this person begin at, in a course of theirs. Raises ``SittingRefused``."""
    mine = select(Membership.context_id).where(Membership.person_id == person_id, Membership.left_at.is_(None))
    query = select(Sitting).filter_by(track_key=track_key, module_key=module_key, code=read_code(typed))
    # An old sitting may have had the same code: the last one is meant.
    row = session.scalars(query.where(Sitting.context_id.in_(mine)).order_by(Sitting.closes_at.desc())).first()
    if row is None:
        raise SittingRefused("unknown")
    if row.cancelled_at is not None:
        raise SittingRefused("over", row.cancelled_at)
    if now < row.opens_at:
        raise SittingRefused("early", row.opens_at)
    if now >= row.closes_at:
        raise SittingRefused("over", row.closes_at)
    return row


def present(session: Session, row: Sitting, now: datetime) -> list[Present]:
    """Who began at a sitting, by name; one query. What anyone was granted is not told."""
    query = (
        select(Attempt, Person, Pause)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Pause, (Pause.attempt_id == Attempt.id) & Pause.ended_at.is_(None))
        .where(Attempt.sitting_id == row.id)
        .order_by(Person.family_name, Person.given_name, Person.id)
    )
    return [_present(attempt, person, pause, now) for attempt, person, pause in session.execute(query)]


def _present(attempt: Attempt, person: Person, pause: Pause | None, now: datetime) -> Present:
    state: Literal["begun", "paused", "up", "submitted"] = "begun"
    rest = left(attempt, now, pause)
    if attempt.submitted_at is not None:
        state, rest = "submitted", None
    elif rest == timedelta(0):
        state = "up"
    elif pause is not None:
        state = "paused"
    return Present(person.display_name, state, attempt.started_at, attempt.submitted_at, rest)


def answers_shown(session: Session, attempt: Attempt, rules: QuizRules, now: datetime) -> bool:
    """Whether a submitted attempt may be seen with its answers corrected.

    After submitting; once its sitting is over, that is when nobody may begin there nor answers any more; or never.
    """
    if rules.correction == "never":
        return False
    row = of(session, attempt) if rules.correction == "closed" else None
    if row is None:
        return True
    if row.cancelled_at is None and now < row.closes_at:
        return False
    answering = select(Attempt.id).where(
        Attempt.sitting_id == row.id,
        Attempt.submitted_at.is_(None),
        or_(Attempt.due_at.is_(None), Attempt.due_at > now - ON_ITS_WAY),
    )
    return not session.scalar(select(exists(answering)))
