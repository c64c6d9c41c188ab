"""Budgets: totals are the sum of their parts under every cut, at any date; nothing is rewritten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.models import BudgetLine, BudgetYear, Unit, UnitState, db, utcnow
from lms.services import budgets
from lms.services.budget_sums import Cut, by_year, parts, totals
from lms.services.budgets import MOST, Amounts, BudgetRefused, enter, history
from lms.services.indicators import AE, CP
from lms.services.organisation import Scope
from tests.budget_in_test import YEAR_0, YEAR_1, line, unit

CUTS: tuple[Cut, ...] = ("line", "programme", "bop", "uo", "unit")
cents = st.integers(0, 10**12)


@st.composite
def any_amounts(draw: st.DrawFn) -> Amounts:
    ae, cp = [draw(cents) for _ in range(2)], [draw(cents) for _ in range(2)]
    ai_ae, ai_cp = draw(st.integers(0, max(ae))), draw(st.integers(0, max(cp)))
    return Amounts(AE(ae[0]), AE(ae[1]), CP(cp[0]), CP(cp[1]), AE(ai_ae), CP(ai_cp))


@given(
    parents=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    entered=st.lists(st.tuples(st.integers(-1, 3), st.integers(2026, 2027), any_amounts()), max_size=8),
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_totals_are_the_sum_of_their_parts_under_every_cut(
    session: Session, parents: list[int], entered: list[tuple[int, int, Amounts]]
) -> None:
    with session.begin_nested() as nested:
        units: list[Unit] = []
        for number, parent in enumerate(parents):
            above = units[parent % number] if number and parent % (number + 1) else None
            units.append(unit(session, f"U{number}", above))
        expected: dict[tuple[int, int], Amounts] = {}
        lines = {}
        for place, year, amounts in entered:
            where = units[place % len(units)] if place >= 0 else None
            row = lines.get(place) or lines.setdefault(place, line(session, f"{place}/B{place % 2}", where))
            enter(session, row, year, amounts)
            expected[place, year] = amounts
        moment = utcnow()
        for year in (2026, 2027):
            everything = sum((a for (_, y), a in expected.items() if y == year), Amounts())
            for at in (None, moment):
                assert totals(session, year, None, at) == everything
                for cut in CUTS:
                    assert sum((a for _, a in parts(session, year, cut, None, at)), Amounts()) == everything
                for top in units:
                    under = [u for u in units if u.path.startswith(top.path)]
                    mine = sum(
                        (
                            a
                            for (p, y), a in expected.items()
                            if y == year and p >= 0 and units[p % len(units)] in under
                        ),
                        Amounts(),
                    )
                    assert totals(session, year, top, at) == mine
                    for cut in CUTS:
                        assert sum((a for _, a in parts(session, year, cut, top, at)), Amounts()) == mine
        nested.rollback()


def test_what_was_known_at_a_date_is_known_for_ever(session: Session) -> None:
    old = utcnow() - timedelta(days=400)
    ministry, other = unit(session, "MIN", None, old), unit(session, "AUT", None, old)
    service = unit(session, "SRV", ministry, old)
    row = line(session, "148/A", service, y2026=YEAR_0)
    then = utcnow()
    assert by_year(session, ministry, then) == {2026: YEAR_0}

    assert enter(session, row, 2026, YEAR_1, person_id=None)
    assert not enter(session, row, 2026, YEAR_1), "said already"
    # The service moves to another ministry, by states as imports and pages write them.
    state = session.scalars(select(UnitState).where(UnitState.unit_id == service.id)).one()
    state.until = utcnow()
    session.flush()
    session.add(
        UnitState(unit_id=service.id, since=state.until, parent_id=other.id, kind="other", name=service.name)
    )  # fmt: skip
    service.parent, service.path = other, f"{other.path}{service.id}."
    session.flush()

    assert totals(session, 2026, ministry) == Amounts()
    assert totals(session, 2026, other) == YEAR_1
    assert parts(session, 2026, "unit") == [("AUT", YEAR_1), ("MIN", Amounts())][:1]
    assert totals(session, 2026, ministry, then) == YEAR_0
    assert parts(session, 2026, "unit", None, then) == [("MIN", YEAR_0)]
    assert totals(session, 2026, other, then) == Amounts()
    assert totals(session, 2026, None, then - timedelta(days=1)) == Amounts()
    assert [Amounts.of(each) for each in history(session, row.id, 2026)] == [YEAR_1, YEAR_0]
    assert session.scalar(select(func.count()).select_from(BudgetYear)) == 2


@pytest.mark.parametrize(
    ("year", "amounts", "reason"),
    [
        (1999, Amounts(), "year"),
        (2026, Amounts(ae_opened=AE(-1)), "amount"),
        (2026, Amounts(cp_paid=CP(MOST + 1)), "amount"),
        (2026, Amounts(ae_opened=AE(5), ai_ae=AE(6)), "part"),
        (2026, Amounts(cp_opened=CP(5), cp_paid=CP(4), ai_cp=CP(6)), "part"),
    ],
)
def test_what_no_budget_holds_is_refused(session: Session, year: int, amounts: Amounts, reason: str) -> None:
    row = line(session, "148/A")
    with pytest.raises(BudgetRefused) as refused:
        enter(session, row, year, amounts)
    assert refused.value.reason == reason
    assert by_year(session) == {}


def test_those_who_enter_the_same_year_at_once_wait_for_each_other(app: Flask) -> None:
    with app.app_context():
        number = line(db.session(), "148/A", y2026=YEAR_0).id
        db.session.commit()
        db.session.remove()

    def say(cents: int) -> None:
        with app.app_context():
            found = db.session.get(BudgetLine, number)
            assert found is not None
            db.session.rollback()
            enter(db.session(), found, 2026, Amounts(ae_opened=AE(cents)))
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(4) as people:
        list(people.map(say, range(1, 5)))
    with app.app_context():
        told = history(db.session(), number, 2026)
        assert len(told) == 5
        assert [each.until is None for each in told] == [True, False, False, False, False]
        assert totals(db.session(), 2026).ae_opened == told[0].ae_opened


def test_a_line_is_seen_by_those_of_its_unit_and_above(session: Session) -> None:
    ministry = unit(session, "MIN")
    service, other = unit(session, "SRV", ministry), unit(session, "AUT")
    rows = [line(session, "1", service), line(session, "2", other), line(session, "3")]

    def seen(scope: Scope) -> list[str]:
        query = select(budgets.BudgetLine.code).where(budgets.lines_in(scope))
        return list(session.scalars(query.order_by(budgets.BudgetLine.code)))

    assert seen(Scope()) == [row.code for row in rows]
    assert seen(Scope((ministry.path,))) == ["1"]
    assert seen(Scope((service.path, other.path))) == ["1", "2"]
    assert seen(Scope(None, 3)) == [], "a platform gives no budget to see"
