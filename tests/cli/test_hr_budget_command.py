"""``lms hr import-budget`` and ``undo-budget``: exit codes a script can rely on."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from lms.cli import hr_budget
from lms.models import AuditEntry, BudgetYear, db


def test_the_budget_in_and_back(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hr_budget, "create_app", lambda: app)
    path = tmp_path / "budget.csv"

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(hr_budget.command, list(arguments))
        with app.app_context():
            db.session.remove()
        return result.exit_code, result.output

    def years() -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(BudgetYear)) or 0

    path.write_text("Exercice;Programme;AE ouvertes;Note\n2027;148;1 234,56 €;\n2027;149;x;\n", "cp1252")
    code, said = run("import-budget", str(path))
    assert code == 1
    assert f"{path}:3 (AE ouvertes): « x » is not an amount." in said
    assert "Columns not read: Note." in said
    assert years() == 0
    path.write_text("Exercice;Programme;AE ouvertes\n2027;148;1 234,56 €\n", "cp1252")
    assert run("import-budget", str(path), "--dry-run")[1].endswith("0 refused. Nothing was written.\n")
    assert run("import-budget", str(path)) == (0, "1 rows: 1 new years of a line, 0 changed, 0 unchanged, 0 refused.\n")
    assert years() == 1
    code, said = run("undo-budget")
    assert (code, "is undone" in said, years()) == (0, True, 0)
    assert run("undo-budget") == (2, "There is no import of the budget to undo.\n")
    path.write_text("nothing;here\n1;2\n", "utf-8")
    assert run("import-budget", str(path))[0] == 2
    with app.app_context():
        actions = list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions == ["hr.import_budget", "hr.undo_budget"]
