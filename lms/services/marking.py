"""Marking works: each is taken by one person, drafted, finished; two that differ too much are reconciled.

What is done stays as it is: a later marking (reconciliation, second look, appeal) is added beside it, and counts
instead.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from assessments.rubric import points, whole
from curricula.model import Module, Question, Track
from lms.models import Attempt, Enrolment, Marking, Work
from lms.services.audit import record as note
from lms.services.settling import asked_of_persons, conclude, hold, settled, settled_by_question
from lms.services.works import judges, markings_of

#: One work in so many is looked at a second time.
SAMPLE = 10
#: Past the deadline, a part taken for so long and not finished can be taken over.
HELD = timedelta(days=3)


class MarkingRefused(Exception):
    """What was asked of a work cannot be done. ``reason`` is a stable key.

    ``taken`` by somebody else · ``both`` nobody marks the same work twice · ``nothing`` is left to mark · ``not_held``
    by who saves it · ``incomplete`` a criterion has no level · ``no_reason`` is given for another mark.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Judged:
    """What a marker says of one answer: {criterion: level}, and words for the learner."""

    levels: Mapping[str, str] = field(default_factory=dict)
    comment: str = ""


def take(session: Session, attempt: Attempt, module: Module, person_id: int, now: datetime) -> str:
    """Begin the part of a work that is free, or go on with one's own; gives the part. Raises ``MarkingRefused``.

    Two who take it at once: one has it. Long past its deadline, or when whoever held it judges it no more, a part
    that is not finished is taken over, with its draft.
    """
    work = hold(session, attempt)
    if work is None:
        raise MarkingRefused("nothing")
    rows = markings_of(session, [attempt.id])[attempt.id]
    part = open_part(session, work, attempt, rows, person_id, now)
    if part is None:
        mine = any(row.marker_id == person_id for row in rows)
        raise MarkingRefused("nothing" if work.state in {"jury", "done"} else "both" if mine else "taken")
    held = [row for row in rows if row.part == part]
    for row in held:
        if row.marker_id != person_id:
            row.marker_id, row.assigned_at = person_id, now
            note(session, "marking_taken_over", f"attempt:{attempt.id}", person_id, part=part)
    if not held:
        session.add_all(_begun(work, attempt, module, rows, part, person_id, now))
        note(session, "marking_taken", f"attempt:{attempt.id}", person_id, part=part)
    session.flush()
    return part


def open_part(
    session: Session, work: Work, attempt: Attempt, rows: Sequence[Marking], person_id: int, now: datetime
) -> str | None:
    """The part of a work that somebody may take or has begun: their draft, else a free one, else one left by another.

    ``rows`` are its markings.
    """
    mine = [row for row in rows if row.marker_id == person_id]
    draft = next((row.part for row in mine if row.done_at is None), None)
    if draft is not None:
        return draft
    parts = {part: [row for row in rows if row.part == part] for part in _parts(work, mine)}
    free = next((part for part, held in parts.items() if not held), None)
    if free is not None:
        return free
    left = (part for part, held in parts.items() if _left(session, work, attempt, held[0], now))
    return next(left, None)


def visible(work: Work, rows: Sequence[Marking], person_id: int) -> list[Marking]:
    """The finished markings that somebody may see: while two mark, each sees their own alone.

    Whoever reconciles them or looks a second time sees all, and so does everybody once it is done.
    """
    looks = any(row.marker_id == person_id and row.part in {"reconciliation", "moderation"} for row in rows)
    everything = looks or work.state in {"jury", "done"}
    return [row for row in rows if row.done_at is not None and (everything or row.marker_id == person_id)]


def give_back(session: Session, attempt: Attempt, person_id: int) -> None:
    """Leave a work that one has not finished to somebody else; its draft goes."""
    hold(session, attempt)
    for row in _drafts(session, attempt, person_id):
        session.delete(row)
    note(session, "marking_given_back", f"attempt:{attempt.id}", person_id)
    session.flush()


def save(session: Session, attempt: Attempt, person_id: int, said: Mapping[str, Judged], reason: str = "") -> None:
    """Keep what a marker says so far of each answer. Raises ``MarkingRefused``."""
    hold(session, attempt)
    drafts = _drafts(session, attempt, person_id)
    if not drafts:
        raise MarkingRefused("not_held")
    for row in drafts:
        judged = said.get(row.question_key)
        if judged is not None:
            row.levels, row.comment = dict(judged.levels), judged.comment
        row.reason = reason
    session.flush()


def finish(session: Session, attempt: Attempt, track: Track, module: Module, person_id: int, now: datetime) -> None:
    """End one's part of a work, and what follows from it, as drafted. Raises ``MarkingRefused``."""
    work, drafts = hold(session, attempt), _drafts(session, attempt, person_id)
    if work is None or not drafts:
        raise MarkingRefused("not_held")
    part, reason = drafts[0].part, drafts[0].reason
    assert module.quiz is not None
    before = settled_by_question(session, attempt, module, work.markers)
    found = {row: _worth(module.question(row.question_key), row) for row in drafts}
    stands = {row: before[row.question_key].points for row in drafts if row.question_key in before}
    changed = part == "moderation" and any(stands.get(row) != worth for row, worth in found.items())
    if not reason and (part == "reconciliation" or changed):
        raise MarkingRefused("no_reason")
    for row, worth in found.items():
        row.points, row.done_at = worth, now
    session.flush()
    note(session, "marking_done", f"attempt:{attempt.id}", person_id, part=part)
    if part != "moderation":
        _advance(session, work, attempt, track, module, now)
    elif changed:
        conclude(session, attempt, track, module, now, cause="marked", reason=reason, by_id=person_id)


def _advance(session: Session, work: Work, attempt: Attempt, track: Track, module: Module, now: datetime) -> None:
    """What becomes of a work when somebody has finished a part of it."""
    assert module.quiz is not None
    rows = markings_of(session, [attempt.id])[attempt.id]
    if not set(("first", "second")[: work.markers]) <= {row.part for row in rows if row.done_at is not None}:
        return
    found = settled_by_question(session, attempt, module, work.markers)
    if any(question.key not in found for question in asked_of_persons(attempt, module)):
        work.state = "reconciling"
        session.flush()
        return
    conclude(session, attempt, track, module, now, cause="marked")
    if not module.quiz.jury:  # which is its own second look
        work.sampled = _in_sample(session, attempt)
        session.flush()


def _parts(work: Work, mine: Sequence[Marking]) -> tuple[str, ...]:
    """The parts of a work that somebody may take, given what they marked of it."""
    marked = {row.part for row in mine}
    if work.state == "marking":
        return () if marked else ("first", "second")[: work.markers]
    if work.state == "reconciling":
        return () if "reconciliation" in marked else ("reconciliation",)
    return ("moderation",) if work.sampled and work.state == "done" and not marked else ()


def _begun(
    work: Work, attempt: Attempt, module: Module, rows: Sequence[Marking], part: str, person_id: int, now: datetime
) -> list[Marking]:
    """A part of a work, not said yet; a look at earlier markings begins with what they agree on."""
    assert module.quiz is not None
    drafts = []
    for question in asked_of_persons(attempt, module):
        own = [row for row in rows if row.question_key == question.key]
        found = settled(own, work.markers, module.quiz.tolerance)
        if part == "reconciliation" and found is not None:
            continue
        seen = own if part == "reconciliation" else found.rows if part == "moderation" and found else ()
        draft = Marking(attempt_id=attempt.id, question_key=question.key, part=part, marker_id=person_id)
        draft.assigned_at, draft.levels = now, _agreed([row.levels for row in seen])
        drafts.append(draft)
    return drafts


def _agreed(said: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The levels that are the same in all."""
    first = said[0] if said else {}
    return {key: level for key, level in first.items() if all(each.get(key) == level for each in said)}


def _left(session: Session, work: Work, attempt: Attempt, held: Marking, now: datetime) -> bool:
    """Whether a part that somebody holds may be taken over."""
    if held.done_at is not None:
        return False
    if held.marker_id is None or now > max(work.due_at, held.assigned_at + HELD):
        return True
    still = select(
        exists().where(Attempt.id == attempt.id, Enrolment.id == Attempt.enrolment_id, judges(held.marker_id))
    )
    return not session.scalar(still)


def _drafts(session: Session, attempt: Attempt, person_id: int) -> list[Marking]:
    query = select(Marking).filter_by(attempt_id=attempt.id, marker_id=person_id, done_at=None).order_by(Marking.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _worth(question: Question | None, row: Marking) -> Fraction:
    """What a draft makes of an answer, exactly."""
    if question is None or not whole(question.criteria, row.levels):
        raise MarkingRefused("incomplete")
    return points(question.criteria, row.levels)


def _in_sample(session: Session, attempt: Attempt) -> bool:
    """Whether a work is looked at a second time: one in ten, as its number says; and the first one of each module."""
    if _number(attempt.id) % SAMPLE == 0:
        return True
    enrolment = session.get_one(Enrolment, attempt.enrolment_id)
    query = select(Work.attempt_id).join(Work.attempt).join(Attempt.enrolment)
    same = (Attempt.module_key == attempt.module_key, Enrolment.track_key == enrolment.track_key, Work.sampled)
    return session.scalars(query.where(*same).limit(1)).first() is None


def _number(attempt_id: uuid.UUID) -> int:
    return int.from_bytes(hashlib.sha256(attempt_id.bytes).digest()[:4], "big")
