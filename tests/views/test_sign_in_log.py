"""Sign-ins and refusals of rights in the log: what, by which way, at which route, and never who."""

from pathlib import Path

from flask import Flask
from structlog.testing import capture_logs

from lms.app import create_app
from lms.logs import add_request_id
from lms.security import limited
from tests.account_in_test import PASSWORD, browser_of
from tests.conftest import make_config
from tests.factors_in_test import post

EMAIL = "ada@example.org"


def test_sign_ins_by_password_are_logged_without_anybody(app: Flask) -> None:
    browser_of(app, EMAIL, account="hr")
    with capture_logs() as events:
        post(app.test_client(), "/account/login", username=EMAIL, password="a wrong password")
        post(app.test_client(), "/account/login", username="nobody@example.org", password=PASSWORD)
        post(app.test_client(), "/account/login", username=EMAIL, password=PASSWORD)
    said = [(event["event"], event["kind"]) for event in events if event["event"] != "request"]
    assert said == [("sign_in_refused", "password")] * 2 + [("signed_in", "password")]
    assert "example.org" not in str(events)
    assert PASSWORD not in str(events)


def test_what_is_refused_is_logged_with_its_route(app: Flask) -> None:
    browser = browser_of(app, EMAIL, account="hr")
    with capture_logs() as events:
        browser.get("/admin/")
        browser.get("/no/such/page")
        app.test_client().get("/hr/")
    lines = [(event["route"], event["status"]) for event in events if event["event"] == "request"]
    assert lines == [("admin.index", 403), ("none", 404), ("hr.index", 401)]


def test_who_tries_to_get_round_a_rule_is_logged_without_anybody(app: Flask) -> None:
    """A forged form, a forged permission, a sign no one types, another method, a parameter nobody knows."""
    browser = browser_of(app, EMAIL, account="administrator")
    attempt = "0" * 8 + "-0000-0000-0000-" + "0" * 12
    with capture_logs([add_request_id]) as events:
        browser.post("/account/language", data={"language": "fr", "csrf_token": "Lefevre"})
        browser.post(f"/assessments/{attempt}/1", data={"permission": "Lefevre"})
        browser.post("/account/language", data={"language": "Lefevre\0", "csrf_token": "x"})
        browser.put("/account/language", data={"language": "Lefevre"})
        browser.get("/api/v1/completions?Lefevre=1")
    causes = [(event["cause"], event["status"]) for event in events if event["event"] == "refused"]
    assert causes.count(("form_token", 400)) == 2
    lines = [event for event in events if event["event"] == "request"]
    assert len(lines) == 5
    assert all(400 <= event["status"] < 500 for event in lines)
    ids = [event["request_id"] for event in lines]
    assert len(set(ids)) == 5
    assert {event["request_id"] for event in events if event["event"] == "refused"} <= set(ids)
    for told in ("Lefevre", EMAIL, attempt):
        assert told not in str(events)


def test_so_is_who_asks_too_often(tmp_path: Path) -> None:
    app = create_app(make_config("", tmp_path, testing=False))
    app.add_url_rule("/busy", view_func=limited("1 per minute")(lambda: "here"), endpoint="busy")
    client = app.test_client()
    with capture_logs([add_request_id]) as events:
        for _turn in range(3):
            client.get("/busy?name=Lefevre", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert [(event["event"], event["route"], event["status"]) for event in events] == [
        ("request", "busy", 200), ("request", "busy", 429), ("request", "busy", 429),
    ]  # fmt: skip
    assert len({event["request_id"] for event in events}) == 3
    assert "192.0.2.7" not in str(events)
    assert "Lefevre" not in str(events)
