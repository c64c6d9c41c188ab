"""Taking in the organisation: any order, any depth, no loop; and the way back from any import."""

from io import BytesIO
from threading import Event
from time import sleep
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, AgentState, AuditEntry, BudgetLine, ImportRun, Person, Unit, UnitState, utcnow
from lms.models.base import table_of
from lms.services.import_files import Asked, prepare
from lms.services.import_undo import NothingToUndo, Rests, undo
from lms.services.imports import Result
from lms.services.unit_paths import DEEPEST, settle_paths
from lms.services.units import move_unit, rename_unit
from tests.learner_in_test import together
from tests.services.test_agent_imports import HEADER, MAX, ZOE, file, take, take_file
from tests.workbooks_in_test import Page, ods

UNITS = "code;nom;type;code parent;SIRET"
TREE = ("D1;DSJ;direction;M1;", "M1;Justice;Ministère;V;12345678901234", "V;État;versant;;", "S1;Greffe;;D1;")


def units(session: Session, *lines: str, **asked: Any) -> Result:
    return take_file(session, file(UNITS, *lines), kind="units", **asked)


def tree(session: Session) -> dict[str, tuple[str, str | None, str]]:
    """Code → (name, code of the parent, codes of its path), once the paths are checked against the parents."""
    session.expire_all()
    found = {unit.id: unit for unit in session.scalars(select(Unit))}
    for unit in found.values():
        above = found[unit.parent_id].path if unit.parent_id else ""
        assert unit.path == f"{above}{unit.id}."
        opened = session.scalars(select(UnitState).filter_by(unit_id=unit.id, until=None)).one()
        assert (opened.name, opened.parent_id, opened.kind) == (unit.name, unit.parent_id, unit.kind)
    return {
        unit.code: (unit.name, unit.parent.code if unit.parent else None,
                    "/".join(found[int(each)].code for each in unit.path.split(".")[:-1]))
        for unit in found.values()
    }  # fmt: skip


def everything(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what imports write, without what only says when."""
    session.expire_all()
    return {
        model.__tablename__: sorted(
            tuple(str(row[name]) for name in row if name != "updated_at")
            for row in session.execute(select(table_of(model))).mappings()
        )
        for model in (Unit, UnitState, Agent, AgentState)
    }


def test_units_come_in_any_order(session: Session) -> None:
    result = units(session, *TREE)
    assert (result.created, result.written) == (4, True)
    assert tree(session) == {
        "V": ("État", None, "V"), "M1": ("Justice", "V", "V/M1"), "D1": ("DSJ", "M1", "V/M1/D1"),
        "S1": ("Greffe", "D1", "V/M1/D1/S1"),
    }  # fmt: skip
    found = {unit.code: (unit.kind, unit.siret) for unit in session.scalars(select(Unit))}
    assert found["M1"] == ("ministry", "12345678901234")
    assert [found[code][0] for code in ("V", "D1", "S1")] == ["branch", "directorate", "other"]
    assert units(session, *reversed(TREE)).changes == 0
    assert len(session.scalars(select(ImportRun)).all()) == 1


def test_a_unit_moved_and_renamed_takes_its_subtree_and_keeps_its_past(session: Session) -> None:
    units(session, *TREE)
    result = units(session, "M2;Culture;ministère;;", "D1;Direction des services;direction;M2;")
    assert (result.created, result.changed) == (1, 1)
    found = tree(session)
    assert (found["D1"][0], found["S1"][2]) == ("Direction des services", "M2/D1/S1")
    unit = session.scalars(select(Unit).filter_by(code="D1")).one()
    before, after = session.scalars(select(UnitState).filter_by(unit_id=unit.id).order_by(UnitState.id))
    assert (before.name, before.until, before.closed_by) == ("DSJ", after.since, result.run_id)
    assert take_file(session, file("code;nom", "S1;Greffe"), kind="units").changes == 0  # columns absent: as known


def test_no_unit_is_put_under_a_closed_one(session: Session) -> None:
    units(session, *TREE)
    closed = session.scalars(select(Unit).filter_by(code="S1")).one()
    closed.closed_at = utcnow()
    session.flush()
    result = units(session, "B1;Bureau;service;S1;")
    assert [(each.column, each.what % each.values) for each in result.problems] == [
        ("code parent", "Its parent « S1 » is closed.")
    ]
    assert units(session, "S1;Greffe;;D1;", "B1;Bureau;service;S1;").written, "its row opens it again"


def test_every_refused_row_is_named_with_why(session: Session) -> None:
    units(session, *TREE)
    lines = (
        "A;A;;B;", "B;B;;C;", "C;C;;A;", "D1;DSJ;direction;S1;", "E;E;;E;", "F;F;;nulle part;", "G;;royaume;;",
        "A;Encore;;;", "H;H;;G;", "I;Sous le greffe;;S1;",
    )  # fmt: skip
    result = units(session, *lines)
    told = {(each.line, each.column): each.what % each.values for each in result.problems}
    assert result.refused == 9
    assert told[2, "code parent"] == "The unit is under itself: A → B → C → A."
    assert "D1 → S1 → D1" in told[5, "code parent"]
    assert "E → E" in told[6, "code parent"]
    assert "« nulle part »" in told[7, "code parent"]
    assert {(8, "nom"), (8, "type"), (9, "code"), (10, "code parent")} <= told.keys()
    assert (result.written, len(tree(session))) == (False, 4)
    assert units(session, *lines, partial=True).created == 1
    assert tree(session)["I"][2] == "V/M1/D1/S1/I"


def test_a_tree_too_deep_is_refused(session: Session) -> None:
    def chain(length: int) -> list[str]:
        return [f"U{at};U;;{f'U{at - 1}' if at else ''};" for at in range(length)]

    assert units(session, *chain(DEEPEST)).written
    result = units(session, *chain(DEEPEST + 2), partial=True)
    assert (result.refused, result.created) == (1, 1)


def test_units_of_a_workbook(session: Session) -> None:
    rows = [["Code", "Libellé", "Rattachement"], [12, "Justice", None], [120, "DSJ", 12]]
    assert take_file(session, ods(Page("Structures", rows)), kind="units").created == 2
    assert tree(session)["120"] == ("DSJ", "12", "12/120")


CODES = st.sampled_from("ABCDE")
ROWS = st.lists(st.tuples(CODES, st.sampled_from(["x", "y"]), st.one_of(CODES, st.just(""))), max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=3))
def test_any_files_leave_a_tree_and_undoing_them_leaves_what_was(session: Session, files: list[Any]) -> None:
    seen = []
    for rows in files:
        before = everything(session)
        result = units(session, *(f"{code};{name};;{parent};" for code, name, parent in rows), partial=True)
        tree(session)
        assert result.rows == len(rows) == result.created + result.changed + result.unchanged + result.refused
        if result.written:
            seen.append(before)
    for before in reversed(seen):
        undo(session, "units")
        assert everything(session) == before
    session.rollback()


def test_undoing_an_import_of_agents_leaves_what_was(session: Session) -> None:
    take(session, HEADER, ZOE, MAX, "7;Parti;Loin;FPH;;;;;;;")
    before = everything(session)
    result = take(
        session, HEADER, ZOE.replace("DSJ", "DPJJ").replace(";A;", ";B;"), MAX, "8;Neuve;Nina;FPE;Culture;;;;;;",
        whole=True, confirmed=True,
    )  # fmt: skip
    assert (result.created, result.changed, result.left, result.units) == (1, 1, 1, 3)
    assert everything(session) != before
    run = undo(session, "agents", result.run_id)
    assert everything(session) == before
    assert run.undone_at is not None
    with pytest.raises(NothingToUndo):
        undo(session, "agents", result.run_id)
    assert undo(session, "agents").id != run.id
    assert everything(session) == {"unit": [], "unit_state": [], "agent": [], "agent_state": []}
    with pytest.raises(NothingToUndo):
        undo(session, "agents")


def test_what_rests_on_an_import_keeps_it(session: Session) -> None:
    units(session, *TREE)
    unit = session.scalars(select(Unit).filter_by(code="D1")).one()
    session.add(BudgetLine(code="148", unit_id=unit.id))
    session.commit()
    with pytest.raises(Rests, match="budget_line"):
        undo(session, "units")
    session.rollback()
    assert len(tree(session)) == 4
    take(session, HEADER, ZOE)
    agent = session.scalars(select(Agent)).one()
    person = Person(subject="zoe", email="zoe@example.org")
    session.add(person)
    session.flush()
    match = AgentMatch(person_id=person.id, agent_id=agent.id, state="sure", by="number")
    session.add(match)
    session.commit()
    match.decided_by = person.id  # somebody said so: it is theirs
    match.state = "confirmed"
    session.commit()
    with pytest.raises(Rests, match="agent_match"):
        undo(session, "agents")
    session.rollback()
    match.decided_by = None
    session.commit()
    # A state opened by hand after the import.
    session.add(AgentState(agent_id=agent.id, branch="FPE", category="A", until=agent.updated_at))
    session.commit()
    with pytest.raises(Rests, match="agent_state"):
        undo(session, "agents")


def test_what_changes_by_hand_between_the_look_and_the_writing_is_looked_at_again(app: Flask, session: Session) -> None:
    units(session, "A;A;;;", "B;B;;;", "C;C;;;")
    session.commit()

    def by_hand(own: Session) -> None:
        known = {unit.code: unit for unit in own.scalars(select(Unit))}
        move_unit(own, known["A"], known["B"])
        rename_unit(own, known["C"], "C par la main", "other", None)
        own.commit()

    def write(*lines: str) -> Result:
        with prepare(session, "units", file(UNITS, *lines), Asked()) as act:
            found = act.look()
            session.commit()
            if found.changed == 2:
                together(app, [by_hand])
            return act.write(found)

    result = write("B;B;;A;", "C;C autrement;;;")
    assert ([each.what % each.values for each in result.problems], result.written) == (
        ["The unit is under itself: B → A → B."], False
    )  # fmt: skip
    session.commit()
    assert tree(session)["A"][2] == "B/A"
    assert write("C;C par la main;;;").changes == 0
    assert write("C;C autrement;;;").written
    session.commit()
    assert tree(session)["C"][0] == "C autrement"


def test_a_file_taken_in_meanwhile_is_what_is_undone_or_nothing_is(app: Flask, session: Session) -> None:
    first = take(session, HEADER, MAX).run_id
    session.commit()
    written = Event()

    def take_another(own: Session) -> str:
        take(own, HEADER, MAX.replace("Max", "Maxime"), ZOE)
        written.set()
        sleep(0.5)
        own.commit()
        return "taken"

    def take_back(own: Session) -> str:
        own.rollback()
        assert written.wait(30)
        try:
            undo(own, "agents", first)
        except (NothingToUndo, Rests) as refusal:
            own.rollback()
            return type(refusal).__name__
        own.commit()
        return "undone"

    assert together(app, [take_another, take_back]) == ["taken", "NothingToUndo"]
    undo(session, "agents")
    undo(session, "agents")
    assert everything(session)["agent"] == everything(session)["agent_state"] == []


def test_an_import_is_undone_once_even_by_two_at_once(app: Flask, session: Session) -> None:
    run = take(session, HEADER, MAX, ZOE).run_id
    session.commit()

    def take_back(own: Session) -> str:
        try:
            undo(own, "agents", run)
        except NothingToUndo:
            own.rollback()
            return "nothing"
        own.commit()
        return "undone"

    assert sorted(together(app, [take_back] * 3)) == ["nothing", "nothing", "undone"]
    lines = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "hr.undo_agents")).all()
    assert len(lines) == 1


def test_an_empty_file_writes_nothing(session: Session) -> None:
    assert not take_file(session, BytesIO(b"code;nom\n"), kind="units").written


def test_units_under_themselves_are_told_rather_than_followed_for_ever(session: Session) -> None:
    one, other = Unit(code="A", name="A", path="1."), Unit(code="B", name="B", path="2.")
    session.add_all([one, other])
    session.flush()
    one.parent_id, other.parent_id = other.id, one.id
    session.flush()
    with pytest.raises(ValueError, match="is under itself"):
        settle_paths(session)
