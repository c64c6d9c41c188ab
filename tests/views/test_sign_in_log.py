"""Sign-ins and refusals of rights in the log: what, by which way, at which route, and never who."""

from flask import Flask
from structlog.testing import capture_logs

from tests.account_in_test import PASSWORD, browser_of
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
