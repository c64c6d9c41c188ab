"""What markings come to: the marks that count, the result of the attempt, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from assessments.model import Mark, Score
from assessments.registry import question_types
from curricula.model import Module, Question, Track
from lms.models import Attempt, Enrolment, Marking, Work
from lms.services.answers import drawn_questions, responses
from lms.services.gradings import graded, record
from lms.services.results import after_result
from lms.services.works import markings_of


@dataclass(frozen=True)
class Settled:
    """What an answer is found to be worth, and the markings that this comes from."""

    points: Fraction
    rows: tuple[Marking, ...]


def hold(session: Session, attempt: Attempt) -> Work | None:
    """The work of an attempt, read again once nobody else can change either before the transaction ends."""
    session.get_one(Attempt, attempt.id, populate_existing=True, with_for_update=True)
    return session.get(Work, attempt.id, populate_existing=True)


def asked_of_persons(attempt: Attempt, module: Module) -> list[Question]:
    """The drawn questions that a person marks, in the order drawn; none for those withdrawn or left without answer."""
    left = {key for key, mark in (attempt.marks or {}).items() if mark["reason"] in {"withdrawn", "none"}}
    found = (module.question(item.key) for item in drawn_questions(attempt) if item.key not in left)
    return [question for question in found if question and question_types()[question.type].by_person]


def settled(rows: Sequence[Marking], markers: int, tolerance: Fraction) -> Settled | None:
    """What the markings of one answer come to; None while some are missing, or differ by more than the tolerance.

    The mean of two, exact; what came to be said later counts instead, but an appeal never lowers.
    """
    done = {row.part: row for row in rows if row.done_at is not None}
    later = next((done[part] for part in ("moderation", "reconciliation") if part in done), None)
    found: Settled | None = None
    if later is not None:
        found = Settled(_points(later), (later,))
    elif "first" in done and markers == 1:
        found = Settled(_points(done["first"]), (done["first"],))
    elif "first" in done and "second" in done and not _apart(done, tolerance):
        pair = (done["first"], done["second"])
        found = Settled((_points(pair[0]) + _points(pair[1])) / 2, pair)
    appeal = done.get("appeal")
    if appeal is not None and (found is None or _points(appeal) > found.points):
        return Settled(_points(appeal), (appeal,))
    return found


def settled_by_question(session: Session, attempt: Attempt, module: Module, markers: int) -> dict[str, Settled]:
    """What each marked answer of an attempt comes to; one query."""
    assert module.quiz is not None
    by_key: dict[str, list[Marking]] = {}
    for row in markings_of(session, [attempt.id])[attempt.id]:
        by_key.setdefault(row.question_key, []).append(row)
    found = {key: settled(rows, markers, module.quiz.tolerance) for key, rows in by_key.items()}
    return {key: each for key, each in found.items() if each is not None}


def proposal(session: Session, attempt: Attempt, module: Module) -> Score:
    """What the rules and the markings so far make of an attempt."""
    assert module.quiz is not None
    found = settled_by_question(session, attempt, module, module.quiz.markers)
    withdrawn = {key for key, mark in (attempt.marks or {}).items() if mark["reason"] == "withdrawn"}
    given = {key: Mark(each.points, "marked") for key, each in found.items() if key not in withdrawn}
    return graded(attempt, module, responses(session, attempt.id), given)


def conclude(
    session: Session, attempt: Attempt, track: Track, module: Module, now: datetime, *,
    cause: str, reason: str = "", by_id: int | None = None,
) -> None:  # fmt: skip
    """Grade an attempt with the marks of persons, and what follows, in one transaction."""
    score = proposal(session, attempt, module)
    said = responses(session, attempt.id)
    record(session, attempt, module, score, said, now, cause=cause, reason=reason, by_id=by_id)
    tell(session, attempt, track, now)


def tell(session: Session, attempt: Attempt, track: Track, now: datetime) -> None:
    """What follows from the result of an attempt, if it has one."""
    if attempt.score is not None:
        row = session.get_one(Enrolment, attempt.enrolment_id, populate_existing=True, with_for_update=True)
        after_result(session, row, track, now)
    session.flush()


def _points(row: Marking) -> Fraction:
    assert row.points is not None
    return row.points


def _apart(done: Mapping[str, Marking], tolerance: Fraction) -> bool:
    return abs(_points(done["first"]) - _points(done["second"])) > tolerance
