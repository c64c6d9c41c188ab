"""A score is exact, explained question by question, and only about what was asked."""

from fractions import Fraction

import pytest

from assessments.grade import grade
from assessments.model import DrawnQuestion, Mark, Response
from tests.assessments.samples import question

BANK = {
    "q1": question("q1"),
    "q2": question("q2", kind="multiple", right="abc", options="abcde"),
    "q3": question("q3", right="d"),
    "q4": question("q4"),
}
DRAWN = (DrawnQuestion("q1", tuple("dcba")), DrawnQuestion("q2", tuple("edcba")), DrawnQuestion("q3", tuple("abcd")))


def test_each_question_is_worth_the_same_to_the_last_fraction() -> None:
    score = grade(DRAWN, BANK, {"q1": {"choice": ("a",)}, "q2": {"choice": ("a", "b")}, "q3": {"choice": ("a",)}})
    assert score.value == Fraction(5, 9)
    assert score.marks == {
        "q1": Mark(Fraction(1), "right"),
        "q2": Mark(Fraction(2, 3), "partial"),
        "q3": Mark(Fraction(0), "wrong"),
    }


def test_a_question_without_answer_earns_nothing() -> None:
    score = grade(DRAWN, BANK, {"q1": {"choice": ("a",)}})
    assert score.value == Fraction(1, 3)
    assert score.marks["q2"] == Mark(Fraction(0), "none")


@pytest.mark.parametrize(
    "foreign",
    [
        {"q4": {"choice": ("a",)}},
        {"unknown": {"choice": ("a",)}},
        {"q3": {"choice": ("z",)}},
        {"q2": {"choice": ("z", "y")}},
    ],
    ids=str,
)
def test_what_was_not_asked_or_shown_counts_for_nothing(foreign: dict[str, Response]) -> None:
    asked = {"q1": {"choice": ("a",)}}
    assert grade(DRAWN, BANK, {**asked, **foreign}) == grade(DRAWN, BANK, asked)


def test_everything_right_is_exactly_one() -> None:
    assert (
        grade(
            DRAWN, BANK, {"q1": {"choice": ("a",)}, "q2": {"choice": ("c", "a", "b")}, "q3": {"choice": ("d",)}}
        ).value
        == 1
    )


def test_nothing_drawn_is_worth_nothing() -> None:
    assert grade((), BANK, {"q1": {"choice": ("a",)}}).value == 0


def test_two_answers_out_of_three_stay_under_a_threshold_of_67_percent() -> None:
    bank = {f"q{n}": question(f"q{n}") for n in range(3)}
    drawn = tuple(DrawnQuestion(key, tuple("abcd")) for key in bank)
    score = grade(drawn, bank, {"q0": {"choice": ("a",)}, "q1": {"choice": ("a",)}})
    assert score.value == Fraction(2, 3) < Fraction(67, 100)
