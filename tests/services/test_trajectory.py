"""The worked example of FIELD.md through the services, what is foreseen from it, and what more training changes."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.models import utcnow
from lms.services.baselines import Reference
from lms.services.budgets import Amounts, enter
from lms.services.forecast import Wish, forecast, simulate
from lms.services.indicators import AE, CP
from lms.services.trajectory import Trajectory, compared, judged, trajectory
from tests.budget_in_test import YEAR_0, YEAR_1, approved, line, unit

EXAMPLE = Reference(2026, AE(10_000_000_00), AE(200_000_00), "linear")


def known(*years: Amounts | None, reference: Reference = EXAMPLE) -> Trajectory:
    return compared(reference, {2026 + step: each for step, each in enumerate(years) if each is not None})


def test_the_worked_example_comes_out_exactly(session: Session) -> None:
    ministry = unit(session, "MIN")
    first, second = unit(session, "A", ministry), unit(session, "B", ministry)
    # In two lines of two services: the ministry's total is the example.
    one = line(session, "148/A", first, y2026=YEAR_0)
    part = Amounts(AE(1), AE(0), CP(1), CP(0), AE(1), CP(0))
    rest = Amounts(*(a - b for a, b in zip(vars(YEAR_1).values(), vars(part).values(), strict=True)))
    line(session, "148/B", second, y2027=part)
    assert trajectory(session, ministry) is None
    approved(session, ministry)
    enter(session, one, 2027, rest)
    found = trajectory(session, ministry)
    assert found is not None
    year = found.year(2027)
    assert year is not None
    assert [each.target for each in found.years] == [10_000_000_00, 13_333_333_33, 16_666_666_67, 20_000_000_00]
    assert (year.budget, year.gap) == (13_000_000_00, -333_333_33)
    assert (year.growth, year.earmarking) == (Fraction(3, 10), Fraction(9, 10))
    assert (year.shortfall, year.payment_rate) == (300_000_00, Fraction(8, 10))
    assert found.years[0].gap == 0
    assert found.years[0].earmarking is None
    assert found.years[2].amounts is None
    assert found.year(2025) is None
    before = utcnow()
    approved(session, ministry, path="geometric")
    enter(session, one, 2027, YEAR_0)
    flipped, then = trajectory(session, ministry), trajectory(session, ministry, before)
    assert flipped is not None
    assert [each.target for each in flipped.years[1:]] == [12_599_210_50, 15_874_010_52, 20_000_000_00]
    assert then is not None
    assert then.years == found.years, "what was known then, against what was in force then"
    assert known(YEAR_0, YEAR_1).years[1].gap == -333_333_33
    geometric = replace(EXAMPLE, path="geometric")
    assert known(YEAR_0, YEAR_1, reference=geometric).years[1].gap == 400_789_50


def test_a_year_past_the_path_has_no_target_and_is_still_compared_with_the_reference() -> None:
    past = judged(EXAMPLE, 2030, YEAR_1)
    assert (past.step, past.target, past.gap) == (4, None, None)
    assert (past.growth, past.earmarking, past.shortfall) == (Fraction(3, 10), Fraction(9, 10), 300_000_00)
    unknown = judged(EXAMPLE, 2028, None)
    assert unknown.target == 16_666_666_67
    assert (unknown.budget, unknown.gap, unknown.growth, unknown.shortfall) == (None, None, None, None)


def test_the_last_growth_is_carried_on_to_year_3() -> None:
    found = forecast(known(YEAR_0, YEAR_1))
    assert found is not None
    assumed = found.assumptions
    assert (assumed.growth, assumed.earmarking, assumed.payment_rate) == (
        Fraction(3, 10), Fraction(9, 10), Fraction(8, 10),
    )  # fmt: skip
    assert (assumed.given, assumed.since) == (False, 2026)
    two, three = found.trajectory.years[2:]
    assert (two.budget, three.budget) == (16_900_000_00, 21_970_000_00)
    assert two.earmarking == three.earmarking == Fraction(9, 10)
    assert two.projected
    assert three.gap == 1_970_000_00
    assert three.amounts is not None
    assert three.amounts.ai_ae == 200_000_00 + 9 * 11_970_000_00 // 10
    assert not found.trajectory.years[1].projected


def test_a_growth_may_be_given_and_nothing_is_made_up() -> None:
    assert forecast(known()) is None
    flat = forecast(known(YEAR_0))
    assert flat is not None
    assert [each.budget for each in flat.trajectory.years] == [10_000_000_00] * 4
    assert (flat.assumptions.since, flat.assumptions.growth) == (None, 0)
    assert flat.trajectory.years[3].amounts == Amounts(ae_opened=AE(10_000_000_00), ai_ae=AE(200_000_00))
    given_ = forecast(known(YEAR_0), Fraction(1, 10))
    assert given_ is not None
    assert given_.assumptions.given
    assert given_.trajectory.years[3].budget == 13_310_000_00
    gone = forecast(known(YEAR_0), Fraction(-1))
    assert gone is not None
    assert gone.trajectory.years[3].amounts == Amounts(), "no more for AI than there is"
    whole = forecast(known(YEAR_0, None, None, YEAR_1))
    assert whole is not None
    assert whole.trajectory.years[1].amounts is None, "a year nobody entered is not guessed between two"
    assert whole.assumptions.growth == Fraction(1, 10), "three tenths in three years"


def test_five_hundred_more_agents() -> None:
    before = known(YEAR_0, YEAR_1)
    within = simulate(before, Wish(500, CP(600_00), 2027, 2028), 8_000, 2_400)
    assert (within.cost, within.people) == (300_000_00, {2027: 250, 2028: 250})
    assert within.coverage == (Fraction(3, 10), Fraction(2_900, 8_000))
    year = within.after.years[1]
    assert year.amounts is not None
    assert year.amounts.ai_ae == YEAR_1.ai_ae + 150_000_00
    assert year.earmarking == Fraction(2_850_000, 3_000_000)
    assert year.shortfall == 150_000_00
    assert within.after.years[2].amounts is None, "no budget is known there"
    added = simulate(before, Wish(500, CP(600_00), 2027, 2027, added=True), 8_000, 2_400).after.years[1]
    assert added.budget == 13_300_000_00
    assert added.earmarking == Fraction(3_000_000, 3_300_000)
    assert simulate(before, Wish(9_000, CP(1), 2027, 2027), 8_000, 2_400).trained == (2_400, 8_000)


@given(
    amounts=st.lists(st.integers(0, 10**12), min_size=1, max_size=4),
    rate=st.one_of(st.none(), st.fractions(-1, 2, max_denominator=1000)),
    agents=st.integers(0, 10**5),
    each=st.integers(0, 10**7),
)
def test_money_is_never_lost(amounts: list[int], rate: Fraction | None, agents: int, each: int) -> None:
    seen = forecast(known(*(Amounts(ae_opened=AE(b), ai_ae=AE(b // 3)) for b in amounts)), rate)
    assert seen is not None
    before = seen.trajectory
    answer = simulate(before, Wish(agents, CP(each), 2026, 2029), 10**6, 0)
    assert sum(answer.people.values()) == agents
    rise = sum(
        b.amounts.ai_ae - a.amounts.ai_ae
        for a, b in zip(before.years, answer.after.years, strict=True)
        if a.amounts is not None and b.amounts is not None
    )
    assert rise == answer.cost == agents * each
    assert [year.projected for year in answer.after.years] == [year.projected for year in before.years]
    assert all(year.amounts is not None and min(vars(year.amounts).values()) >= 0 for year in before.years)


@pytest.mark.parametrize(
    "wish", [(-1, 5, 2026, 2026), (1, -5, 2026, 2026), (1, 5, 2027, 2026), (10**6, 10**9, 2026, 2026)]
)
def test_no_such_wish(wish: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="wish"):
        Wish(wish[0], CP(wish[1]), *wish[2:])
