"""Being assessed: an attempt is drawn, answered, submitted once; its consequences share the transaction."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.orm import Session, contains_eager

from assessments.draw import draw
from assessments.grade import grade
from assessments.model import DrawnQuestion, Mark, Response, Score
from curricula.model import Module, Track
from lms.models import Answer, Attempt, Enrolment, utcnow
from lms.models.base import table_of
from lms.models.secrets import new_token
from lms.models.upsert import insert_or_find, put
from lms.services.results import after_result

# Autosave is the hottest write: its statements are made once, and run free of the ORM.
_ATTEMPT = table_of(Attempt)
_OPEN = (
    select(_ATTEMPT.c.id)
    .where(_ATTEMPT.c.id == bindparam("attempt"), _ATTEMPT.c.submitted_at.is_(None))
    .with_for_update()
)


class AttemptRefused(Exception):
    """What was asked of an attempt cannot be done. ``reason`` is a stable key.

    ``closed`` already submitted · ``not_drawn`` the question is not part of it · ``no_more`` attempts are spent ·
    ``too_soon`` before ``opens_at`` · ``passed`` nothing left to pass · ``unavailable`` no assessment here ·
    ``locked`` other modules are to be passed first.
    """

    def __init__(self, reason: str, opens_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason, self.opens_at = reason, opens_at


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with a module's assessment. ``left`` is None when attempts are unlimited."""

    attempts: Sequence[Attempt]
    open: Attempt | None
    best: Fraction | None
    passed: bool
    left: int | None
    opens_at: datetime | None

    def refusal(self, now: datetime) -> str | None:
        """Why a new attempt may not begin now; None when it may."""
        if self.passed:
            return "passed"
        if self.left == 0:
            return "no_more"
        return "too_soon" if self.opens_at and now < self.opens_at else None


def standing(session: Session, row: Enrolment, module: Module) -> Standing:
    """Every attempt of the learner at the module, and what follows from them; one query."""
    if module.quiz is None:
        raise AttemptRefused("unavailable")
    query = select(Attempt).filter_by(enrolment_id=row.id, module_key=module.key).order_by(Attempt.number)
    attempts = session.scalars(query).all()
    done = [attempt for attempt in attempts if attempt.submitted_at is not None]
    scores = [attempt.score for attempt in done if attempt.score is not None]
    best = max(scores) if scores else None
    last = max((attempt.submitted_at for attempt in done if attempt.submitted_at), default=None)
    wait = timedelta(minutes=module.quiz.cooldown_minutes)
    return Standing(
        attempts=attempts,
        open=next((attempt for attempt in attempts if attempt.submitted_at is None), None),
        best=best,
        passed=best is not None and best >= module.quiz.threshold,
        left=max(0, module.quiz.attempts - len(done)) if module.quiz.attempts else None,
        opens_at=last + wait if last and wait else None,
    )


def start(session: Session, row: Enrolment, module: Module, *, locked: bool = False) -> Attempt:
    """The open attempt, or a new one unless the module is ``locked``. Raises ``AttemptRefused``.

    A double click makes one attempt.
    """
    stand = standing(session, row, module)
    if stand.open is not None:
        return stand.open
    now = utcnow()
    refusal = "locked" if locked else stand.refusal(now)
    if refusal:
        raise AttemptRefused(refusal, stand.opens_at)
    assert module.quiz is not None
    seen = {item["key"] for attempt in stand.attempts for item in attempt.questions}
    seed = new_token()[:32]
    drawn = draw(module.questions, module.quiz.questions, seed, seen)
    values = {
        "id": uuid.uuid4(),
        "seed": seed,
        "questions": [{"key": item.key, "options": list(item.options)} for item in drawn],
        "track_version": row.track_version,
        "started_at": now,
    }
    identity = {"enrolment_id": row.id, "module_key": module.key, "number": len(stand.attempts) + 1}
    row.started_at = row.started_at or now
    row.last_at = now
    return insert_or_find(session, Attempt, identity, values)


def owned(session: Session, attempt_id: uuid.UUID, person_id: int) -> Attempt | None:
    """The attempt of that id if it is that person's, with its enrolment; one query."""
    query = select(Attempt).join(Attempt.enrolment).options(contains_eager(Attempt.enrolment))
    return session.scalars(query.where(Attempt.id == attempt_id, Enrolment.person_id == person_id)).first()


def drawn_questions(attempt: Attempt) -> tuple[DrawnQuestion, ...]:
    """The questions of an attempt in the order shown."""
    return tuple(DrawnQuestion(item["key"], tuple(item["options"])) for item in attempt.questions)


def answers(session: Session, attempt_id: uuid.UUID) -> dict[str, Answer]:
    """What was answered so far, by question key."""
    rows = session.scalars(select(Answer).where(Answer.attempt_id == attempt_id))
    return {row.question_key: row for row in rows}


def next_open(attempt: Attempt, kept: Mapping[str, Answer]) -> int:
    """The number of the first question without answer, or of the first one."""
    for number, item in enumerate(drawn_questions(attempt), start=1):
        if item.key not in kept or not kept[item.key].response:
            return number
    return 1


def save_answer(
    session: Session, attempt: Attempt, question_key: str, response: Sequence[str], *, flagged: bool
) -> datetime:
    """Keep an answer, the last one winning; gives the time it was saved. One statement beside the check.

    Options that were not shown are dropped; ``AttemptRefused`` for a closed attempt or a foreign question.
    """
    shown = next((item for item in drawn_questions(attempt) if item.key == question_key), None)
    if shown is None:
        raise AttemptRefused("not_drawn")
    # The row is locked so that no answer slips in while the attempt is being submitted.
    if session.connection().execute(_OPEN, {"attempt": attempt.id}).first() is None:
        raise AttemptRefused("closed")
    now = utcnow()
    values = {
        "response": [key for key in shown.options if key in response],
        "flagged": flagged,
        "saved_at": now,
    }
    put(session, Answer, {"attempt_id": attempt.id, "question_key": question_key}, values)
    return now


def submit(session: Session, attempt: Attempt, track: Track, module: Module) -> Attempt:
    """Close and grade an attempt, record what follows, promise scores and certificate: one transaction.

    Submitted twice, the first result stands. Raises ``AttemptRefused`` when the module has no assessment.
    """
    if module.quiz is None:
        raise AttemptRefused("unavailable")
    now = utcnow()
    # Taking the row first makes concurrent submissions wait, then see it closed.
    query = update(Attempt).where(Attempt.id == attempt.id, Attempt.submitted_at.is_(None))
    taken = cast("CursorResult[Any]", session.execute(query.values(seed=Attempt.seed)))
    if taken.rowcount == 0:
        session.refresh(attempt)
        return attempt
    responses = {key: tuple(row.response) for key, row in answers(session, attempt.id).items()}
    score = graded(attempt, module, responses)
    attempt.score, attempt.submitted_at = score.value, now
    attempt.passed = score.value >= module.quiz.threshold
    attempt.marks = {key: {"points": str(mark.points), "reason": mark.reason} for key, mark in score.marks.items()}
    session.flush()
    # Locked before what follows is counted: of two modules finished at once, the last one sees both results.
    row = session.get_one(Enrolment, attempt.enrolment_id, populate_existing=True, with_for_update=True)
    row.last_at = now
    after_result(session, row, track, now)
    session.flush()
    return attempt


def graded(attempt: Attempt, module: Module, responses: Mapping[str, Response]) -> Score:
    """The score of an attempt as the bank marks it; a question withdrawn from the bank meanwhile is left out."""
    bank = {question.key: question for question in module.questions}
    return grade([item for item in drawn_questions(attempt) if item.key in bank], bank, responses)


def stored_marks(attempt: Attempt) -> dict[str, Mark]:
    """The marks given when the attempt was submitted."""
    return {key: Mark(Fraction(mark["points"]), mark["reason"]) for key, mark in (attempt.marks or {}).items()}
