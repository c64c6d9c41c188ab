"""What an answer is worth, by type of question: exact, and never less than nothing."""

from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations

import pytest

from assessments.model import Mark
from assessments.registry import question_types
from tests.assessments.samples import question

SINGLE = question("q", right="b")
MULTIPLE = question("q", kind="multiple", right="abc", options="abcde")


def mark(kind: str, response: str) -> Mark:
    found = question_types()[kind].grade(SINGLE if kind == "single" else MULTIPLE, {"choice": tuple(response)})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("response", "points", "reason"), [("b", 1, "right"), ("a", 0, "wrong"), ("", 0, "none"), ("ab", 0, "wrong")]
)
def test_a_single_choice_earns_its_point_or_nothing(response: str, points: int, reason: str) -> None:
    assert mark("single", response) == Mark(Fraction(points), reason)


@pytest.mark.parametrize(
    ("response", "points", "reason"),
    [
        ("abc", Fraction(1), "right"),
        ("cba", Fraction(1), "right"),
        ("ab", Fraction(2, 3), "partial"),
        ("a", Fraction(1, 3), "partial"),
        ("abcd", Fraction(2, 3), "partial"),
        ("abd", Fraction(1, 3), "partial"),
        ("abcde", Fraction(1, 3), "partial"),
        ("ad", Fraction(0), "wrong"),
        ("ade", Fraction(0), "wrong"),
        ("d", Fraction(0), "wrong"),
        ("de", Fraction(0), "wrong"),
        ("", Fraction(0), "none"),
    ],
)
def test_a_wrong_choice_costs_what_a_right_one_earns(response: str, points: Fraction, reason: str) -> None:
    assert mark("multiple", response) == Mark(points, reason)


def test_choosing_everything_earns_nothing_when_half_is_wrong() -> None:
    asked = question("q", kind="multiple", right="ab", options="abcd")
    assert question_types()["multiple"].grade(asked, {"choice": tuple("abcd")}) == Mark(Fraction(0), "wrong")


def test_an_option_chosen_twice_counts_once() -> None:
    assert mark("multiple", "aab") == mark("multiple", "ab")
    assert mark("single", "bb") == mark("single", "b")


@pytest.mark.parametrize(
    ("rule", "response", "points"),
    [
        ("all", "abc", Fraction(1)), ("all", "ab", Fraction(0)), ("all", "abcd", Fraction(0)),
        ("each", "abc", Fraction(1)), ("each", "ab", Fraction(3, 5)), ("each", "a", Fraction(1, 5)),
        ("each", "de", Fraction(0)), ("each", "abcde", Fraction(1, 5)),
    ],
)  # fmt: skip
def test_other_rules_of_partial_credit(rule: str, response: str, points: Fraction) -> None:
    asked = replace(MULTIPLE, settings=(("scoring", rule),))
    mark = question_types()["multiple"].grade(asked, {"choice": tuple(response)})
    assert mark is not None
    assert mark.points == points


@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_every_answer_is_worth_between_nothing_and_one(kind: str) -> None:
    letters = "abcd" if kind == "single" else "abcde"
    for response in chain.from_iterable(combinations(letters, size) for size in range(len(letters) + 1)):
        worth = mark(kind, "".join(response))
        assert 0 <= worth.points <= 1
        assert worth.reason == (
            "none" if not response else "right" if worth.points == 1 else "partial" if worth.points else "wrong"
        )
