"""Draws of real attempts: made again from what is stored, exposure counted and kept down, forms taken in turn."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from assessments.draw import first_form, redraw
from assessments.forms import parallel_forms
from curricula.model import Module
from lms.models import Attempt, Enrolment
from lms.services import attempts
from lms.services.answers import drawn_questions
from lms.services.exposure import exposure, over_exposed
from tests.learner_in_test import data, learner, module, statements, take

D1 = module("d1")
LEVELS = Counter(question.difficulty for question in D1.assessed_questions)


def ruled(**rules: Any) -> Module:
    """D1 drawn by other rules."""
    assert D1.quiz is not None
    return replace(D1, quiz=replace(D1.quiz, **{"questions": 6, "attempts": 0, "cooldown_minutes": 0, **rules}))


def test_every_stored_attempt_is_drawn_again_as_it_was(session: Session) -> None:
    kinds = (
        ruled(),
        ruled(difficulties=(2, 3, 1), exposure=Fraction(1, 3)),
        ruled(forms=2, questions=4, exposure=Fraction(1, 5)),
    )
    made: list[tuple[Module, Attempt]] = []
    for number, part in enumerate(kinds * 2):
        row = learner(session, number)
        made += [(part, take(session, row, part, correct=0)) for _ in range(3)]
    assert {tuple(sorted(attempt.put_last)) for _part, attempt in made} == {
        ("exposed", "seen"),
        ("exposed", "form", "seen"),
    }
    assert any(attempt.put_last["exposed"] for _part, attempt in made)
    session.expire_all()
    for part, attempt in made:
        assert redraw(part, attempt.seed, attempt.put_last) == drawn_questions(attempt)


def test_attempts_take_the_forms_in_turn(session: Session) -> None:
    part = ruled(forms=2, questions=4)
    forms = [{question.key for question in form} for form in parallel_forms(part.assessed_questions, 2)]
    assert {first_form(f"seed {number}", 2) for number in range(50)} == {1, 2}
    for number in range(4):
        row = learner(session, number)
        first, second, third = (take(session, row, part, correct=0) for _ in range(3))
        told = [attempt.put_last["form"] for attempt in (first, second, third)]
        assert told[0] == told[2] != told[1]
        for attempt, form in zip((first, second, third), told, strict=True):
            assert {item["key"] for item in attempt.questions} <= forms[form - 1]


def test_exposure_is_the_share_of_recent_attempts(session: Session) -> None:
    rows: list[Enrolment] = [learner(session, number) for number in range(4)]
    made = [attempts.start(session, row, ruled()) for row in rows]
    with statements() as heard:
        found = exposure(session, "decideurs", "d1")
    assert len(data(heard)) == 1
    counts = Counter(item["key"] for attempt in made for item in attempt.questions)
    assert found.attempts == 4
    assert found.shares == {key: Fraction(count, 4) for key, count in counts.items()}
    assert exposure(session, "managers", "d1").attempts == exposure(session, "decideurs", "d2").attempts == 0
    half = ruled(exposure=Fraction(1, 2))
    assert over_exposed(session, "decideurs", half) == sorted(key for key, count in counts.items() if count > 2)
    with statements() as heard:
        assert over_exposed(session, "decideurs", ruled()) == []
    assert heard == []


def test_what_too_many_met_is_drawn_less(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = (f"seed {number}" for number in count())  # the same draws in every run
    monkeypatch.setattr(attempts, "new_token", lambda: next(seeds))
    part = ruled(questions=3, exposure=Fraction(1, 4))
    for number in range(24):
        attempts.start(session, learner(session, number), part)
    shares = exposure(session, "decideurs", "d1").shares
    assert max(shares.values()) <= Fraction(2, 5)
    assert len(shares) == len(part.assessed_questions)
