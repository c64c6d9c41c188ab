"""``lms hr``: a file in, a file out, and an exit code a script can rely on."""

import csv
import json
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from lms.cli import hr, hr_imports
from lms.models import Agent, AuditEntry, Enrolment, Person, Unit, db
from tests.workbooks_in_test import Page, xlsx

HEADER = "identifiant agent;nom;prénom;versant;SIRET;téléphone"
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    for module in (hr, hr_imports):
        monkeypatch.setattr(module, "create_app", lambda: app)
    return lambda *arguments: CliRunner().invoke(hr.command, [str(argument) for argument in arguments])


@pytest.fixture
def enrolled(app: Flask) -> None:
    with app.app_context():
        who = Person(subject="m", email="m@example.org", family_name="Martin", given_name="Zoé", sourced_id="00042")
        values = {"track_key": "decideurs", "track_version": "2026.1", "track_digest": "0"}
        db.session.add(Enrolment(person=who, **values))
        db.session.commit()


def written(folder: Path, *lines: str) -> Path:
    path = folder / "agents.csv"
    path.write_text("\r\n".join(lines), "utf-8-sig")
    return path


def stored(app: Flask, column: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(select(column)))


def test_agents_in(app: Flask, run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "00042;Martin;Zoé;FPE;01234567890123;06")
    result = run("import-agents", path)
    assert (result.exit_code, result.stdout) == (0, "1 rows: 1 new agents, 0 changed, 0 unchanged, 0 refused.\n")
    assert "téléphone" in result.stderr
    assert stored(app, Agent.number) == ["00042"]
    assert "0 new agents, 0 changed, 1 unchanged" in run("import-agents", path).stdout


def test_a_day_of_leaving_to_come_is_told(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER};date de départ", "1;X;Y;FPE;;;31/12/2099")
    result = run("import-agents", path)
    assert (result.exit_code, result.stdout) == (0, "1 rows: 1 new agents, 0 changed, 0 unchanged, 0 refused.\n")
    assert "1 agents leave on a day to come, and are there until then" in result.stderr


def test_a_refused_row_is_located_and_nothing_is_written(app: Flask, run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "1;X;Y;FPE;;", "2;X;Y;FPE;3.21E+13;")
    result = run("import-agents", path)
    assert result.exit_code == 1
    assert f"{path}:3 (SIRET): « 3.21E+13 »: a spreadsheet turned this cell" in result.stderr
    assert "Nothing was written." in result.stdout
    assert stored(app, Agent.number) == []
    assert run("import-agents", path, "--partial").exit_code == 1
    assert stored(app, Agent.number) == ["1"]


def test_a_dry_run_writes_nothing(app: Flask, run: Run, tmp_path: Path) -> None:
    result = run("import-agents", written(tmp_path, HEADER, "1;X;Y;FPE;;"), "--dry-run")
    assert (result.exit_code, stored(app, Agent.number)) == (0, [])
    assert "1 new agents" in result.stdout


def test_a_file_that_is_none_is_explained(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "agents.csv"
    path.write_bytes(b"PK\x03\x04")
    result = run("import-agents", path)
    assert result.exit_code == 2
    assert "save it again" in result.stderr
    assert run("import-agents", tmp_path / "absent.csv").exit_code == 2


def test_units_then_agents_of_a_workbook_then_back(app: Flask, run: Run, tmp_path: Path) -> None:
    book = xlsx(
        Page("Structures", [["Code", "Nom", "Type", "Code parent"], ["D1", "DSJ", "direction", "M1"],
                            ["M1", "Justice", "ministère"]]),
        Page("Agents", [["Matricule", "Nom", "Prénom", "Versant", "Code unité"], ["1", "A", "B", "FPE", "D1"],
                        ["2", "C", "D", "FPE", "M1"]]),
    )  # fmt: skip
    path = tmp_path / "sirh.xlsx"
    path.write_bytes(book.getvalue())
    assert run("import-units", path).stdout == "2 rows: 2 new units, 0 changed, 0 unchanged, 0 refused.\n"
    assert run("import-agents", path, "--sheet", "Nulle part").exit_code == 2
    assert run("import-agents", path, "--whole").stdout.startswith("2 rows: 2 new agents")
    path.write_bytes(xlsx(Page("Agents", [["Matricule", "Nom", "Prénom", "Versant"], ["1", "A", "B", "X"]])).getvalue())
    assert f"{path} [Agents]:2 (Versant): « X »" in run("import-agents", path).stderr
    path.write_text("Matricule;Nom;Prénom;Versant\n1;A;B;FPE\n")
    asked = run("import-agents", path, "--whole")
    assert (asked.exit_code, "--confirm" in asked.stderr) == (1, True)
    assert "1 left." in run("import-agents", path, "--whole", "--confirm").stdout
    assert run("undo-import", "units").exit_code == 1
    assert [run("undo-import", kind).exit_code for kind in ("agents", "agents", "units", "units")] == [0, 0, 0, 2]
    assert stored(app, Agent.number) == stored(app, Unit.code) == []


@pytest.mark.usefixtures("enrolled")
def test_a_report_out(app: Flask, run: Run, tmp_path: Path) -> None:
    printed = run("export", "completions").stdout_bytes.decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(printed, newline=""), delimiter=";"))
    assert {row["nom"] for row in rows} == {"Martin"}
    path = tmp_path / "file.json"
    options = ["-o", path, "--filter", "track=decideurs", "--filter", "status=enrolled", "--language", "en"]
    result = run("export", "completions", "--format", "json", *options)
    assert (result.exit_code, result.stdout) == (0, "")
    file = json.loads(path.read_text("utf-8"))
    assert file["count"] == len(rows)
    assert file["provenance"]["filters"] == "Track\u00a0: Public decision makers, Status\u00a0: enrolled"
    assert "command line" in file["provenance"]["author"]
    assert stored(app, AuditEntry.target) == ["completions.csv", "completions.json"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing"], "completions"),
        (["completions", "--format", "doc"], "json"),
        (["completions", "--filter", "status"], "KEY=VALUE"),
        (["completions", "--filter", "status=done"], "Possible: enrolled, in_progress, completed"),
        (["completions", "--filter", "name=X"], "Possible: track, status, from, to, ministry"),
    ],
)
def test_a_request_not_understood_says_what_is_possible(run: Run, arguments: list[str], says: str) -> None:
    result = run("export", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.usefixtures("enrolled")
def test_a_file_that_fails_leaves_nothing_behind(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms.exports.xlsx.SHEET_LINES", 1)
    result = run("export", "completions", "--format", "xlsx", "-o", tmp_path / "file.xlsx")
    assert result.exit_code == 2
    assert "choose csv" in result.stderr
    assert not list(tmp_path.glob("file*"))


@pytest.mark.usefixtures("enrolled")
def test_two_at_once_into_one_file_leave_a_whole_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    others: list[Result] = []
    real = hr.pieces

    def beside_another(*arguments: Any) -> Iterator[bytes]:
        begun.append(1)
        yield from real(*arguments)
        if begun == [1]:  # the first one has written all of its rows, and waits for the disk
            others.append(run("export", "completions", "-o", tmp_path / "file.csv"))

    monkeypatch.setattr(hr, "pieces", beside_another)
    kept = tmp_path / "file.csv.part"
    kept.write_text("somebody else's")
    assert run("export", "completions", "-o", tmp_path / "file.csv").exit_code == 0
    assert [other.exit_code for other in others] == [0]
    assert (tmp_path / "file.csv").read_text("utf-8-sig").count("identifiant agent") == 1
    assert kept.read_text() == "somebody else's"
