"""HR's dashboard: right figures, of the visitor's scope alone, in few queries whatever their number."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.models import (
    Agent,
    AuditEntry,
    Unit,
    db,
    utcnow,
)
from lms.services.figures import refresh_all
from tests.figures_in_test import agent_in, follows, person_of, two_ministries
from tests.learner_in_test import data, statements, writes
from tests.views.test_hr_pages import sign_in


@pytest.fixture
def board(app: Flask) -> dict[str, int]:
    """Two ministries, and officers of the whole, of one of them, of a platform; numbers by name."""
    with app.app_context():
        return two_ministries(db.session())


def page_of(app: Flask, client: FlaskClient, person_id: int, path: str) -> str:
    sign_in(app, client, person_id, "hr")
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"[\u00a0\u202f]", " ", answer.text)


def test_the_figures_of_the_institution(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    page = page_of(app, client, board["whole"], "/hr/?lang=en")
    assert "31.8% of the agents of the population are trained." in page
    assert "7 trained of 22" in page
    assert "masked certified of 7 trained" in page  # one agent is nobody's business
    assert "7 / 11" in page  # Justice, in the map
    assert "Santé" in page


def test_the_budget_beside_its_path(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    page = page_of(app, client, board["justice"], "/hr/?lang=en")
    assert "90.0% of the rise goes to AI." in page
    assert "€13,333,333.33" in page
    assert "−€333,333.33" in page
    assert "€300,000.00" in page
    assert "80.0%" in page  # payment rate
    assert page.count('<svg class="wide"') >= 2
    assert "style=" not in page


def test_a_unit_opens_what_is_under_it(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    page = page_of(app, client, board["whole"], f"/hr/?lang=en&unit={board['top']}")
    assert f"unit={board['first']}" in page
    assert "63.6% of the agents" in page
    assert "Santé" not in page
    page = page_of(app, client, board["whole"], f"/hr/?lang=en&unit={board['top']}&category=B&track=decideurs")
    assert "60.0% of the agents" not in page  # three of five: masked
    assert "masked" in page


def test_nobody_sees_outside_their_scope(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    page = page_of(app, client, board["justice"], "/hr/?lang=en")
    assert "63.6% of the agents" in page
    assert "Santé" not in page
    assert "Justice, with all under it." in page
    for path in (f"/hr/?unit={board['other']}", f"/hr/gaps?unit={board['other']}", "/hr/?unit=999999"):
        assert client.get(path).status_code == 404
    sign_in(app, client, board["campus"], "hr")
    assert client.get(f"/hr/?unit={board['top']}").status_code == 404
    page = client.get("/hr/?lang=en").text
    assert "No agent of the population is declared here yet." in page  # none of its people is an agent
    assert "Justice" not in page


def test_the_report_is_of_the_scope(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    def agents(who: str) -> list[int | None]:
        sign_in(app, client, board[who], "hr")
        rows = client.get("/hr/export/indicators.json").get_json()["rows"]
        return [row["agents"] for row in rows]

    assert (agents("whole"), agents("justice"), agents("campus")) == ([22], [11], [])


def test_agents_to_train_are_of_the_scope_and_journaled(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    with app.app_context():
        names = {row.unit_id: row.number for row in db.session.query(Agent).order_by(Agent.id.desc())}
    page = page_of(app, client, board["justice"], "/hr/gaps?lang=en&track=decideurs")
    assert page.count('role="rowheader"') == 4  # eleven, of whom seven are trained
    assert page.index("Is enrolled") < page.index("Not enrolled")
    assert names[board["other"]] not in page
    with app.app_context():
        (line,) = db.session.query(AuditEntry).filter_by(action="hr.view")
        assert (line.person_id, line.target) == (board["justice"], "gaps")
        assert line.details == {"purpose": "training_plan", "page": 0, "filters": {"track": "decideurs"}}
    assert page_of(app, client, board["campus"], "/hr/gaps").count('role="rowheader"') == 0
    assert "Campus" not in page


@pytest.mark.parametrize(
    "query", ["day=hier", "day=2999-01-01", "day=0001-01-01", "branch=X", "track=nothing", "category=Z"]
)
def test_a_filter_that_cannot_be_is_explained(
    app: Flask, client: FlaskClient, board: dict[str, int], query: str
) -> None:
    sign_in(app, client, board["whole"], "hr")
    answer = client.get(f"/hr/?lang=en&{query}")
    assert answer.status_code == 400
    assert "needs your attention" in answer.text


def test_a_past_day_is_computed_from_the_facts(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    day = (utcnow() - timedelta(days=3)).date().isoformat()
    page = page_of(app, client, board["whole"], f"/hr/?lang=en&day={day}")
    assert "computed again from the facts" in page
    assert "0.0% of the agents of the population are trained." in page


@pytest.mark.usefixtures("session")
def test_the_page_costs_the_same_for_any_number(app: Flask, client: FlaskClient, board: dict[str, int]) -> None:
    sign_in(app, client, board["whole"], "hr")
    client.get("/hr/")
    with statements() as heard:
        assert client.get("/hr/").status_code == 200
    few = data(heard)
    assert len(few) <= 18
    assert writes(few) == []
    with app.app_context():
        unit = db.session.get(Unit, board["first"])
        for _ in range(20):
            follows(db.session(), person_of(db.session(), agent_in(db.session(), unit)))
        refresh_all(db.session())
    with statements() as heard:
        client.get("/hr/")
    assert len(data(heard)) == len(few)
