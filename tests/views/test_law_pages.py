"""The legal watch in the browser."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import ReviewTask
from tests.account_in_test import browser_of, token_of
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest

LAW = "ai-act-26"


@pytest.fixture
def author(app: Flask) -> FlaskClient:
    return browser_of(app, "zoe@example.org", "author")


def post(browser: FlaskClient, url: str, status: int = 303, **values: str) -> str:
    answer = browser.post(f"/author/law/{url}", data={**values, "csrf_token": token_of(browser)})
    assert answer.status_code == status, answer.text
    return answer.text if status != 303 else browser.get(answer.location).text


def test_what_a_reference_touches_is_said_in_numbers(author: FlaskClient, platform: PlatformInTest) -> None:
    platform.launched()
    page = author.get("/author/law").text
    assert f'href="/author/law/{LAW}"' in page
    page = author.get(f"/author/law/{LAW}").text
    assert re.search(r'data-label="Cohortes">1<.*data-label="Apprenants">1<', page, re.DOTALL)
    assert "Martin" not in page
    assert author.get("/author/law/unknown").status_code == 404


def test_a_text_that_changed_is_read_again_until_closed(author: FlaskClient, session: Session) -> None:
    page = post(author, f"{LAW}/changed", version=" 2026-09-30 ", in_force_from="01/12/2026", note="Le délai change.")
    assert page.count("Le délai change.") == 3
    assert "01/12/2026" in page
    post(author, f"{LAW}/changed", version="2026-09-30")
    rows = session.query(ReviewTask).order_by(ReviewTask.id).all()
    assert [row.module_key for row in rows] == ["d1", "d2", "d3"]
    number = rows[0].id
    session.rollback()
    assert f'href="/author/law/{LAW}"' in author.get("/author/decideurs/").text
    refused = post(author, f"tasks/{number}/close", 400, outcome="x" * 2001)
    assert "x" * 2001 in refused, "what was typed is still there"
    post(author, f"tasks/{number}/close", 400, outcome=" ")
    page = post(author, f"tasks/{number}/close", outcome="Relu, rien à changer.")
    assert page.count("Le délai change.") == 2
    post(author, f"tasks/{number}/close", outcome="Relu une autre fois.")
    post(author, "tasks/999/close", 404, outcome="Relu.")
    assert session.get_one(ReviewTask, number).outcome == "Relu, rien à changer."


def test_what_cannot_be_kept_is_refused_and_nothing_is_lost(author: FlaskClient, session: Session) -> None:
    for wrong in (
        {"version": ""}, {"version": "  "}, {"version": "x" * 51}, {"version": "2026", "in_force_from": "demain"},
        {"version": "2026", "note": "x" * 2001},
    ):  # fmt: skip
        page = post(author, f"{LAW}/changed", 400, **wrong)
        assert all(value.strip() in page for value in wrong.values())
    assert count(session, ReviewTask) == 0
    session.rollback()  # a test that reads on keeps the others from writing
    post(author, "unknown/changed", 404, version="2026")


def test_who_writes_nothing_watches_nothing(learner_client: FlaskClient) -> None:
    assert learner_client.get("/author/law").status_code == 403
    assert learner_client.get(f"/author/law/{LAW}").status_code == 403
