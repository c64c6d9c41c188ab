"""The budget indicators hold the worked example of the field to the cent, and their laws everywhere."""

from dataclasses import replace
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.services import indicators as i
from lms.services.indicators import AE, CP, YearFacts, indicators

EXAMPLE = YearFacts(
    year=1,
    base=AE(10_000_000_00),
    budget=AE(13_000_000_00),
    ai_base=AE(200_000_00),
    ai=AE(2_900_000_00),
    ai_paid=CP(2_320_000_00),
    population=8_000,
    enrolled=3_000,
    completed=2_400,
    trained=2_400,
    presented=800,
    certified=600,
    hours=Fraction(31_200),
)
NOTHING = YearFacts(0, AE(0), AE(0), AE(0), AE(0), CP(0), 0, 0, 0, 0, 0, 0, Fraction(0))

cents = st.integers(0, 10**15)
people = st.integers(0, 10**7)


def test_linear_path_of_the_worked_example() -> None:
    paths = [i.linear_path(EXAMPLE.base, year) for year in (1, 2, 3)]
    assert paths == [13_333_333_33, 16_666_666_67, 20_000_000_00]


def test_geometric_path_of_the_worked_example() -> None:
    paths = [i.geometric_path(EXAMPLE.base, year) for year in (1, 2, 3)]
    assert paths == [12_599_210_50, 15_874_010_52, 20_000_000_00]


def test_every_figure_of_the_worked_example() -> None:
    assert indicators(EXAMPLE) == i.Indicators(
        version="2026.1",
        path="linear",
        target=AE(20_000_000_00),
        path_target=AE(13_333_333_33),
        growth=Fraction(30, 100),
        gap=AE(-333_333_33),
        earmarking=Fraction(90, 100),
        shortfall=AE(300_000_00),
        payment_rate=Fraction(80, 100),
        coverage=Fraction(30, 100),
        completion=Fraction(80, 100),
        success=Fraction(75, 100),
        certification=Fraction(25, 100),
        cost_per_trained=CP(966_67),
        cost_per_certified=CP(3_866_67),
        hours_per_trained=Fraction(13),
        hours_per_agent=Fraction(39, 10),
    )


def test_the_verdict_flips_on_the_geometric_path() -> None:
    assert indicators(EXAMPLE, "geometric").gap == 400_789_50
    assert indicators(EXAMPLE, "linear").gap == -333_333_33


def test_without_its_reference_relabelled_training_would_pass() -> None:
    relabelled = replace(EXAMPLE, ai_base=AE(0), ai=AE(3_000_000_00))
    assert indicators(relabelled).earmarking == 1
    assert indicators(replace(relabelled, ai_base=AE(200_000_00))).earmarking == Fraction(14, 15)


@pytest.mark.parametrize("budget", [10_000_000_00, 9_999_999_99])
def test_earmarking_is_not_defined_without_a_rise(budget: int) -> None:
    found = indicators(replace(EXAMPLE, budget=AE(budget)))
    assert found.earmarking is None
    assert found.shortfall == 0


def test_nothing_declared_gives_no_ratio_and_no_error() -> None:
    found = indicators(NOTHING)
    undefined = {name for name, value in vars(found).items() if value is None}
    assert undefined == {
        "growth", "earmarking", "payment_rate", "coverage", "completion", "success", "certification",
        "cost_per_trained", "cost_per_certified", "hours_per_trained", "hours_per_agent",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["base", "ai_paid", "population", "hours", "year"])
def test_a_negative_fact_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(EXAMPLE, **cast("Any", {name: -1}))


@pytest.mark.parametrize("year", [-1, 4])
@pytest.mark.parametrize("kind", ["linear", "geometric"])
def test_a_path_has_no_target_outside_its_years(kind: i.PathKind, year: int) -> None:
    with pytest.raises(ValueError, match="year 0 to year 3"):
        i.path(kind, AE(100), year)


def test_halves_of_a_cent_go_to_the_even_cent() -> None:
    assert i.cost_per_person(CP(5), 2) == 2
    assert i.cost_per_person(CP(7), 2) == 4


@given(cents, st.sampled_from(["linear", "geometric"]))
def test_a_path_rises_from_the_base_to_its_double(base: int, kind: i.PathKind) -> None:
    steps = [i.path(kind, AE(base), year) for year in range(4)]
    assert steps == sorted(steps)
    assert (steps[0], steps[3]) == (base, i.target(AE(base)))


@given(cents, st.integers(0, 3))
def test_the_geometric_path_is_the_nearest_cent(base: int, year: int) -> None:
    value = i.geometric_path(AE(base), year)
    exact = base**3 * 2**year
    assert (2 * value - 1) ** 3 <= 8 * exact <= (2 * value + 1) ** 3


@given(cents, st.integers(0, 3))
def test_the_geometric_path_never_exceeds_the_linear_one(base: int, year: int) -> None:
    assert i.geometric_path(AE(base), year) <= i.linear_path(AE(base), year)


@given(cents, cents, cents, cents, cents, st.integers(0, 3), people, people)
def test_laws(base: int, budget: int, ai_base: int, ai: int, paid: int, year: int, some: int, all_: int) -> None:
    facts = replace(
        NOTHING, year=year, base=AE(base), budget=AE(budget), ai_base=AE(ai_base), ai=AE(ai), ai_paid=CP(paid),
        trained=min(some, all_), population=max(some, all_),
    )  # fmt: skip
    found = indicators(facts)
    assert found.gap + found.path_target == budget
    assert found.shortfall >= 0
    assert (found.growth is None) == (base == 0)
    assert found.coverage is None or 0 <= found.coverage <= 1
    if found.earmarking is not None:
        assert (found.shortfall == 0) == (found.earmarking >= 1)
