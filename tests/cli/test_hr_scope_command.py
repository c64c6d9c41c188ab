"""``lms hr scope``: who sees which units, from the command line."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from lms.cli import cli, hr_scope
from lms.models import HrScope, db
from lms.services.units import make_unit
from tests.account_in_test import make_person

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(hr_scope, "create_app", lambda: app)
    with app.app_context():
        make_unit(db.session(), "M1", "Ministère")
        make_unit(db.session(), "M2", "Autre")
        make_person(db.session(), "zoe@example.org", account="hr")
        make_person(db.session(), "max@example.org", account="author")
        db.session.commit()
        db.session.remove()

    def said(*arguments: Any) -> Result:
        return CliRunner().invoke(cli, ["hr", "scope", *arguments])

    return said


def opened(app: Flask) -> int:
    with app.app_context():
        found: int = db.session.query(HrScope).count()
        db.session.remove()
    return found


def test_units_are_opened_listed_and_taken_back(app: Flask, run: Run) -> None:
    assert run("list").output == "zoe@example.org (local): the whole institution\n"
    assert run("give", "ZOE@example.org", "M1", "M2").output == "2 opened.\n"
    assert run("give", "zoe@example.org", "M1").output == "0 opened.\n"
    run("give", "max@example.org", "M2")
    assert run("list").output.splitlines() == [
        "max@example.org (local): M2 (Autre) (has not the role yet)",
        "zoe@example.org (local): M2 (Autre), M1 (Ministère)",
    ]
    assert run("take", "zoe@example.org", "M2").exit_code == 0
    refused = run("take", "zoe@example.org", "M1")
    assert refused.exit_code == 1
    assert "--whole" in refused.output
    assert opened(app) == 2
    assert run("take", "zoe@example.org", "M1", "--whole").output == "1 taken back.\n"
    assert opened(app) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["give", "zoe@example.org", "M1", "M9"], "No unit has this code: M9."),
        (["give", "nobody@example.org", "M1"], "Nobody has this address there."),
        (["give", "zoe@example.org", "M1", "--platform", "4"], "Nobody has this address there."),
        (["take", "zoe@example.org", "M1"], "Not opened to them: M1."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(app: Flask, run: Run, arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert told in result.output
    assert opened(app) == 0
