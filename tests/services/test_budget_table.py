"""Every unit's budget at once says what each unit's own sum says, now and at any date; closings are read for ever."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.models import Unit, UnitState, utcnow
from lms.services.baselines import Reference, in_force
from lms.services.budget_sums import by_year, parts, totals
from lms.services.budget_table import BudgetTable, budget_table
from lms.services.budgets import Amounts, enter
from lms.services.dashboards import Asked, Board, board
from lms.services.figure_facts import WHOLE
from lms.services.indicators import AE, CP
from lms.services.organisation import Scope
from lms.services.trajectory import trajectory
from lms.services.units import UnitRefused, close_unit, move_unit
from tests.budget_in_test import YEAR_0, YEAR_1, approved, line, unit

OLD = timedelta(days=400)


def same_both_ways(session: Session, units: list[Unit], at: datetime | None) -> BudgetTable:
    """The table, once it was seen to say what each unit's own sums say."""
    table = budget_table(session, at)
    expected = {WHOLE: by_year(session, None, at), **{each.id: by_year(session, each, at) for each in units}}
    assert table.years == {number: years for number, years in expected.items() if years}
    compared = {WHOLE: in_force(session, None, at), **{each.id: in_force(session, each, at) for each in units}}
    assert table.references == {number: Reference.of(row) for number, row in compared.items() if row}
    return table


@given(
    parents=st.lists(st.integers(0, 5), min_size=2, max_size=6),
    entered=st.lists(st.tuples(st.integers(-1, 5), st.integers(2026, 2027), st.integers(0, 10**12)), max_size=8),
    changes=st.lists(st.tuples(st.sampled_from(("move", "close", "enter")), st.integers(0, 5), st.integers(0, 6)),
                     max_size=8),
)  # fmt: skip
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_whole_table_says_what_each_unit_says(
    session: Session, parents: list[int], entered: list[tuple[int, int, int]], changes: list[tuple[str, int, int]]
) -> None:
    with session.begin_nested() as nested:
        units: list[Unit] = []
        for number, parent in enumerate(parents):
            above = units[parent % number] if number and parent else None
            units.append(unit(session, f"U{number}", above, utcnow() - OLD))
        lines = {place: line(session, f"L{place}", units[place] if place >= 0 else None)
                 for place in range(-1, len(units))}  # fmt: skip
        for place, year, cents in entered:
            enter(session, lines[place % len(units)] if place >= 0 else lines[-1], year, Amounts(ae_opened=AE(cents)))
        moments: list[datetime | None] = [utcnow() - OLD - timedelta(days=1), utcnow()]
        for what, one, other in changes:
            place = one % len(units)
            try:
                if what == "move":
                    move_unit(session, units[place], units[other % len(units)] if other else None)
                elif what == "close":
                    close_unit(session, units[place])
                else:
                    enter(session, lines[place], 2026, Amounts(ae_opened=AE(other), ai_ae=AE(other // 2)))
            except UnitRefused:
                continue
            moments.append(utcnow())
        for at in (*moments, None):
            same_both_ways(session, units, at)
        nested.rollback()


def test_the_money_of_a_unit_moved_or_closed_leaves_no_total(session: Session) -> None:
    old = utcnow() - OLD
    ministry, other = unit(session, "MIN", None, old), unit(session, "AUT", None, old)
    service, moved = unit(session, "SRV", ministry, old), unit(session, "MOV", ministry, old)
    units = [ministry, other, service, moved]
    line(session, "148/A", service, y2026=YEAR_0)
    line(session, "148/B", moved, y2026=YEAR_1)
    line(session, "148/C", None, y2026=YEAR_1)
    approved(session, ministry)
    then = utcnow()
    before = same_both_ways(session, units, then).years
    assert before[ministry.id] == {2026: YEAR_0 + YEAR_1}
    close_unit(session, service)
    move_unit(session, moved, other)
    approved(session, ministry, path="geometric")
    enter(session, line(session, "148/D", other), 2027, YEAR_0)
    later = utcnow()
    for at in (None, later):
        now = same_both_ways(session, units, at)
        assert now.years[ministry.id] == {2026: YEAR_0}, "of the service that was closed since"
        assert now.years[other.id] == {2026: YEAR_1, 2027: YEAR_0}
        assert now.years[WHOLE][2026] == YEAR_0 + YEAR_1 + YEAR_1
        assert (
            sum((held for _name, held in parts(session, 2026, "unit", None, at)), Amounts()) == now.years[WHOLE][2026]
        )
        assert now.references[ministry.id].path == "geometric"
    assert same_both_ways(session, units, then).years == before
    years, reference = budget_table(session).of((ministry.id, other.id))
    assert (years[2026], reference) == (YEAR_0 + YEAR_1, None), "several units have no baseline in common"


def test_states_that_make_a_loop_end(session: Session) -> None:
    # Clocks of two machines: for a while each unit is said to be under the other.
    one, other = unit(session, "A"), unit(session, "B")
    line(session, "1", one, y2026=YEAR_0)
    session.add_all(
        UnitState(unit_id=each.id, since=utcnow(), until=utcnow() + OLD, parent_id=above.id, kind="other", name="X")
        for each, above in ((one, other), (other, one))
    )
    session.flush()
    at = utcnow()
    same_both_ways(session, [one, other], at)
    assert totals(session, 2026, one, at) == totals(session, 2026, other, at) == YEAR_0


def test_a_closing_kept_before_is_read_as_it_was() -> None:
    """The format is for ever: what is in the database of those who closed months is never rewritten."""
    kept = {
        "budgets": {"0": {"2026": [9, 8, 7, 6, 5, 4]}, "12": {"2027": [1, 0, 0, 0, 0, 0]}},
        "references": {"0": [2026, 100, 5, "custom", {"2027": 110, "2028": 150, "2029": 200}],
                       "12": [2025, 300, 0, "geometric", {}]},
    }  # fmt: skip
    table = BudgetTable.from_kept(json.loads(json.dumps(kept)))
    assert table.years[WHOLE][2026] == Amounts(AE(9), AE(8), CP(7), CP(6), AE(5), CP(4))
    assert table.references[WHOLE] == Reference(
        2026, AE(100), AE(5), "custom", {2027: AE(110), 2028: AE(150), 2029: AE(200)}
    )
    assert json.loads(json.dumps(table.as_kept())) == kept
    assert BudgetTable.from_kept({}) == BudgetTable()


def test_the_dashboard_says_what_the_page_of_the_budget_says(session: Session) -> None:
    ministry = unit(session, "MIN", None, utcnow() - OLD)
    row = line(session, "148/A", unit(session, "SRV", ministry, utcnow() - OLD), y2026=YEAR_0, y2027=YEAR_1)
    approved(session, ministry)

    def in_year(year: int) -> Board:
        return board(session, Scope(), Asked(ministry.id), date(year, 6, 1), 5)

    found = in_year(2027)
    assert found.trajectory == trajectory(session, ministry)
    assert found.trajectory is not None
    assert found.judged == found.trajectory.year(2027)
    assert found.money == YEAR_1
    early = in_year(2025)
    assert (early.trajectory, early.judged) == (None, None), "no path before its first year"
    enter(session, row, 2026, replace(YEAR_0, ae_opened=AE(1)))
    corrected = in_year(2031)
    assert corrected.trajectory == trajectory(session, ministry)
    assert corrected.trajectory is not None
    assert corrected.trajectory.years[0].budget == 1, "what was entered, not what the baseline supposes"
    assert corrected.judged is not None
    assert (corrected.judged.target, corrected.judged.amounts) == (None, None)
