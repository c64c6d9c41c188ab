"""The organisation by hand: after any changes its paths are what its parents say, and its past is what it was."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentState, AuditEntry, Unit, UnitState
from lms.services import figures, units
from lms.services.headcounts import parts, parts_at
from lms.services.organisation import Scope, ancestors, subtree_ids, tree
from lms.services.units import UnitRefused, close_unit, make_unit, move_unit, rename_unit

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

#: (what, of which unit, under which), the numbers being taken among those there are.
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("make", "make", "move", "move", "rename", "close")), st.integers(0, 9), st.integers(-1, 9)
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


@pytest.fixture
def moments() -> Iterator[datetime]:
    return (BEGIN + timedelta(days=number) for number in range(10_000))


def picture(session: Session, at: datetime | None = None) -> dict[int, tuple[Any, ...]]:
    return {each.id: (each.parent_id, each.name, each.kind, each.path) for each in tree(session, at)}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_paths_follow_parents_and_the_past_stays(app: Flask, changes: list[tuple[str, int, int]]) -> None:
    from lms.models import db

    with app.app_context():
        session = db.session()
        pictures, there, reasons = [], list[Unit](), set[str]()
        for step, (what, which, where) in enumerate(changes):
            now = BEGIN + timedelta(days=step)
            parent = there[where % len(there)] if there and where >= 0 else None
            try:
                if what == "make" or not there:
                    there.append(make_unit(session, f"U{step}", f"Unit {step}", "service", parent, now=now))
                elif what == "move":
                    move_unit(session, there[which % len(there)], parent, now=now)
                elif what == "rename":
                    rename_unit(session, there[which % len(there)], f"Named {step}", "other", None, now=now)
                else:
                    unit = there[which % len(there)]
                    close_unit(session, unit, now=now)
                    there.remove(unit)
            except UnitRefused as refusal:
                reasons.add(refusal.reason)
            pictures.append((now, picture(session)))
            kept = session.scalars(
                select(Unit).where(Unit.closed_at.is_(None)).execution_options(populate_existing=True)
            )
            for unit in kept:
                above = session.get(Unit, unit.parent_id) if unit.parent_id else None
                assert unit.path == f"{above.path if above else ''}{unit.id}."
                assert picture(session)[unit.id][3] == unit.path
                inside = {other.id for other in there if other.path.startswith(unit.path)}
                assert subtree_ids(session, unit.id) == inside
        assert reasons <= {"loop", "parts"}
        for now, was in pictures:
            assert picture(session, now) == was
            assert picture(session, now + timedelta(hours=23)) == was
        assert picture(session, BEGIN - timedelta(seconds=1)) == {}
        session.rollback()
        db.session.remove()


def refused(change: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(UnitRefused) as caught:
        change(*args, **more)
    return caught.value.reason


def test_what_cannot_be_is_refused_by_name(session: Session, moments: Iterator[datetime]) -> None:
    top = make_unit(session, "M1", "Ministère", "ministry", now=next(moments))
    part = make_unit(session, "D1", "Direction", "directorate", top, now=next(moments))
    service = make_unit(session, "S1", "Service", "service", part, now=next(moments))
    for under in (top, part, service):
        assert refused(move_unit, session, top, under) == "loop"
    assert refused(make_unit, session, "S1", "Autre") == "taken"
    assert refused(close_unit, session, part) == "parts"
    agent = Agent(number="1", family_name="M", given_name="A", branch="FPE", unit_id=service.id)
    session.add(agent)
    session.flush()
    assert refused(close_unit, session, service) == "agents"
    agent.left_at = next(moments)
    close_unit(session, service, by=None, now=next(moments))
    assert refused(rename_unit, session, service, "X", "other", None) == "closed"
    assert refused(make_unit, session, "S2", "Sous un service fermé", "other", service) == "closed"
    assert refused(move_unit, session, part, service) == "closed"
    assert not move_unit(session, part, top), "it is there already"
    assert not rename_unit(session, part, "Direction", "directorate", None)
    assert [line.action for line in session.query(AuditEntry).order_by(AuditEntry.id)] == ["hr.unit_made"] * 3 + [
        "hr.unit_closed"
    ]
    assert [each.name for each in ancestors(session, part.id)] == ["Ministère"]
    assert ancestors(session, service.id) == []
    assert [each.until is None for each in units.history(session, service)] == [False]


def test_a_tree_too_deep_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "LONGEST", 5)
    top = make_unit(session, "a", "A")
    under = make_unit(session, "b", "B", parent=top)
    lone = make_unit(session, "c", "C")
    with session.begin_nested():
        assert refused(move_unit, session, top, lone) == "deep"
    assert under.path.startswith(top.path)


def test_agents_are_counted_with_all_under_now_and_then(session: Session, moments: Iterator[datetime]) -> None:
    top = make_unit(session, "M1", "Ministère", "ministry", now=next(moments))
    one, two = (make_unit(session, f"D{n}", f"Direction {n}", "directorate", top, now=next(moments)) for n in (1, 2))
    service = make_unit(session, "S1", "Service", "service", one, now=next(moments))
    came = next(moments)
    for number, unit in enumerate((top, one, service, service, two)):
        agent = Agent(
            number=str(number), family_name="M", given_name="A", branch="FPE", unit_id=unit.id, population=number != 2
        )
        session.add(agent)
        session.flush()
        state = {"unit_id": unit.id, "branch": "FPE", "category": "A", "population": number != 2}
        session.add(AgentState(agent_id=agent.id, since=came, **state))
        figures.touch(session, agents=[agent.id])
    session.flush()
    now = [(part.name, part.agents, part.population, part.units) for part in parts(session, Scope(), top)[0]]
    assert now == [("Ministère", 5, 4, 3), ("Direction 1", 3, 2, 1), ("Direction 2", 1, 1, 0)]
    moved = next(moments)
    move_unit(session, service, two, now=moved)
    assert [part.agents for part in parts(session, Scope(), top)[0]] == [5, 1, 3]
    assert [part.agents for part in parts_at(session, Scope(), top, came)[1]] == [5, 3, 1]
    assert [part.agents for part in parts_at(session, Scope(), top, moved)[1]] == [5, 1, 3]
    for scope, names in ((Scope(), ["Ministère"]), (Scope((two.path,)), ["Direction 2"]), (Scope(None, 1), [])):
        if scope.platform_id is None:
            assert [part.name for part in parts(session, scope, None)[0]] == names
            assert [part.name for part in parts_at(session, scope, None, moved)[1]] == names
    assert [each.name for each in parts_at(session, Scope(), service, came)[0]] == ["Ministère", "Direction 1"]
    assert session.query(UnitState).filter(UnitState.until.is_(None)).count() == 4
