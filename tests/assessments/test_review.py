"""Questions to read again, and pairs to look at."""

import random
from dataclasses import replace
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.analysed import ItemFigures, OptionUse
from assessments.gathered import Item
from assessments.review import Signal, masked, signals
from assessments.similarity import similar, tail

GOOD = ItemFigures(
    item=Item("q", "r", ("a", "b", "c"), frozenset({"b", "c"})), count=100, exposure=0.5, difficulty=0.6,
    discrimination=0.4, upper_lower=0.5, unanswered=0.0, thirds=(30, 40, 30),
    uses=(
        OptionUse("a", 0.6, (0.4, 0.6, 0.8)), OptionUse("b", 0.2, (0.3, 0.2, 0.1)),
        OptionUse("c", 0.2, (0.3, 0.2, 0.1)),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"difficulty": 0.96}, ["easy"]),
        ({"difficulty": 0.95}, []),
        ({"difficulty": 0.24}, ["hard"]),
        ({"discrimination": 0.09}, ["weak"]),
        ({"discrimination": -0.01}, ["key"]),
        ({"discrimination": None}, []),
        ({"exposure": 0.9}, ["exposed"]),
        ({"count": 29, "difficulty": 0.99, "discrimination": -1.0}, ["few"]),
    ],
)
def test_why_a_question_is_read_again(changes: dict[str, float | None], kinds: list[str]) -> None:
    found = signals(replace(GOOD, **changes), exposure=0.8)  # type: ignore[arg-type]
    assert [signal.kind for signal in found] == kinds


def test_distractors_are_looked_at_one_by_one() -> None:
    uses = (GOOD.uses[0], OptionUse("b", 0.0, (0, 0, 0)), OptionUse("c", 0.4, (0.3, 0.4, 0.5)))
    assert signals(replace(GOOD, uses=uses)) == (Signal("attracts", "c"), Signal("unused", "b"))
    # Where nothing says what is wrong, no option is a distractor.
    assert signals(replace(GOOD, uses=uses, item=Item("q", options=("a", "b", "c")))) == ()


@given(st.lists(st.integers(0, 12), max_size=10))
def test_no_small_count_is_shown_nor_found_by_subtraction(counts: list[int]) -> None:
    shown = masked(counts)
    assert all(value is None or value == 0 or value >= 5 for value in shown)
    hidden = [count for count, value in zip(counts, shown, strict=True) if value is None]
    assert len(hidden) != 1 or sum(1 for count in counts if count) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.integers(0, 7))
def test_the_tail_counts_every_case(chances: list[float], least: int) -> None:
    cases = product([False, True], repeat=len(chances))
    expected = sum(
        prod(chance if happens else 1 - chance for chance, happens in zip(chances, case, strict=True))
        for case in cases
        if sum(case) >= least
    )
    assert tail(chances, least) == pytest.approx(expected, abs=1e-9)


def crowd(size: int) -> list[dict[str, str]]:
    """Independent learners who miss half of thirty questions, three wrong answers to each."""
    rng = random.Random(7)
    return [{f"q{n}": rng.choice("bcd") for n in range(30) if rng.random() < 0.5} for _ in range(size)]


def test_two_identical_copies_are_found_among_independent_ones() -> None:
    people = crowd(60)
    assert similar(people, range(60)) == ()
    people[41] = dict(people[3])
    (pair,) = similar(people, range(60))
    assert (pair.one, pair.other, pair.same, pair.missed) == (3, 41, len(people[3]), len(people[3]))
    assert pair.expected < pair.same / 2
    assert pair.probability < 0.01


def test_what_everybody_gets_wrong_alike_is_no_signal() -> None:
    people = [{f"q{n}": "b" for n in range(30)} for _ in range(40)]
    assert similar(people, range(40)) == ()


def test_few_attempts_and_attempts_of_one_person_are_not_compared() -> None:
    people = crowd(29)
    people[1] = dict(people[0])
    assert similar(people, range(29)) == ()
    people = crowd(60)
    people[1] = dict(people[0])
    assert similar(people, [0, 0, *range(58)]) == ()
