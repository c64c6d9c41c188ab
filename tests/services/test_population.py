"""The population P: a rule, counted before it is declared; what it was stays what it was."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from time import sleep

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentState, AuditEntry, ImportRun, Population, Unit
from lms.services import population
from lms.services.population import Rule, UnknownUnits, declare, population_of, preview
from lms.services.units import close_unit, make_unit, move_unit
from tests.learner_in_test import together
from tests.services.test_agent_imports import file, take_file

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def agent(session: Session, number: int, unit_id: int | None, **values: object) -> Agent:
    said = {"branch": "FPE", "category": "A", "corps": "Attaché", **values}
    row = Agent(number=str(number), family_name="M", given_name="A", unit_id=unit_id, **said)
    session.add(row)
    session.flush()
    if row.left_at is None:
        state = {name: getattr(row, name) for name in ("unit_id", "branch", "category", "corps", "population")}
        session.add(AgentState(agent_id=row.id, since=BEGIN, **state))
        session.flush()
    return row


def members(session: Session, at: datetime) -> set[int]:
    there = (AgentState.since <= at) & (AgentState.until.is_(None) | (AgentState.until > at))
    return set(session.scalars(select(AgentState.agent_id).where(there, AgentState.population)))


def whole(session: Session) -> None:
    """Of each agent, one open state at most, that says what the agent is now."""
    rows = session.execute(
        select(Agent.population, AgentState.population).join(AgentState, AgentState.agent_id == Agent.id)
        .where(AgentState.until.is_(None))
    ).all()  # fmt: skip
    assert all(now == state for now, state in rows)
    counts = select(func.count()).where(AgentState.until.is_(None)).group_by(AgentState.agent_id)
    assert set(session.scalars(counts)) <= {1}


def test_a_rule_is_counted_then_declared_and_the_past_stays(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "BATCH", 2)
    top = make_unit(session, "M1", "Ministère", now=BEGIN)
    part = make_unit(session, "D1", "Direction", parent=top, now=BEGIN)
    other = make_unit(session, "M2", "Autre", now=BEGIN)
    there = [agent(session, number, (top, part, other)[number % 3].id) for number in range(9)]
    agent(session, 90, top.id, left_at=BEGIN)
    excluded = agent(session, 91, part.id, left_out=True, population=False)
    nowhere = agent(session, 92, None)
    first = BEGIN + timedelta(days=1)
    rule = Rule(units=("M1",))
    seen = preview(session, rule)
    assert (seen.in_all, seen.entering, seen.leaving, seen.agents) == (6, 0, 4, 11)
    assert declare(session, rule, "Le ministère", None, first) == 4
    inside = {row.id for row in there if row.unit_id in {top.id, part.id}}
    assert members(session, first) == inside
    assert members(session, first - timedelta(seconds=1)) == {row.id for row in there} | {nowhere.id}
    whole(session)
    second = first + timedelta(days=1)
    assert declare(session, Rule(categories=("A",), branches=("FPE",), corps=("Attaché",)), "", None, second) == 4
    assert members(session, second) == {row.id for row in there} | {nowhere.id}, "left out stays out"
    assert members(session, first) == inside
    assert excluded.id not in members(session, second)
    assert declare(session, Rule(corps=("Rédacteur",)), "", None, second + timedelta(days=1)) == 10
    whole(session)
    assert [each.words for each in population.history(session)] == ["", "", "Le ministère"]
    assert [
        line.details["changed"]
        for line in session.query(AuditEntry).filter_by(action="hr.population").order_by(AuditEntry.id)
    ] == [
        4,
        4,
        10,
    ]


def test_what_writes_who_is_of_it_at_once_is_done_one_after_the_other(app: Flask, session: Session) -> None:
    top, other = (make_unit(session, code, code, now=BEGIN) for code in ("M1", "M2"))
    units = top.id, other.id
    for number in range(3):
        agent(session, number, top.id)
    declare(session, Rule(units=("M2",)), "", None)
    session.commit()
    written = Event()

    def take(own: Session) -> None:
        lines = (f"{number};M;A;FPE;;M2" for number in range(3))
        take_file(own, file("identifiant agent;nom;prénom;versant;corps/emploi;code unité", *lines))
        written.set()
        sleep(0.5)
        own.commit()

    def after(act: Callable[[Session], object]) -> Callable[[Session], None]:
        def task(own: Session) -> None:
            own.rollback()
            assert written.wait(30)
            act(own)
            own.commit()

        return task

    twice = after(lambda own: declare(own, Rule(units=("M1",)), "", None))
    moved = after(lambda own: move_unit(own, own.get_one(Unit, units[1]), own.get_one(Unit, units[0])))
    together(app, [take, twice, twice, moved])
    session.expire_all()
    whole(session)
    counts = session.scalars(select(func.count()).where(AgentState.until.is_(None)).group_by(AgentState.agent_id))
    assert list(counts) == [1, 1, 1]
    assert session.scalars(select(Agent.population)).all() == [True] * 3


def test_units_that_are_not_there_stop_a_rule_and_nothing_is_written(session: Session) -> None:
    make_unit(session, "M1", "Ministère")
    gone = make_unit(session, "M2", "Fermé")
    close_unit(session, gone)
    rule = Rule(units=("M1", "M2", "M9"))
    for change in (population_of, preview, lambda *args: declare(*args, "", None)):
        with pytest.raises(UnknownUnits) as caught:
            change(session, rule)
        assert caught.value.codes == ("M2", "M9")
    assert session.query(Population).count() == 0


def test_a_rule_holds_for_whoever_comes_and_for_a_unit_that_moves(session: Session) -> None:
    top, other = make_unit(session, "M1", "Ministère"), make_unit(session, "M2", "Autre")
    part = make_unit(session, "D1", "Direction", parent=top)
    inside = agent(session, 1, part.id)
    declare(session, Rule(units=("M1",)), "", None)
    run = ImportRun(kind="agents", file_sha256="0" * 64, summary={})
    session.add(run)
    session.flush()
    came = agent(session, 2, other.id)
    state = session.query(AgentState).filter_by(agent_id=came.id).one()
    state.import_id = run.id
    session.flush()
    assert population.apply(session, import_id=run.id) == 1
    assert session.query(AgentState).filter_by(agent_id=came.id).count() == 1, "in place: the import can be undone"
    assert not came.population
    whole(session)
    move_unit(session, part, other)
    assert not inside.population
    assert population.apply(session) == 0
    close_unit(session, top)
    assert population.apply(session) == 0
    whole(session)


RULES = st.builds(
    Rule,
    units=st.sampled_from([(), ("A",), ("B",), ("A", "B")]),
    branches=st.sampled_from([(), ("FPE",), ("FPT", "FPH")]),
    categories=st.sampled_from([(), ("A",), ("B", "C")]),
)  # fmt: skip


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=st.lists(RULES, min_size=1, max_size=4))
def test_what_is_counted_first_is_what_is_declared(session: Session, rules: list[Rule]) -> None:
    with session.begin_nested() as nested:
        one = make_unit(session, "A", "A", now=BEGIN)
        two = make_unit(session, "B", "B", parent=one, now=BEGIN)
        for number in range(12):
            said = {"branch": ("FPE", "FPT", "FPH")[number % 3], "category": ("A", "B", "C")[number // 4]}
            agent(session, number, (one.id, two.id, None)[number % 3 and number % 2 + 1], **said)
        was = []
        for step, rule in enumerate(rules, 1):
            seen, now = preview(session, rule), BEGIN + timedelta(days=step)
            assert declare(session, rule, "", None, now) == seen.entering + seen.leaving
            assert len(members(session, now)) == seen.in_all
            assert preview(session, rule).entering == preview(session, rule).leaving == 0
            was.append((now, members(session, now)))
            whole(session)
        assert all(members(session, now) == then for now, then in was)
        nested.rollback()
