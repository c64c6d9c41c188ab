"""What an attempt is found to be worth: each result is added to the record with its reason; the last one counts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.grade import grade
from assessments.model import Mark, Response, Score
from curricula.model import Module
from lms.models import Attempt, Grading
from lms.services.answers import drawn_questions


def graded(
    attempt: Attempt, module: Module, responses: Mapping[str, Response], given: Mapping[str, Mark] | None = None
) -> Score:
    """The score of an attempt as the bank marks it; a question withdrawn from the bank meanwhile is left out."""
    bank = {question.key: question for question in module.questions}
    return grade([item for item in drawn_questions(attempt) if item.key in bank], bank, responses, given)


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

    There is no score, and nothing passed or failed, while a question waits for a person.
    """
    assert module.quiz is not None
    value = None if score.waiting else score.value
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
    return row


def gradings(session: Session, attempt: Attempt) -> list[Grading]:
    """Every result of an attempt, the first one first."""
    return list(session.scalars(select(Grading).filter_by(attempt_id=attempt.id).order_by(Grading.id)))


def stored_marks(attempt: Attempt) -> dict[str, Mark]:
    """The marks that count."""
    return {key: Mark(Fraction(mark["points"]), mark["reason"]) for key, mark in (attempt.marks or {}).items()}


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
