"""What cannot be done ends as a page anyone can use, or as JSON; details stay in the log, people out of it."""

import json
import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog
from flask import Flask, abort, make_response, request
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from lms.app import create_app
from lms.errors import Refused
from lms.logs import add_request_id, init_logs
from lms.models import db
from tests.conftest import make_config

JSON = {"Accept": "application/json"}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def app(app: Flask) -> Flask:
    """The service with pages that fail."""

    def boom(name: str) -> str:
        token = request.args["token"]
        raise ValueError(f"{name} has {token}")

    def chained(name: str) -> str:
        try:
            db.session.execute(text("insert into nowhere values (:name)"), {"name": name})
        except Exception as error:
            raise LookupError(name) from error
        return ""

    def refused() -> str:
        raise Refused("This certificate is withdrawn.", "Ask its issuer.", status=409, cause="withdrawn")

    def status(code: int) -> str:
        abort(code)

    def ready_made() -> str:
        abort(make_response("as made", 418))

    app.add_url_rule("/boom/<name>", view_func=boom, methods=["GET", "POST"])
    app.add_url_rule("/chained/<name>", view_func=chained)
    app.add_url_rule("/refused", view_func=refused)
    app.add_url_rule("/status/<int:code>", endpoint="status", view_func=status)
    app.add_url_rule("/ready-made", view_func=ready_made)
    return app


def page(answer: TestResponse, status: int) -> str:
    """The text of an error page that keeps what every page owes."""
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    html = answer.text
    assert re.search(r'<html lang="(fr|en)"', html)
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert len(re.findall(r"<main[ >]", html)) == 1
    assert re.search(r"<title>[^<]+ · Manager Public IA</title>", html)
    assert 'class="skip" href="#content"' in html
    assert re.search(r'id="reference">[0-9A-F]{12}<', html)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    return html


def body(answer: TestResponse, status: int) -> dict[str, str]:
    """The JSON of an error."""
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    values: dict[str, str] = answer.get_json()
    assert set(values) == {"message", "fix", "reference"}
    assert all(values.values())
    return values


@pytest.mark.parametrize(
    ("method", "path", "status", "said", "fix"),
    [
        ("GET", "/nowhere", 404, "This page does not exist.", "Check the address"),
        ("GET", "/learn/", 401, "You are not signed in", "Open the activity again"),
        ("DELETE", "/verify", 405, "cannot be used in this way", "Go back"),
        ("GET", "/status/400", 400, "could not be understood", "Go back"),
        ("GET", "/status/403", 403, "Your role does not open this page.", "Ask the person in charge"),
        ("GET", "/status/413", 413, "too large", "smaller file"),
        ("GET", "/status/415", 415, "could not be understood", "Go back"),
        ("GET", "/status/422", 422, "could not be understood", "Go back"),
        ("GET", "/status/429", 429, "Too many requests", "Wait a minute"),
        ("GET", "/status/503", 503, "The service met a problem.", "Nothing is lost."),
        ("GET", "/boom/x?token=t", 500, "The service met a problem.", "Nothing is lost."),
        ("GET", "/refused", 409, "This certificate is withdrawn.", "Ask its issuer."),
    ],
)
def test_an_error_is_a_page_that_says_what_and_what_to_do_or_json(
    app: Flask, method: str, path: str, status: int, said: str, fix: str
) -> None:
    client = app.test_client()
    html = page(client.open(path, method=method, headers=ENGLISH), status)
    assert said in html
    assert fix in html
    values = body(client.open(path, method=method, headers={**ENGLISH, **JSON}), status)
    assert said in values["message"]
    assert fix in values["fix"]


def test_what_is_allowed_is_said_with_405(app: Flask) -> None:
    answer = app.test_client().delete("/verify")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_too_large_a_body_is_refused_before_it_is_read(app: Flask) -> None:
    limit = app.config["MAX_CONTENT_LENGTH"]
    form = "application/x-www-form-urlencoded"
    answer = app.test_client().post("/verify", data=b"x" * (limit + 1), content_type=form, headers=ENGLISH)
    assert "too large" in page(answer, 413)


@pytest.fixture
def guarded(app: Flask) -> Flask:
    """The service as it runs: forms need their token."""
    assert app.config.get("WTF_CSRF_ENABLED", True)
    return app


@pytest.mark.parametrize("token", ["", "forged", "InZhbGlkLWxvb2tpbmci.aaaa.bbbb"])
def test_a_form_from_elsewhere_is_refused_with_the_way_back(guarded: Flask, token: str) -> None:
    form = {"language": "en", "csrf_token": token}
    html = page(guarded.test_client().post("/account/language", data=form, headers=ENGLISH), 400)
    assert "This page was open for too long" in html
    assert "Saved answers are kept" in html
    values = body(guarded.test_client().post("/account/language", data=form, headers={**ENGLISH, **JSON}), 400)
    assert "open for too long" in values["message"]


def test_a_failure_hides_its_details_and_gives_the_reference_of_the_log(app: Flask) -> None:
    with capture_logs([add_request_id]) as events:
        answer = app.test_client().get("/boom/Lefevre?token=s3cr3t", headers=ENGLISH)
    html = page(answer, 500)
    assert "Lefevre has" not in html
    assert "ValueError" not in html
    assert "Traceback" not in html
    event, access = events
    assert f'id="reference">{event["request_id"]}<' in html
    assert answer.headers["X-Request-ID"] == event["request_id"] == access["request_id"]
    assert (event["event"], event["log_level"], event["route"]) == ("unexpected", "error", "boom")
    assert (access["event"], access["route"], access["status"]) == ("request", "boom", 500)
    assert event["trace"][0].startswith("ValueError: ")
    assert "test_errors.py" in event["trace"][0]


def test_every_failure_has_a_reference_of_its_own(app: Flask) -> None:
    client = app.test_client()
    references = {client.get("/nowhere", headers=JSON).get_json()["reference"] for _ in range(5)}
    assert len(references) == 5


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """The log as the command writes it."""
    before, written = structlog.get_config(), StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    init_logs()
    yield written
    structlog.configure(**before)


@pytest.mark.parametrize("path", ["/boom/Lefevre?token=s3cr3t", "/chained/Lefevre?token=s3cr3t", "/refused?n=Lefevre"])
def test_no_name_and_no_token_reaches_the_log(app: Flask, log: StringIO, path: str) -> None:
    app.test_client().get(path, headers={"Authorization": "Bearer s3cr3t", "Cookie": "mpia=s3cr3t"})
    written = log.getvalue()
    events = [json.loads(line) for line in written.splitlines()]
    assert [event["event"] for event in events] in (["unexpected", "request"], ["refused", "request"])
    assert events[0]["timestamp"].endswith("Z")
    assert "Lefevre" not in written
    assert "s3cr3t" not in written


def test_the_log_names_the_causes_of_a_failure(app: Flask) -> None:
    with capture_logs() as events:
        app.test_client().get("/chained/Lefevre")
    kinds = [line.split(":")[0] for line in events[0]["trace"]]
    assert kinds[0] == "LookupError"
    assert kinds[1] in {"OperationalError", "ProgrammingError"}


def test_a_refusal_is_logged_by_its_cause(app: Flask) -> None:
    with capture_logs() as events:
        app.test_client().get("/refused")
    event, _access = events
    assert (event["event"], event["cause"], event["status"]) == ("refused", "withdrawn", 409)


def test_what_failed_half_way_is_undone(app: Flask) -> None:
    def half() -> str:
        db.session.execute(text("delete from tool_key"))
        raise RuntimeError

    app.add_url_rule("/half", view_func=half, methods=["GET"])
    with app.app_context():
        before = db.session.execute(text("select count(*) from tool_key")).scalar()
        db.session.rollback()
    assert before == 1
    page(app.test_client().get("/half"), 500)
    with app.app_context():
        assert db.session.execute(text("select count(*) from tool_key")).scalar() == before


def test_a_ready_made_answer_passes_as_it_is(app: Flask) -> None:
    answer = app.test_client().get("/ready-made")
    assert (answer.status_code, answer.text) == (418, "as made")


def test_a_redirection_is_of_no_other_kind(app: Flask) -> None:
    for path in ("/learn", "/account/second-factor"):
        answer = app.test_client().get(path)
        assert 300 <= answer.status_code < 400
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_redirection_is_not_an_error(app: Flask) -> None:
    answer = app.test_client().get("/learn")
    assert answer.status_code in {301, 308}


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/account/login", 503), ("/verify/ABC", 503)])
def test_a_database_that_does_not_answer_ends_as_a_page_too(tmp_path: Path, path: str, status: int) -> None:
    application = create_app(make_config("postgresql://nobody:nothing@127.0.0.1:1/none", tmp_path))
    client = application.test_client()
    with client.session_transaction() as cookie:
        cookie["sid"] = "x" * 43
    html = page(client.get(path, headers=ENGLISH), status)
    assert "127.0.0.1" not in html
    assert "nothing" not in html.replace("Nothing is lost", "")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_error_speaks_the_readers_language(app: Flask, language: str) -> None:
    html = page(app.test_client().get("/nowhere", headers={"Accept-Language": language}), 404)
    assert f'<html lang="{language}"' in html


def test_what_was_asked_is_never_written_back_as_html(app: Flask) -> None:
    html = page(app.test_client().get("/nowhere/<script>alert(1)</script>?next=<b>x</b>"), 404)
    assert "<script>alert" not in html
    assert "<b>x" not in html


def test_what_passes_by_itself_leads_back_to_where_one_was(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    client = app.test_client()
    here, mine = "http://localhost/boom/x?token=a&b=c", "http://localhost/learn/page"
    assert f'href="{here.replace("&", "&amp;")}"' in page(client.get("/boom/x?token=a&b=c", headers=ENGLISH), 500)
    sent = page(client.post("/boom/x?token=a", headers=ENGLISH | {"Referer": mine}), 500)
    assert f'href="{mine}"' in sent
    assert "Back to my page" in sent
    for elsewhere in ("", "https://elsewhere.example/learn", "http://localhost.elsewhere.example/", "javascript:x"):
        other = page(client.post("/boom/x?token=a", headers=ENGLISH | {"Referer": elsewhere}), 500)
        assert "Back to my page" not in other
    # What the request itself is at fault for does not pass by itself.
    assert "again</a>" not in page(client.get("/status/404", headers=ENGLISH), 404)
