"""A type of question that persons mark, a module that asks it, and people who hand in, mark and sit in juries."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from assessments.model import DrawnQuestion, Field, Line, Mark, Response, Sheet
from assessments.registry import anatomies, question_types
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Criterion, CriterionLevel, Module, Question, Track
from lms.models import Attempt, Deposit, Enrolment, Person, utcnow
from lms.services import attempts, library, marking
from lms.services.answers import Sent, save_answer
from lms.services.marking import Judged
from tests.learner_in_test import TRACK, joins, learner, module, right


def sheet(_question: Question, _drawn: DrawnQuestion, _response: Response) -> Sheet:
    return Sheet("", (Field("text", "text", most=5000),))


def grade(_question: Question, response: Response) -> Mark | None:
    return None if response.get("text") else Mark(Fraction(0), "none")


def lines(_question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    text = "\n".join(response.get("text", ()))
    both = {"fr": text, "en": text}
    return (Line({"fr": "Votre dossier", "en": "Your dossier"}, (both,) if text else (), (), None),)


#: Under a key of its own, whatever types there are.
JUDGED = QuestionType("judged", "Judged", Anatomy((0, 0), criteria=(1, 6)), sheet, grade, lines)


def level(key: str, text: str, points: int) -> CriterionLevel:
    return CriterionLevel(key, {"fr": text, "en": text}, points)


MEASURE = Criterion(
    "measure", {"fr": "Mesure des gains", "en": "Measure of gains"}, 3,
    (level("none", "Rien", 0), level("some", "Une mesure sans date", 50), level("full", "Une mesure datée", 100)),
)  # fmt: skip
CARE = Criterion(
    "care", {"fr": "Prudence", "en": "Care"}, 1,
    (level("none", "Des données personnelles sortent", 0), level("full", "Rien de personnel ne sort", 100)),
)  # fmt: skip
STEM = "Racontez un projet mené avec une IA."
PROJECT = Question(
    "project", "judged", module("d1").objectives[0].key, 2, module("d1").sources[0].key,
    {"fr": STEM, "en": "Tell of a project led with an AI."}, (), criteria=(MEASURE, CARE), reserved=True,
)  # fmt: skip
#: A question that the rules mark, drawn beside the project.
CHOICE = replace(next(each for each in module("d1").questions if each.type == "single"), reserved=True)

FULL = Judged({"measure": "full", "care": "full"}, "Un dossier solide.")
HALF = Judged({"measure": "some", "care": "full"}, "Datez la mesure.")  # 5/8
NONE = Judged({"measure": "none", "care": "none"}, "Rien n’est mesuré.")


def judged_module(**rules: Any) -> Module:
    """Module D1, whose assessment is the project and one question of the bank."""
    d1 = module("d1")
    assert d1.quiz is not None
    quiz = replace(d1.quiz, questions=2, attempts=0, cooldown_minutes=0, **rules)
    return replace(d1, questions=(PROJECT, CHOICE), quiz=quiz)


def judged_track(**rules: Any) -> Track:
    """The shipped track with that module, under its own digest."""
    part = judged_module(**rules)
    return replace(TRACK, modules=tuple(part if each.key == "d1" else each for each in TRACK.modules))


@contextmanager
def published(**rules: Any) -> Iterator[Track]:
    """That track is what learners follow, meanwhile."""
    track = judged_track(**rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(question_types(), "judged", JUDGED)
        patch.setitem(anatomies(), "judged", JUDGED.anatomy)
        patch.setitem(library._read, (TRACK.key, TRACK.digest), track)
        yield track


def part_of(track: Track) -> Module:
    """The module that is judged."""
    found = track.module("d1")
    assert found is not None
    return found


def hand_in(session: Session, row: Enrolment, track: Track, text: str = "Nous avons gagné trois heures.") -> Attempt:
    """An attempt whose question of the bank is right, submitted and committed; its project says that text."""
    part = part_of(track)
    attempt = attempts.start(session, row, part)
    save_answer(session, attempt, CHOICE, Sent({"choice": tuple(right(CHOICE))}))
    save_answer(session, attempt, PROJECT, Sent({"text": (text,)} if text else {}))
    attempts.submit(session, attempt, track, part)
    session.commit()
    return attempt


def deposit(session: Session, attempt: Attempt, content: bytes = b"%PDF", *, removed: bool = False) -> Deposit:
    """A file of that work, kept whatever it is."""
    row = Deposit(
        attempt_id=attempt.id, name="dossier Numéro 1.pdf", content=content, removed_at=utcnow() if removed else None,
        question_key=PROJECT.key, field="file", media="application/pdf", size=len(content), sha256="0" * 64,
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row


def mark(session: Session, attempt: Attempt, track: Track, person_id: int, said: Judged, reason: str = "") -> str:
    """Take what is free of a work, mark it and finish; gives the part."""
    part = marking.take(session, attempt, part_of(track), person_id, utcnow())
    marking.save(session, attempt, person_id, {"project": said}, reason)
    marking.finish(session, attempt, track, part_of(track), person_id, utcnow())
    session.commit()
    return part


def trainer_of(session: Session, link: Any, name: str) -> int:
    """A trainer of the course of that link."""
    person = Person(subject=f"trainer-{name}", email=f"{name}@example.org", full_name=f"Formatrice {name}")
    session.add(person)
    session.flush()
    joins(session, person.id, link, "trainer")
    return person.id


def learner_of(session: Session, link: Any, name: int | str = 1) -> Enrolment:
    """A learner of the course of that link."""
    row = learner(session, name)
    joins(session, row.person_id, link)
    return row
