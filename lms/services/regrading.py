"""Marking attempts again after a question was mended or withdrawn: once each, none of them ever falling.

It goes on in the order of the attempts' ids, a batch a transaction, where the row of the regrading says it is: whoever
dies in the middle of a batch leaves nothing of it. What is found lower is in the record and counts for nothing.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import msgspec
from sqlalchemy import Text, bindparam, cast, func, insert, select, update
from sqlalchemy.orm import Session

from assessments.model import Mark
from assessments.registry import question_types
from curricula.model import Module, Question, Track
from lms.models import Answer, Attempt, Enrolment, Grading, Regrading, utcnow
from lms.models.base import table_of
from lms.services import counted_days
from lms.services.answers import read_response
from lms.services.audit import record
from lms.services.library import Library
from lms.services.outbox import promise
from lms.services.results import after_result

#: Attempts marked again in one transaction.
BATCH = 200
KINDS = ("corrected", "withdrawn")
WITHDRAWN = Mark(Fraction(1), "withdrawn")

_ATTEMPT, _ANSWER, _GRADING = table_of(Attempt), table_of(Answer), table_of(Grading)
_COUNTS = (
    update(_ATTEMPT)
    .where(_ATTEMPT.c.id == bindparam("attempt"))
    .values(score=bindparam("new_score"), passed=bindparam("new_passed"), marks=bindparam("new_marks"))
)


class NotRegraded(Exception):
    """A question cannot be marked again. ``reason``: ``gone`` it is in no published revision now, or is marked by
    persons · ``moved`` another revision was published since the numbers were shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Wanted:
    """A question of a module to mark again, by the revision published now."""

    track: Track
    module: Module
    key: str

    @property
    def question(self) -> Question | None:
        """The question as it is now; None where nothing can mark by it."""
        found = self.module.question(self.key)
        known = found is not None and found.type in question_types() and not question_types()[found.type].by_person
        return found if known else None


@dataclass(frozen=True)
class Found:
    """An attempt whose result counts, and what the question earned there before and now."""

    id: uuid.UUID
    enrolment_id: int
    before: Fraction
    after: Fraction
    passed_before: bool
    passed: bool
    marks: dict[str, Any]
    mark: Mark

    @property
    def falls(self) -> bool:
        return self.after < self.before

    @property
    def rises(self) -> bool:
        return self.after > self.before

    @property
    def newly(self) -> bool:
        """Whether it is passed now and was not."""
        return self.passed and not self.passed_before


@dataclass
class Numbers:
    """What became, or would become, of attempts."""

    total: int = 0
    risen: int = 0
    fallen: int = 0
    passed: int = 0

    def count(self, found: Found) -> None:
        """One more."""
        self.total += 1
        self.risen += found.rises
        self.fallen += found.falls
        self.passed += found.newly and found.rises


def preview(session: Session, wanted: Wanted, tracks: Library, now: datetime) -> dict[str, Numbers]:
    """What each kind of regrading would do, by kind; those that the question allows. Nothing is written."""
    kinds = KINDS if wanted.question is not None else KINDS[1:]
    numbers, last = {kind: Numbers() for kind in kinds}, None
    while rows := _read(session, wanted, now, last):
        for kind in kinds:
            for found in _found(session, wanted, tracks, kind, rows):
                numbers[kind].count(found)
        last = rows[-1].id
    return numbers


def waiting(session: Session, wanted: Wanted) -> int:
    """How many attempts drew the question and wait for a person: they cannot be marked again yet."""
    drawn = cast(Attempt.questions, Text).contains(f'"key": "{wanted.key}"', autoescape=True)
    query = select(func.count()).select_from(Attempt).join(Attempt.enrolment).where(
        Enrolment.track_key == wanted.track.key, Attempt.module_key == wanted.module.key, drawn,
        Attempt.submitted_at.is_not(None), Attempt.score.is_(None),
    )  # fmt: skip
    return session.scalar(query) or 0


def ask(
    session: Session, wanted: Wanted, kind: str, reason: str, total: int, digest: str, person_id: int, now: datetime
) -> Regrading:
    """Promise that every attempt submitted until now be marked again. Raises ``NotRegraded``.

    ``digest`` is the revision that ``total`` was counted by.
    """
    if digest != wanted.track.digest:
        raise NotRegraded("moved")
    if kind not in KINDS or (kind == "corrected" and wanted.question is None):
        raise NotRegraded("gone")
    row = Regrading(
        track_key=wanted.track.key, module_key=wanted.module.key, question_key=wanted.key, kind=kind, reason=reason,
        track_digest=digest, asked_by=person_id, asked_at=now, total=total,
    )  # fmt: skip
    session.add(row)
    session.flush()
    promise(session, "regrade", f"regrading:{row.id}", {"regrading_id": row.id})
    target = f"track:{row.track_key}"
    record(session, "attempts_regraded", target, person_id, module=row.module_key, question=row.question_key, kind=kind)
    return row


def asked(session: Session, track_key: str, module_key: str, question_key: str) -> list[Regrading]:
    """What was asked of a question, the last first."""
    query = select(Regrading).filter_by(track_key=track_key, module_key=module_key, question_key=question_key)
    return list(session.scalars(query.order_by(Regrading.id.desc())))


def step(session: Session, regrading_id: int, tracks: Library, now: datetime | None = None) -> bool:
    """Mark the next batch again; whether there may be more. Commit after each: it is all of the batch, or nothing."""
    now = now or utcnow()
    row = session.get(Regrading, regrading_id, populate_existing=True, with_for_update=True)
    if row is None or row.finished_at is not None:
        return False
    track = tracks.revision(row.track_key, row.track_digest)
    module = track.module(row.module_key) if track else None
    if track is None or module is None:
        raise NotRegraded("gone")
    wanted = Wanted(track, module, row.question_key)
    rows = _read(session, wanted, row.asked_at, row.last_id, locked=True)
    numbers = Numbers(row.done, row.risen, row.fallen, row.passed)
    found = list(_found(session, wanted, tracks, row.kind, rows))
    for each in found:
        numbers.count(each)
    _write(session, row, found, now)
    _follow(session, [each.enrolment_id for each in found if each.rises], tracks, now)
    row.done, row.risen, row.fallen, row.passed = numbers.total, numbers.risen, numbers.fallen, numbers.passed
    if rows:
        row.last_id = rows[-1].id
    else:
        row.finished_at = now
    session.flush()
    session.expunge_all()  # a long work keeps nothing of what it is done with
    return bool(rows)


def _read(session: Session, wanted: Wanted, until: datetime, last: uuid.UUID | None, *, locked: bool = False) -> Any:
    """The next attempts that have a mark for the question, in the order of their ids."""
    marks = cast(Attempt.marks, Text)
    query = (
        select(
            Attempt.id,
            Attempt.enrolment_id,
            Attempt.track_digest,
            Attempt.score,
            Attempt.passed,
            marks,
            Attempt.emptied_at.is_not(None),
        )
        .join(Attempt.enrolment)
        .where(Enrolment.track_key == wanted.track.key, Attempt.module_key == wanted.module.key)
        .where(Attempt.submitted_at <= until, Attempt.score.is_not(None))
        .where(marks.contains(f'"{wanted.key}": ', autoescape=True))
        .order_by(Attempt.id)
        .limit(BATCH)
    )
    if last is not None:
        query = query.where(Attempt.id > last)
    if locked:
        query = query.with_for_update(of=Attempt)
    return session.execute(query).all()


def _found(session: Session, wanted: Wanted, tracks: Library, kind: str, rows: Sequence[Any]) -> Iterator[Found]:
    """What each of these attempts is worth now."""
    given = _given(session, wanted, [row.id for row in rows]) if kind == "corrected" else {}
    for row_id, enrolment_id, digest, before, passed, stored, emptied in rows:
        marks = msgspec.json.decode(stored)
        # What is no longer kept cannot be marked again: its result stands.
        if wanted.key not in marks or (emptied and kind == "corrected"):
            continue
        mark = WITHDRAWN if kind == "withdrawn" else given.get(row_id) or _mark(wanted, {})
        after = before + (mark.points - Fraction(marks[wanted.key]["points"])) / len(marks)
        # What was decided beside the score, by a jury, stands.
        passes = after >= _threshold(wanted, tracks, digest) or (bool(passed) and after >= before)
        yield Found(row_id, enrolment_id, before, after, bool(passed), passes, marks, mark)


def _given(session: Session, wanted: Wanted, attempts: Sequence[uuid.UUID]) -> dict[uuid.UUID, Mark]:
    """The marks of what was answered to the question in these attempts, by the question as it is now."""
    query = select(_ANSWER.c.attempt_id, _ANSWER.c.response).where(
        _ANSWER.c.attempt_id.in_(attempts), _ANSWER.c.question_key == wanted.key, _ANSWER.c.standing == "kept"
    )
    last = dict(session.execute(query.order_by(_ANSWER.c.id)).tuples().all())
    return {attempt: _mark(wanted, response) for attempt, response in last.items()}


def _mark(wanted: Wanted, response: Mapping[str, Any]) -> Mark:
    question = wanted.question
    assert question is not None
    mark = question_types()[question.type].grade(question, read_response(response))
    assert mark is not None
    return mark


def _threshold(wanted: Wanted, tracks: Library, digest: str) -> Fraction:
    """What an attempt had to reach: the rules of the revision it began in hold."""
    track = tracks.revision(wanted.track.key, digest)
    module = (track.module(wanted.module.key) if track else None) or wanted.module
    assert module.quiz is not None
    return module.quiz.threshold


def _write(session: Session, row: Regrading, found: Sequence[Found], now: datetime) -> None:
    """Add each result to the record; one that is no lower counts."""
    if not found:
        return
    query = select(_GRADING.c.attempt_id, _GRADING.c.marks).where(
        _GRADING.c.attempt_id.in_([each.id for each in found]), _GRADING.c.counts
    )
    before = dict(session.execute(query.order_by(_GRADING.c.id)).tuples().all())
    results, counting = [], []
    for each in found:
        mark = {"points": str(each.mark.points), "reason": each.mark.reason}
        told = before.get(each.id, each.marks)
        results.append({
            "attempt_id": each.id, "graded_at": now, "cause": "regraded", "reason": row.reason, "score": each.after,
            "passed": each.passed, "counts": not each.falls, "track_digest": row.track_digest, "by_id": row.asked_by,
            "marks": {**told, row.question_key: {**told.get(row.question_key, {}), **mark}},
        })  # fmt: skip
        if not each.falls:
            counting.append({
                "attempt": each.id, "new_score": each.after, "new_passed": each.passed,
                "new_marks": {**each.marks, row.question_key: mark},
            })  # fmt: skip
    session.connection().execute(insert(_GRADING), results)
    if counting:
        session.connection().execute(_COUNTS, counting)
        counted_days.forget(session)  # what was passed then is no longer the same


def _follow(session: Session, enrolments: Sequence[int], tracks: Library, now: datetime) -> None:
    """What a better result brings about: completion, the gradebook, the certificate."""
    query = select(Enrolment).where(Enrolment.id.in_(enrolments)).order_by(Enrolment.id).with_for_update()
    for row in session.scalars(query) if enrolments else ():
        track = tracks.followed(row.track_key, row.track_digest)
        if track is not None:
            after_result(session, row, track, now)
