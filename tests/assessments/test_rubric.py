"""A work is worth what its levels are, by weight: exact, between nothing and everything, the same for everybody."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.rubric import gap, points, share, undecided, whole
from curricula.model import Criterion, CriterionLevel

BOTH = {"fr": "t", "en": "t"}


def criterion(key: str, weight: int, *levels: int) -> Criterion:
    """A criterion whose levels are named after their points."""
    return Criterion(key, BOTH, weight, tuple(CriterionLevel(f"l{each}", BOTH, each) for each in levels))


METHOD = criterion("method", 3, 0, 40, 70, 100)
PROOF = criterion("proof", 2, 0, 50, 100)
CLEAR = criterion("clear", 1, 0, 100)
RUBRIC = (METHOD, PROOF, CLEAR)


@pytest.mark.parametrize(
    ("chosen", "worth"),
    [
        ({"method": "l100", "proof": "l100", "clear": "l100"}, Fraction(1)),
        ({"method": "l0", "proof": "l0", "clear": "l0"}, Fraction(0)),
        # (3 × 70 + 2 × 50 + 1 × 100) / 600
        ({"method": "l70", "proof": "l50", "clear": "l100"}, Fraction(41, 60)),
        ({"method": "l70"}, Fraction(7, 20)),
        ({"method": "l71", "other": "l100"}, Fraction(0)),
        ({}, Fraction(0)),
    ],
)
def test_each_criterion_counts_by_its_weight(chosen: dict[str, str], worth: Fraction) -> None:
    assert points(RUBRIC, chosen) == worth


def test_without_criteria_nothing_is_earned_and_nothing_is_whole() -> None:
    assert points((), {"method": "l100"}) == 0
    assert not whole((), {})
    assert share(METHOD, ()) == 0


def test_a_marking_is_whole_when_each_criterion_has_a_level_it_knows() -> None:
    assert whole(RUBRIC, {"method": "l0", "proof": "l50", "clear": "l100"})
    assert undecided(RUBRIC, {"method": "l0", "proof": "l51"}) == (PROOF, CLEAR)
    assert [share(each, RUBRIC) for each in RUBRIC] == [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]


def test_two_markers_differ_by_what_their_levels_are_worth() -> None:
    one = {"method": "l100", "proof": "l50", "clear": "l0"}
    other = {"method": "l70", "proof": "l100", "clear": "l0"}
    found = gap(RUBRIC, one, other)
    assert found.share == Fraction(1, 60)  # the one gave 90 more here, the other 100 more there, of 600
    assert found.criteria == ((PROOF, Fraction(1, 6)), (METHOD, Fraction(3, 20)))
    assert gap(RUBRIC, one, one) == gap(RUBRIC, {}, {})


@st.composite
def markings(draw: st.DrawFn) -> tuple[tuple[Criterion, ...], dict[str, str], dict[str, str]]:
    """A rubric, and what two people may have chosen."""
    levels = st.lists(st.integers(0, 99), min_size=1, max_size=5, unique=True)
    criteria = tuple(
        criterion(f"c{number}", draw(st.integers(1, 100)), *sorted(draw(levels)), 100)
        for number in range(draw(st.integers(1, 10)))
    )
    one, other = (
        {each.key: draw(st.sampled_from([*(level.key for level in each.levels), "none", ""])) for each in criteria}
        for _marker in range(2)
    )
    return criteria, one, other


@given(markings())
def test_it_holds_of_every_rubric(marking: tuple[tuple[Criterion, ...], dict[str, str], dict[str, str]]) -> None:
    criteria, one, other = marking
    worth = points(criteria, one)
    assert 0 <= worth <= 1
    assert points(tuple(reversed(criteria)), one) == worth
    assert points(criteria, {each.key: "l100" for each in criteria}) == 1
    assert sum(share(each, criteria) for each in criteria) == 1
    assert whole(criteria, one) is (undecided(criteria, one) == ())
    found = gap(criteria, one, other)
    assert found == gap(criteria, other, one)
    assert found.share <= sum(worth for _criterion, worth in found.criteria) <= 1
    assert all(one[each.key] != other[each.key] for each, _worth in found.criteria)


@given(markings(), st.data())
def test_a_better_level_is_never_worth_less(
    marking: tuple[tuple[Criterion, ...], dict[str, str], dict[str, str]], data: st.DataObject
) -> None:
    criteria, one, _other = marking
    each = data.draw(st.sampled_from(criteria))
    worths = [points(criteria, one | {each.key: level.key}) for level in each.levels]
    assert worths == sorted(worths)
