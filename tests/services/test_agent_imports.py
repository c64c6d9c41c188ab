"""Taking in HR's file of agents: any spreadsheet's CSV, every refusal located, all or nothing, twice the same."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lms.cells import UnreadableFile
from lms.models import Agent, AgentState, AuditEntry, ImportFile, ImportRun, Unit, UnitState
from lms.services import imports
from lms.services.import_columns import check, guess, heading_test
from lms.services.import_files import Asked, ask, prepare, receive, recognise, remember
from lms.services.import_rows import Reading, RefusedRow
from lms.services.import_undo import undo
from lms.services.imports import Result, report_lines
from lms.sheets import open_sheet
from tests.account_in_test import make_person
from tests.learner_in_test import together
from tests.workbooks_in_test import Formula, Page, ods, xlsx

HEADER = "identifiant agent;nom;prénom;versant;ministère;direction;service;SIRET;catégorie;corps/emploi;courriel"
ZOE = "00042;Lefèvre;Zoé;FPE;Justice;DSJ;SDAT;01234567890123;A;Attachée;Zoe.Lefevre@example.org"
MAX = "00043;O'Brien;Max;FPT;;;;;;;"


def file(*lines: str, encoding: str = "utf-8", end: str = "\r\n") -> BytesIO:
    return BytesIO((end.join(lines) + end).encode(encoding))


def take(session: Session, *lines: str, **options: Any) -> Result:
    return take_file(session, file(*lines), **options)


def take_file(
    session: Session, content: BytesIO, *, dry_run: bool = False, kind: str = "agents", **asked: Any
) -> Result:
    more = {name: asked.pop(name) for name in ("progress", "person_id") if name in asked}
    with prepare(session, kind, content, Asked(**asked), **more) as act:
        found = act.look()
        return found if dry_run else act.write(found)


def rows(content: BytesIO) -> list[Any]:
    sheet = open_sheet(content, heading_test("agents", None))
    columns = guess("agents", sheet.headings)
    check("agents", columns)
    return [
        list(row.problems) if isinstance(row, RefusedRow) else row for row in Reading("agents", sheet, columns).rows()
    ]


def agents(session: Session) -> dict[str, Agent]:
    session.expire_all()
    return {agent.number: agent for agent in session.scalars(select(Agent))}


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def refusal(cells: str, header: str = HEADER) -> tuple[str, str, str]:
    """(column, what, fix) of the one problem of a row."""
    ((problem,),) = rows(file(header, cells))
    assert problem.line == 2
    return problem.column, problem.what % problem.values if problem.values else problem.what, problem.fix


def test_headings_in_any_order_case_and_accent() -> None:
    (row,) = rows(file("VERSANT;Prenom;téléphone;NOM;Corps / Emploi;Identifiant  Agent", "fpe;Zoé;06;Lefèvre;X;7"))
    assert row.values == {
        "branch": "FPE", "given_name": "Zoé", "family_name": "Lefèvre", "corps": "X", "number": "7",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "known"),
    [("fpe", "FPE"), ("Fonction publique de l'État", "FPE"), ("Territoriale", "FPT"), ("HOSPITALIÈRE", "FPH")],
)
def test_branches_as_people_write_them(given: str, known: str) -> None:
    assert rows(file(HEADER, ZOE.replace("FPE", given)))[0].values["branch"] == known


@pytest.mark.parametrize(
    ("given", "known"),
    [("a", "A"), ("Catégorie B", "B"), ("CONTRACTUEL", "contractuel"), ("Non renseigné", "non renseigné")],
)
def test_grades_as_people_write_them(given: str, known: str) -> None:
    assert rows(file(HEADER, ZOE.replace(";A;", f";{given};")))[0].values["category"] == known


def test_spaces_around_and_inside_are_spreadsheet_noise() -> None:
    (row,) = rows(file(HEADER, ZOE.replace("01234567890123", " 012 345 678 90123\u00a0")))
    assert row.values["siret"] == "01234567890123"


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        (ZOE.replace("01234567890123", "1234567890123"), "SIRET", "14 digits and this one 13"),
        (ZOE.replace("01234567890123", "0123456789012X"), "SIRET", "something else than digits"),
        (ZOE.replace("01234567890123", "٠١٢٣٤٥٦٧٨٩٠١٢٣"), "SIRET", "something else than digits"),
        (ZOE.replace("FPE", "FPX"), "versant", "« FPX » is not a branch"),
        (ZOE.replace("FPE", ""), "versant", "not a branch"),
        (ZOE.replace(";A;", ";D;"), "catégorie", "« D » is not a grade"),
        (ZOE.replace("Lefèvre;", ";"), "nom", "empty"),
        (ZOE.replace("00042", "   "), "identifiant agent", "empty"),
        (ZOE.replace("00042", "4.2E+07"), "identifiant agent", "a spreadsheet turned"),
        (ZOE.replace("Justice", "J" * 301), "ministère", "301 characters; 300"),
        (ZOE.replace("Zoe.Lefevre@example.org", "zoe"), "courriel", "not an e-mail"),
        (ZOE.replace("Justice", '"Jus\ntice"'), "ministère", "invisible"),
        (ZOE.replace("Justice", "Jus\x00tice"), "ministère", "invisible"),
        (ZOE.replace("Justice", "\u202eecitsuJ"), "ministère", "invisible"),
        (ZOE.replace("Justice", "Jus\x85tice"), "ministère", "invisible"),
        (ZOE + ";trop", "", "12 cells and the header 11"),
        ("00042;Lefèvre;Zoé", "", "3 cells and the header 11"),
    ],
)
def test_a_bad_cell_is_refused_with_its_place_and_a_way_out(row: str, column: str, says: str) -> None:
    found, what, fix = refusal(row)
    assert found == column
    assert says in what
    assert fix


def test_every_bad_cell_of_a_row_is_said_at_once() -> None:
    (problems,) = rows(file(HEADER, ";;Zoé;X;;;;1;;;"))
    assert [problem.column for problem in problems] == ["identifiant agent", "nom", "versant", "SIRET"]


def test_lines_are_those_an_editor_shows() -> None:
    multiline = ZOE.replace("SDAT", '"a\nb"')
    found = rows(file(HEADER, "", multiline, ";;;;;;;;;;", MAX.replace("FPT", "?"), end="\n"))
    assert [item[0].line for item in found] == [3, 6]


def test_an_agent_twice_in_a_file_is_refused() -> None:
    good, again = rows(file(HEADER, ZOE, ZOE.replace("Zoé", "Léa")))
    assert good.key == "00042"
    assert (again[0].line, again[0].values) == (3, {"key": "00042", "before": 2})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("nom;prénom".encode(), "identifiant agent, versant"),
        (b"<html><body>502 Bad Gateway</body></html>", "Columns are missing"),
        ((HEADER + ";Nom de famille").encode(), "same one: nom"),
        ((HEADER + '\n00043;"O"Brien";Max;FPT;;;;;;;').encode(), "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        rows(BytesIO(content))
    assert says in str(caught.value)
    assert caught.value.problem.fix


@given(st.binary(max_size=300))
def test_any_bytes_end_as_rows_or_as_an_explained_refusal(content: bytes) -> None:
    for body in (content, (HEADER + "\n").encode() + content):
        with suppress(UnreadableFile):
            assert all(row[0].what if isinstance(row, list) else row.key for row in rows(BytesIO(body)))


def test_a_file_is_taken_in(session: Session) -> None:
    result = take(session, HEADER, ZOE, MAX)
    assert (result.created, result.changed, result.unchanged, result.refused) == (2, 0, 0, 0)
    zoe = agents(session)["00042"]
    assert (zoe.siret, zoe.import_id, zoe.email) == ("01234567890123", result.run_id, "zoe.lefevre@example.org")
    run = session.get_one(ImportRun, result.run_id)
    assert run.file_sha256 == hashlib.sha256(file(HEADER, ZOE, MAX).getvalue()).hexdigest()
    assert run.summary["created"] == 2
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.target) == ("hr.import_agents", f"import_run:{run.id}")
    assert "Lefèvre" not in str(entry.details)


def test_the_same_file_twice_changes_nothing(session: Session) -> None:
    first = take(session, HEADER, ZOE, MAX)
    before = {number: agent.updated_at for number, agent in agents(session).items()}
    again = take(session, HEADER, ZOE, MAX)
    assert (again.created, again.changed, again.unchanged, again.written) == (0, 0, 2, False)
    assert (count(session, ImportRun), count(session, AgentState), count(session, UnitState)) == (1, 2, 3)
    after = agents(session)
    assert {number: agent.updated_at for number, agent in after.items()} == before
    assert {agent.import_id for agent in after.values()} == {first.run_id}


def test_a_changed_row_changes_that_agent_alone(session: Session) -> None:
    first = take(session, HEADER, ZOE, MAX)
    second = take(session, HEADER, ZOE.replace("Justice", "Intérieur"), MAX)
    assert (second.created, second.changed, second.unchanged) == (0, 1, 1)
    after = agents(session)
    assert (after["00042"].ministry, after["00042"].import_id) == ("Intérieur", second.run_id)
    assert after["00043"].import_id == first.run_id


def test_an_absent_column_leaves_what_is_known_and_an_empty_cell_clears_it(session: Session) -> None:
    take(session, HEADER, ZOE, MAX)
    result = take(session, "identifiant agent;nom;prénom;versant;service", "00042;Lefèvre;Zoé;FPE;")
    assert result.changed == 1
    zoe = agents(session)["00042"]
    assert (zoe.service, zoe.ministry, zoe.siret) == ("", "Justice", "01234567890123")
    assert "00043" in agents(session)


def test_one_refused_row_refuses_the_file(session: Session) -> None:
    result = take(session, HEADER, ZOE, MAX.replace("FPT", "?"))
    assert (result.written, result.created, result.refused, result.run_id) == (False, 1, 1, None)
    assert result.problems[0].line == 3
    assert (count(session, Agent), count(session, ImportRun), count(session, AuditEntry)) == (0, 0, 0)


def test_partial_takes_the_good_rows(session: Session) -> None:
    result = take(session, HEADER, ZOE, MAX.replace("FPT", "?"), partial=True)
    assert (result.written, result.created, result.refused) == (True, 1, 1)
    assert set(agents(session)) == {"00042"}


def test_a_dry_run_counts_and_writes_nothing(session: Session) -> None:
    take(session, HEADER, ZOE)
    result = take(session, HEADER, ZOE.replace("Zoé", "Zoe"), MAX, dry_run=True)
    assert (result.written, result.created, result.changed) == (False, 1, 1)
    assert agents(session)["00042"].given_name == "Zoé"
    assert count(session, ImportRun) == 1


def test_a_file_without_a_good_row_writes_nothing(session: Session) -> None:
    assert not take(session, HEADER).written
    assert not take(session, HEADER, MAX.replace("FPT", "?"), partial=True).written
    assert count(session, ImportRun) == 0


def test_many_rows_in_several_batches(session: Session) -> None:
    lines = [ZOE.replace("00042", f"{number:05}") for number in range(2_500)]
    seen: list[float] = []
    result = take(session, HEADER, *lines, progress=seen.append)
    assert result.created == count(session, Agent) == 2_500
    assert seen == sorted(seen)
    assert seen[-1] == 1
    lines[2_400] = lines[2_400].replace("Justice", "Culture")
    again = take(session, HEADER, *lines)
    assert (again.created, again.changed, again.unchanged) == (0, 1, 2_499)


def test_problems_are_all_counted_and_the_first_ones_kept(session: Session) -> None:
    lines = [MAX.replace("00043", str(number)).replace("FPT", "?") for number in range(1_500)]
    result = take(session, HEADER, *lines)
    assert (result.refused, len(result.problems)) == (1_500, imports.KEPT_PROBLEMS)


def states(session: Session, number: str) -> list[AgentState]:
    query = select(AgentState).join(Agent, Agent.id == AgentState.agent_id).where(Agent.number == number)
    return list(session.scalars(query.order_by(AgentState.id)))


def test_names_lead_to_units_which_are_made(session: Session) -> None:
    other = "00044;Roy;Ana;FPE;JUSTICE;Dsj;Greffe;;;;"
    result = take(session, HEADER, ZOE, MAX, other)
    assert result.units == 4
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    zoe, ana = agents(session)["00042"], agents(session)["00044"]
    assert [units[zoe.unit_id].code, units[ana.unit_id].code] == ["Justice/DSJ/SDAT", "Justice/DSJ/Greffe"]
    assert units[zoe.unit_id].parent_id == units[ana.unit_id].parent_id
    top, directorate, service = (units[int(each)] for each in units[zoe.unit_id].path.split(".")[:-1])
    assert [top.kind, directorate.kind, service.kind] == ["ministry", "directorate", "service"]
    assert (service.id, top.parent_id, agents(session)["00043"].unit_id) == (zoe.unit_id, None, None)
    again = take(session, HEADER, ZOE.replace("Zoé", "Zoe"), MAX, other)
    assert (again.units, again.changed, count(session, Unit)) == (0, 1, 4)


def test_a_code_leads_to_a_known_unit_only(session: Session) -> None:
    take_file(session, file("code;nom;type;code parent", "M1;Justice;ministère;", "D1;DSJ;direction;M1"), kind="units")
    header = "identifiant agent;nom;prénom;versant;code unité"
    result = take(session, header, "1;A;B;FPE;D1", "2;C;D;FPE;", "3;E;F;FPE;D9")
    (problem,) = result.problems
    assert (problem.line, problem.column, problem.values) == (4, "code unité", {"code": "D9"})
    assert take(session, header, "1;A;B;FPE;D1", "2;C;D;FPE;").created == 2
    one = agents(session)["1"]
    assert (session.get_one(Unit, one.unit_id).code, one.ministry, one.directorate) == ("D1", "Justice", "DSJ")
    assert agents(session)["2"].unit_id is None


def test_who_moves_keeps_their_history(session: Session) -> None:
    first = take(session, HEADER, ZOE)
    second = take(session, HEADER, ZOE.replace("SDAT", "Greffe"))
    before, after = states(session, "00042")
    assert (before.until, before.closed_by, before.import_id) == (after.since, second.run_id, first.run_id)
    assert (after.until, after.import_id, after.unit_id) == (None, second.run_id, agents(session)["00042"].unit_id)
    take(session, HEADER, ZOE.replace("SDAT", "Greffe").replace("Zoé", "Zoe"))  # a name is no state
    assert len(states(session, "00042")) == 2


def test_a_whole_list_makes_leavers_and_asks_when_they_are_many(session: Session) -> None:
    many = [ZOE.replace("00042", f"{number:05}") for number in range(20)]
    take(session, HEADER, *many)
    assert take(session, HEADER, *many[1:]).left == 0  # not said to be whole
    asked = take(session, HEADER, *many[5:], whole=True)
    assert (asked.left, asked.to_confirm, asked.written) == (5, True, False)
    done = take(session, HEADER, *many[1:], whole=True)
    assert (done.left, done.written) == (1, True)
    gone = agents(session)["00000"]
    assert gone.left_at is not None
    assert states(session, "00000")[0].until == gone.left_at
    assert take(session, HEADER, *many[1:], whole=True).changes == 0
    assert take(session, HEADER, *many[8:], whole=True, confirmed=True).left == 7
    back = take(session, HEADER, *many)
    assert (back.changed, agents(session)["00000"].left_at) == (8, None)
    assert [each.until is None for each in states(session, "00000")] == [False, True]


def test_a_whole_list_with_a_refused_row_makes_no_leaver(session: Session) -> None:
    take(session, HEADER, ZOE, MAX)
    result = take(session, HEADER, ZOE.replace("FPE", "?"), whole=True, partial=True, confirmed=True)
    assert (result.left, result.refused, result.written) == (0, 1, False)


def test_a_day_of_leaving_closes_the_state_on_that_day(session: Session) -> None:
    header = "matricule;nom;prénom;versant;date de départ;population"
    take(session, header, "1;A;B;FPE;;oui", "2;C;D;FPE;3 janvier 2026;non")
    assert (states(session, "2"), agents(session)["2"].left_out) == ([], True)
    session.execute(update(AgentState).values(since=datetime(2026, 1, 10, tzinfo=UTC)))
    result = take(session, header, "1;A;B;FPE;01/02/2026;", "2;C;D;FPE;03/01/26;NON")
    assert (result.changed, result.unchanged) == (1, 1)
    (state,) = states(session, "1")
    assert state.until == agents(session)["1"].left_at == datetime(2026, 1, 31, 23, tzinfo=UTC)
    take(session, header, "1;A;B;FPE;01/01/2020;", "2;C;D;FPE;03/01/26;NON")
    assert states(session, "1")[0].until == datetime(2026, 1, 31, 23, tzinfo=UTC)  # that state was closed already


def test_who_leaves_on_a_day_to_come_is_there(session: Session) -> None:
    header = "matricule;nom;prénom;versant;date de départ"
    take(session, header, "1;A;B;FPE;")
    result = take(session, header, "1;A;B;FPE;31/12/2099", "2;C;D;FPE;31/12/2099")
    assert (result.created, result.unchanged, result.later) == (1, 1, 2)
    assert take(session, header, "1;A;B;FPE;", "2;C;D;FPE;").later == 0
    for number in "12":
        assert (agents(session)[number].left_at, [each.until for each in states(session, number)]) == (None, [None])


@pytest.mark.parametrize(("before", "after"), [("non", "oui"), ("oui", "non")])
def test_a_file_that_changes_who_counts_alone_is_undone_too(session: Session, before: str, after: str) -> None:
    header = "matricule;nom;prénom;versant;population"
    take(session, header, f"1;A;B;FPE;{before}", "2;C;D;FPE;oui")
    session.commit()
    was = [(each.since, each.until, each.population) for each in states(session, "1")]
    take(session, header, f"1;A;B;FPE;{after}", "2;C;D;FPE;oui")
    session.commit()
    assert [each.population for each in states(session, "1")][-1] is (after == "oui")
    undo(session, "agents")
    session.commit()
    assert [(each.since, each.until, each.population) for each in states(session, "1")] == was
    assert agents(session)["1"].population is (before == "oui")


@pytest.mark.parametrize("write", [xlsx, ods])
def test_the_worst_workbook(session: Session, write: Any) -> None:
    wide = [f"colonne {at}" for at in range(200)]
    rows_of = [
        ["Extraction SIRH du 3 janvier 2026"],
        [],
        ["Agent", None, None, "Affectation", None, None, None, "Sortie", *wide],
        ["Matricule", "Nom", "Prénom", "Versant", "Ministère", "SIRET", "Courriel", "Date de départ"],
        [1, "Lefèvre", "Zoé", "FPE", "Justice", 12345678901234, None, datetime(2026, 1, 3).date()],  # noqa: DTZ001
        ["2", "Roy", "Ana", "fpe", "Justice", "3.21E+13", None, "3 janvier 2026"],
        ["3", Formula("=B5", "Lefèvre"), "Max", "État", Formula("=X", "#REF!"), None, None, "03-01-26"],
        ["1", "Encore", "Elle", "FPE", "Justice", None, None, None],
        ["4", "Sa\u00efd", "Lou", "FPE", "\u00a0Justice\u202f", 3.21e13, "lou@example.org", "bientôt"],
    ]
    hidden = Page("Ancien", [["Matricule", "Nom", "Prénom", "Versant"], ["9", "X", "Y", "FPE"]], hidden=True)
    result = take_file(session, write(hidden, Page("Agents", rows_of, ["A3:C3"])), partial=True)
    assert (result.created, result.refused, result.units, result.sheet) == (1, 4, 1, "Agents")
    assert [(each.sheet, each.line, each.column) for each in result.problems] == [
        ("Agents", 6, "SIRET"), ("Agents", 7, "Ministère"), ("Agents", 8, "Matricule"), ("Agents", 9, "SIRET"),
        ("Agents", 9, "Date de départ"),
    ]  # fmt: skip
    zoe = agents(session)["1"]
    assert (zoe.siret, zoe.left_at) == ("12345678901234", datetime(2026, 1, 2, 23, tzinfo=UTC))
    assert result.ignored[:2] == ("colonne 0", "colonne 1")


def test_the_report_says_what_became_of_every_row(session: Session) -> None:
    take(session, HEADER, ZOE, MAX, "7;Parti;Ailleurs;FPH;;;;;;;", "8;Sans;Objet;FPH;;;;;;;")
    lines = (ZOE.replace(";A;", ";B;"), MAX, "9;Neuf;Nina;FPH;;;;;;;", "8;Sans;Objet;FPH;;;;;;;")
    with prepare(session, "agents", file(HEADER, *lines), Asked(whole=True, confirmed=True)) as act:
        act.write(act.look())
    found = [(each.line, each.key, each.outcome) for each in report_lines(act.report.content())]
    assert found == [
        (2, "00042", "changed"), (3, "00043", "unchanged"), (4, "9", "created"), (5, "8", "unchanged"), (0, "7", "left")
    ]  # fmt: skip
    assert next(report_lines(act.report.content())).details == ["category"]


def test_a_file_taken_in_by_two_tabs_at_once_keeps_what_became_of_its_rows(app: Flask, session: Session) -> None:
    officer = make_person(session, "rh@example.org")
    kept = receive(session, "agents", officer, "agents.csv", file(HEADER, ZOE, MAX).read())
    sheet, columns = recognise(session, "agents", file(HEADER, ZOE, MAX), Asked())
    remember(session, kept, sheet, columns)
    session.commit()

    def take_in(own: Session) -> None:
        ask(own, own.get_one(ImportFile, kept.id), {}, write=True)
        own.commit()

    together(app, [take_in])
    ask(session, kept, {}, write=True)  # the page of the other tab had read it before
    session.commit()
    session.expire_all()
    run = session.scalars(select(ImportRun)).one()
    assert (kept.run_id, kept.result["created"], kept.content) == (run.id, 2, b"")
    assert {line.outcome for line in report_lines(kept.report)} == {"created"}
