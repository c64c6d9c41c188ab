"""Practising: rounds of questions that are corrected at once. Nothing counts, nothing is told to anybody."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from assessments.at_once import answered_at_once
from assessments.model import Mark, Response
from assessments.practice import next_round, practised
from curricula.model import Module, Question
from lms.models import Attempt, Enrolment, PracticeRound
from lms.models.secrets import new_token
from lms.services.answers import drawn_questions, read_response, said, stored_question

#: Rounds that are looked back at to choose the next questions.
REMEMBERED = 30


@dataclass(frozen=True)
class Practised:
    """What was answered of one question of a round; ``mark`` is None while it goes on."""

    response: Response
    mark: Mark | None


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with the practice of a module: how much of its bank was met, and what was right last."""

    rounds: Sequence[PracticeRound]
    questions: int
    met: int
    right: int

    @property
    def open(self) -> PracticeRound | None:
        """The round to go on with: the last one, while a question of it is not answered."""
        last = self.rounds[-1] if self.rounds else None
        return last if last is not None and first_left(last) is not None else None


def standing(session: Session, row: Enrolment, module: Module) -> Standing:
    """The last rounds of a learner, the first one first, and what follows from them; one query."""
    query = select(PracticeRound).filter_by(enrolment_id=row.id, module_key=module.key)
    last = session.scalars(query.order_by(PracticeRound.started_at.desc()).limit(REMEMBERED)).all()
    rounds = list(reversed(last))
    bank = {question.key for question in practised(module)}
    known = {key: right for key, right in _history(rounds) if key in bank}
    return Standing(rounds, len(bank), len(known), sum(known.values()))


def hindrance(session: Session, row: Enrolment, module: Module) -> Attempt | None:
    """The attempt under way that practice must wait for; asks nothing where there can be none.

    It would give the answers of an assessment that is timed or supervised, where none of its questions is kept for it.
    """
    rules = module.quiz
    shared = not any(question.reserved for question in module.questions)
    if rules is None or not shared or not (rules.minutes or rules.supervised):
        return None
    query = select(Attempt).filter_by(enrolment_id=row.id, module_key=module.key)
    return session.scalars(query.where(Attempt.submitted_at.is_(None))).first()


def begin(session: Session, row: Enrolment, module: Module, now: datetime) -> PracticeRound:
    """The round under way, or a new one. Raises ``LookupError`` when the module has nothing to practise."""
    stand = standing(session, row, module)
    if stand.open is not None:
        return stand.open
    seed = new_token()[:32]
    drawn = next_round(practised(module), _history(stand.rounds), seed)
    if not drawn:
        raise LookupError(module.key)
    made = PracticeRound(
        enrolment_id=row.id, module_key=module.key, track_digest=row.track_digest, seed=seed,
        questions=[stored_question(item) for item in drawn], started_at=now,
    )  # fmt: skip
    session.add(made)
    row.last_at = now  # to practise is to be there; it begins no track
    session.flush()
    return made


def owned(session: Session, round_id: uuid.UUID, person_id: int, *, to_write: bool = False) -> PracticeRound | None:
    """The round of that id if it is that person's, with its enrolment; one query. ``to_write`` keeps others waiting."""
    query = select(PracticeRound).join(PracticeRound.enrolment).options(contains_eager(PracticeRound.enrolment))
    query = query.where(PracticeRound.id == round_id, Enrolment.person_id == person_id)
    if to_write:
        query = query.with_for_update(of=PracticeRound)
    return session.scalars(query).first()


def answer(session: Session, row: PracticeRound, question: Question, number: int, sent: Response) -> Practised:
    """Answer the question of that number, from 1; what was corrected once stays as it is."""
    before = practised_answer(row, question.key)
    if before.mark is not None:
        return before
    drawn = drawn_questions(row)[number - 1]
    now, mark = answered_at_once(question, drawn, before.response, said(sent))
    kept: dict[str, Any] = {"response": {name: list(values) for name, values in now.items()}}
    if mark is not None:
        kept |= {"points": str(mark.points), "reason": mark.reason}
    row.answers = {**row.answers, question.key: kept}
    session.flush()
    return Practised(now, mark)


def practised_answer(row: PracticeRound, key: str) -> Practised:
    """What was answered of a question of a round so far."""
    kept: Mapping[str, Any] = row.answers.get(key, {})
    mark = Mark(Fraction(kept["points"]), kept["reason"]) if "points" in kept else None
    return Practised(read_response(kept.get("response", {})), mark)


def first_left(row: PracticeRound) -> int | None:
    """The number of the first question without correction; None when there is none."""
    for number, item in enumerate(row.questions, start=1):
        if practised_answer(row, item["key"]).mark is None:
            return number
    return None


def _history(rounds: Sequence[PracticeRound]) -> list[tuple[str, bool]]:
    """(question, whether it was wholly right) of what was corrected, in the order of the rounds."""
    return [
        (item["key"], mark.points == 1)
        for row in rounds
        for item in row.questions
        if (mark := practised_answer(row, item["key"]).mark) is not None
    ]
