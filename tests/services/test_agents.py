"""Taking in HR's file of agents: any spreadsheet's CSV, every refusal located, all or nothing, twice the same."""

import hashlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.cells import UnreadableFile
from lms.models import Agent, AuditEntry, ImportRun
from lms.services.agent_files import recognise
from lms.services.agent_rows import AgentRow, read_rows
from lms.services.agents import ImportResult, import_agents

HEADER = "identifiant agent;nom;prénom;versant;ministère;direction;service;SIRET;catégorie;corps/emploi;courriel"
ZOE = "00042;Lefèvre;Zoé;FPE;Justice;DSJ;SDAT;01234567890123;A;Attachée;Zoe.Lefevre@example.org"
MAX = "00043;O'Brien;Max;FPT;;;;;;;"


def file(*lines: str, encoding: str = "utf-8", end: str = "\r\n") -> BytesIO:
    return BytesIO((end.join(lines) + end).encode(encoding))


def take(session: Session, *lines: str, **options: Any) -> ImportResult:
    return import_agents(session, file(*lines), **options)


def rows(content: BytesIO) -> list[Any]:
    return list(read_rows(content, recognise(content)))


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_files_of_any_spreadsheet(encoding: str, delimiter: str, end: str) -> None:
    lines = [line.replace(";", delimiter) for line in (HEADER, ZOE, MAX)]
    first, second = rows(file(*lines, encoding=encoding, end=end))
    assert first.values == {
        "number": "00042", "family_name": "Lefèvre", "given_name": "Zoé", "branch": "FPE", "ministry": "Justice",
        "directorate": "DSJ", "service": "SDAT", "siret": "01234567890123", "category": "A", "corps": "Attachée",
        "email": "zoe.lefevre@example.org",
    }  # fmt: skip
    assert (second.values["siret"], second.values["category"]) == (None, "non renseigné")


def test_headings_in_any_order_case_and_accent() -> None:
    (row,) = rows(file("VERSANT;Prenom;téléphone;NOM;Corps / Emploi;Identifiant  Agent", "fpe;Zoé;06;Lefèvre;X;7"))
    assert row.values == {
        "branch": "FPE", "given_name": "Zoé", "family_name": "Lefèvre", "corps": "X", "number": "7",
    }  # fmt: skip
    assert recognise(file("versant;prénom;téléphone;nom;identifiant")).ignored == ("téléphone",)


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


@pytest.mark.parametrize("number", ["3.21E+13", "3,21E+13", "3E13"])
def test_a_siret_a_spreadsheet_spoiled_is_named_as_such(number: str) -> None:
    column, what, fix = refusal(ZOE.replace("01234567890123", number))
    assert column == "SIRET"
    assert "a spreadsheet turned this cell into a number" in what
    assert "format Text" in fix


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
    assert isinstance(good, AgentRow)
    assert (again[0].line, again[0].values) == (3, {"number": "00042", "before": 2})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n", "empty"),
        (b"PK\x03\x04....", "workbook"),
        (b"%PDF-1.7", "workbook"),
        ((HEADER + "\n").encode("utf-16"), "UTF-16"),
        (b"a\0b\0", "UTF-16"),
        ("nom;prénom".encode(), "identifiant agent, versant"),
        (b"<html><body>502 Bad Gateway</body></html>", "Columns are missing"),
        ((HEADER + ";Nom de famille").encode(), "same one: nom"),
        (";".join(["x"] * 201).encode(), "201 columns; 200"),
        (b'"' + b"x" * 200_000, "not a header"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, says: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        recognise(BytesIO(content))
    assert says in str(caught.value)
    assert caught.value.problem.fix


def test_a_quotation_mark_out_of_place_is_found_at_its_line() -> None:
    with pytest.raises(UnreadableFile) as caught:
        rows(file(HEADER, ZOE, MAX.replace("O'Brien", '"O"Brien')))
    assert caught.value.problem.line == 3
    with pytest.raises(UnreadableFile):
        rows(file(HEADER, MAX.replace("O'Brien", '"never closed')))


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="larger"):
        recognise(file(HEADER, ZOE), max_bytes=50)


@given(st.binary(max_size=300))
def test_any_bytes_end_as_rows_or_as_an_explained_refusal(content: bytes) -> None:
    for body in (content, (HEADER + "\n").encode() + content):
        with suppress(UnreadableFile):
            assert all(isinstance(row, AgentRow) or row[0].what for row in rows(BytesIO(body)))


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
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)
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
    seen: list[int] = []
    result = take(session, HEADER, *lines, progress=seen.append)
    assert result.created == count(session, Agent) == 2_500
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= 2 * result.file.size
    lines[2_400] = lines[2_400].replace("Justice", "Culture")
    again = take(session, HEADER, *lines)
    assert (again.created, again.changed, again.unchanged) == (0, 1, 2_499)


def test_problems_are_all_counted_and_the_first_ones_kept(session: Session) -> None:
    lines = [MAX.replace("00043", str(number)).replace("FPT", "?") for number in range(1_500)]
    result = take(session, HEADER, *lines)
    assert (result.refused, len(result.problems)) == (1_500, 1_000)
