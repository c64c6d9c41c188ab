"""Answers of a form that must agree with one another, where none of them is wrong alone (docs/security.md)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.datastructures import MultiDict

from lms.app import create_app
from lms.forms.analysis import WhichForm
from lms.forms.budgets import CostForm, LineForm, SimulationForm
from lms.forms.exams import AccommodationForm
from lms.forms.hr_exports import ExportForm
from lms.forms.outline_label import WayRow
from lms.forms.population import RuleForm
from tests.conftest import make_config

NOW = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)  # the 28th already in France
COST = {"year": "2026", "label": "x", "amount": "10"}
EXPORT = {"report_key": "completions", "format_key": "csv", "purpose": "audit", "place": "download"}
WISH = {"agents": "10", "first": "2026", "last": "2027"}

#: (form, what is typed, the field that says so, what it says; None where it holds)
CASES: list[tuple[Callable[[], Any], dict[str, str], str, str | None]] = [
    (lambda: LineForm(), {"label": "x"}, "programme", "Give the programme, the BOP or the UO."),
    (lambda: LineForm(), {"bop": "a/b"}, "programme", "Programme, BOP and UO hold no slash."),
    (lambda: LineForm(), {"uo": "x"}, "programme", None),
    (lambda: CostForm([], [], []), COST | {"kind": "trainer"}, "quantity", "Write how many hours or seats."),
    (lambda: CostForm([], [], []), COST | {"kind": "licence"}, "quantity", "Write how many hours or seats."),
    (lambda: CostForm([], [], []), COST | {"kind": "session"}, "quantity", None),
    (lambda: CostForm([], [], []), COST | {"kind": "licence", "quantity": "3"}, "quantity", None),
    (lambda: SimulationForm(request.form, []), WISH | {"first": "2028"}, "last",
     "The last year comes before the first."),
    (lambda: SimulationForm(request.form, []), WISH | {"last": "2090"}, "last", "The path has four years."),
    (lambda: SimulationForm(request.form, []), WISH | {"agents": "1000000", "cost": "999999999"}, "agents",
     "This costs more than a budget may hold."),
    (lambda: SimulationForm(request.form, []), WISH, "last", None),
    (lambda: WhichForm(request.form, []), {"since": "02/09/2026", "until": "01/09/2026"}, "until",
     "The last day comes before the first."),
    (lambda: WhichForm(request.form, []), {"since": "01/09/2026", "until": "01/09/2026"}, "until", None),
    (lambda: AccommodationForm(NOW), {"until": "27/11/2026"}, "until", "This day is over. Give one to come, or none."),
    (lambda: AccommodationForm(NOW), {"until": "28/11/2026"}, "until", None),
    (lambda: ExportForm(("download",), schedules=True), EXPORT | {"schedule": "daily"}, "schedule",
     "Give a name to what is made again."),
    (lambda: ExportForm(("download",), schedules=True), EXPORT | {"schedule": "daily", "title": "x"}, "schedule", None),
    (lambda: RuleForm(["Attaché"]), {"words": "x", "corps": "attaché\nPréfet"}, "corps",
     "No agent has this corps: Préfet."),
    (lambda: RuleForm(["Attaché"]), {"words": "x", "corps": "ATTACHÉ"}, "corps", None),
    (lambda: way(), {"award": "agents", "modules": "d7"}, "modules", "Choose a certificate or name modules, not both."),
    (lambda: way(), {"modules": "d7"}, "modules", None),
]  # fmt: skip


def way() -> WayRow:
    """One way to a label, whose certificate is chosen among two."""
    row = WayRow(MultiDict(request.form))
    row.award.choices = [("", ""), ("agents", "")]
    return row


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The service, whose forms are asked without its database."""
    app = create_app(make_config("", tmp_path_factory.mktemp("forms")))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.mark.parametrize(("make", "typed", "field", "said"), CASES)
def test_what_must_agree_is_refused_where_it_does_not(
    forms: Flask, make: Callable[[], Any], typed: dict[str, str], field: str, said: str | None
) -> None:
    with forms.test_request_context(method="POST", data=typed, headers={"Accept-Language": "en"}):
        form = make()
        assert form.validate() is (said is None), form.errors
        assert [str(error) for error in form[field].errors] == ([said] if said else [])
