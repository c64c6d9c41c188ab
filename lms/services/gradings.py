"""What an attempt is found to be worth: each result is added to the record with its reason; the last one counts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assessments.grade import grade
from assessments.model import Mark, Response, Score
from curricula.model import Module, QuizRules
from lms.models import Attempt, Grading, Work
from lms.services.answers import drawn_questions
from lms.services.events import result_counts


def graded(
    attempt: Attempt, module: Module, responses: Mapping[str, Response], given: Mapping[str, Mark] | None = None
) -> Score:
    """The score of an attempt as the bank marks it; a question withdrawn from the bank meanwhile is left out.

    What was marked stands, unless ``given`` says something else: the answers may be gone by then, and a mended
    question has been marked again by another revision.
    """
    bank = {question.key: question for question in module.questions}
    items = [item for item in drawn_questions(attempt) if item.key in bank]
    return grade(items, bank, responses, {**stored_marks(attempt), **(given or {})})


def record(
    session: Session,
    attempt: Attempt,
    module: Module,
    score: Score,
    responses: Mapping[str, Response],
    now: datetime,
    *,
    cause: str,
    reason: str = "",
    by_id: int | None = None,
    digest: str | None = None,
    counts: bool = True,
) -> Grading:
    """Add a result to the record of an attempt, and let it count unless it must not.

    There is no score, and nothing passed or failed, while a question waits for a person, or the work for its jury.
    What a jury decided no other result replaces: one that comes after is kept in the record and does not count.
    """
    assert module.quiz is not None
    value = None if score.waiting else score.value
    if module.quiz.jury and cause != "jury":
        value, counts = (None, counts) if attempt.score is None else (value, False)
    passed = None if value is None else value >= module.quiz.threshold
    marks: dict[str, Any] = {
        key: {
            "points": str(mark.points), "reason": mark.reason,
            "response": {name: list(values) for name, values in responses.get(key, {}).items()},
        }
        for key, mark in score.marks.items()
    }  # fmt: skip
    row = Grading(
        attempt_id=attempt.id, graded_at=now, cause=cause, reason=reason, score=value, passed=passed, marks=marks,
        counts=counts, track_digest=digest or attempt.track_digest, by_id=by_id,
    )  # fmt: skip
    session.add(row)
    if counts:
        attempt.score, attempt.passed = value, passed
        attempt.marks = {key: {"points": mark["points"], "reason": mark["reason"]} for key, mark in marks.items()}
    session.flush()
    if counts:
        result_counts(session, row)
    if cause == "submitted" and value is None:
        _hand_over(session, attempt, module.quiz, score, now)
    elif cause != "submitted" and counts:
        _follow(session, attempt, score, now)
    return row


def _hand_over(session: Session, attempt: Attempt, quiz: QuizRules, score: Score, now: datetime) -> None:
    """Put a work on the pile of those who mark it; a jury alone has something to say where nothing is to be marked."""
    due = (attempt.submitted_at or now) + timedelta(days=quiz.marking_days)
    state = "marking" if score.waiting else "jury"
    session.add(Work(attempt_id=attempt.id, markers=quiz.markers, due_at=due, state=state))
    session.flush()


def _follow(session: Session, attempt: Attempt, score: Score, now: datetime) -> None:
    """A work that has its result leaves the pile; one where nothing more is to be marked goes to its jury."""
    if score.waiting:
        return
    values: dict[str, Any] = {"state": "jury"} if attempt.score is None else {"state": "done", "done_at": now}
    waits = update(Work).where(Work.attempt_id == attempt.id, Work.state.in_(("marking", "reconciling")))
    if attempt.score is not None:
        waits = update(Work).where(Work.attempt_id == attempt.id, Work.state != "done")
    session.execute(waits.values(values))


def gradings(session: Session, attempt: Attempt) -> list[Grading]:
    """Every result of an attempt, the first one first."""
    return list(session.scalars(select(Grading).filter_by(attempt_id=attempt.id).order_by(Grading.id)))


def stored_marks(attempt: Attempt) -> dict[str, Mark]:
    """The marks that count."""
    return {key: Mark(Fraction(mark["points"]), mark["reason"]) for key, mark in (attempt.marks or {}).items()}


def told_marks(attempt: Attempt) -> dict[str, Mark]:
    """The marks that may be told: those of persons are once there is a result, whatever a jury still has to say."""
    marks = stored_marks(attempt)
    return {key: mark for key, mark in marks.items() if attempt.score is not None or mark.reason != "marked"}


@dataclass(frozen=True)
class Seen:
    """A result that was seen again: when, why, from what to what, and whether the new one counts."""

    at: datetime
    reason: str
    before: Fraction | None
    after: Fraction | None
    counts: bool


def seen_again(session: Session, attempts: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Seen]]:
    """How the results of attempts were seen again, in order; one query."""
    query = select(Grading.attempt_id, Grading.graded_at, Grading.cause, Grading.reason, Grading.score, Grading.counts)
    found: dict[uuid.UUID, list[Seen]] = {}
    counting: dict[uuid.UUID, Fraction | None] = {}
    for attempt, at, cause, reason, score, counts in session.execute(
        query.where(Grading.attempt_id.in_(attempts)).order_by(Grading.id)
    ):
        if cause == "regraded":
            found.setdefault(attempt, []).append(Seen(at, reason, counting.get(attempt), score, counts))
        if counts:
            counting[attempt] = score
    return found
