"""Thousands of submitted attempts at once, at the cost of a few statements; their learners answer as they know."""

import random
import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assessments.draw import as_written, revision_of
from curricula.model import Module, Option, Question, Track
from lms.models import Answer, Attempt, Enrolment, Grading, Person
from lms.services.answers import stored_question

#: When the first attempt of a crowd was submitted; the others follow, one a minute.
FIRST = datetime(2026, 9, 1, 8, tzinfo=UTC)


def crowd(
    session: Session, track: Track, module: Module, count: int, seed: int = 1, kept: Collection[str] | None = None
) -> None:
    """That many learners, each with one submitted attempt at the module, as the service would have recorded it.

    ``kept``: the questions whose answers are written one by one too; all of them without.
    """
    bank = {
        question.key: (question, stored_question(replace(as_written(question), revision=revision_of(question))))
        for question in module.questions
    }
    first = (session.scalar(sa.select(sa.func.max(Person.id))) or 0) + 1
    for start in range(first, first + count, 500):
        numbers = range(start, min(start + 500, first + count))
        rows = [_learner(track, module, bank, number, random.Random(f"{seed}-{number}"), kept) for number in numbers]
        for model in (Person, Enrolment, Attempt, Answer, Grading):
            values = [row for each in rows for row in each[model]]
            if values:
                session.execute(sa.insert(model), values)
    if session.get_bind().dialect.name == "postgresql":  # the rows named their own ids
        for table in ("person", "enrolment"):
            session.execute(sa.text(f"select setval(pg_get_serial_sequence('{table}', 'id'), {first + count})"))
    session.commit()


def _learner(
    track: Track,
    module: Module,
    bank: dict[str, tuple[Question, dict[str, Any]]],
    number: int,
    rng: random.Random,
    kept: Collection[str] | None,
) -> dict[type[Any], list[dict[str, Any]]]:
    assert module.quiz is not None
    knows, moment = rng.random(), FIRST + timedelta(minutes=number)
    drawn = rng.sample(list(bank), module.quiz.questions)
    chosen = {key: _choice(bank[key][0].options, knows, rng) for key in drawn}
    marks = {
        key: {"points": str(int(right)), "reason": "right" if right else "wrong", "response": {"choice": options}}
        for key, (options, right) in chosen.items()
    }
    score = Fraction(sum(right for _options, right in chosen.values()), len(drawn))
    passed, attempt_id = score >= module.quiz.threshold, uuid.UUID(int=rng.getrandbits(128))
    result = {"score": score, "passed": passed}
    of_track = {"track_version": track.version, "track_digest": track.digest}
    return {
        Person: [{"id": number, "subject": f"crowd-{number}", "email": f"crowd-{number}@example.org"}],
        Enrolment: [{"id": number, "person_id": number, "track_key": track.key, **of_track}],
        Attempt: [
            {
                "id": attempt_id, "enrolment_id": number, "module_key": module.key, "number": 1, "seed": str(number),
                "questions": [bank[key][1] for key in drawn], "started_at": moment, "submitted_at": moment,
                "marks": {key: {"points": mark["points"], "reason": mark["reason"]} for key, mark in marks.items()},
                **of_track, **result,
            }
        ],
        Answer: [
            {"attempt_id": attempt_id, "question_key": key, "response": mark["response"], "saved_at": moment}
            for key, mark in marks.items()
            if kept is None or key in kept
        ],
        Grading: [
            {
                "attempt_id": attempt_id, "graded_at": moment, "cause": "submitted", "marks": marks,
                "track_digest": track.digest, **result,
            }
        ],
    }  # fmt: skip


def _choice(options: Sequence[Option], knows: float, rng: random.Random) -> tuple[list[str], bool]:
    """What somebody who knows that share chooses, and whether it is right: a guess may be."""
    right = [option.key for option in options if option.correct]
    guesses = [right, *([option.key] for option in options if not option.correct)]
    said = right if rng.random() < knows else rng.choice(guesses)
    return said, said == right
