"""The browser's cookie: Flask's own in name, attributes and signature."""

from pathlib import Path

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import parse_cookie

from lms.app import create_app
from tests.conftest import make_config

VALUES = {"sid": "s" * 43, "frame": "https://lms.example.org", "_flashes": [("ok", "Gardé.")]}


@pytest.fixture
def service(tmp_path: Path) -> Flask:
    """A service with pages that change the session, and no database."""
    app = create_app(make_config("", tmp_path))

    def keep() -> str:
        session.update(VALUES)
        return ""

    def drop() -> str:
        session.clear()
        return ""

    def show() -> dict[str, object]:
        return {"sid": session.get("sid")}

    for view in (keep, drop, show):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    return app


def test_flask_reads_what_we_write_and_we_read_what_flask_writes(service: Flask) -> None:
    ours, flasks = service.session_interface, SecureCookieSessionInterface()
    assert isinstance(ours, SecureCookieSessionInterface)
    mine, theirs = ours.get_signing_serializer(service), flasks.get_signing_serializer(service)
    assert mine is not None
    assert theirs is not None
    assert theirs.loads(mine.dumps(VALUES)) == mine.loads(theirs.dumps(VALUES)) == VALUES


def test_its_attributes_are_flasks(service: Flask) -> None:
    mine = service.test_client().get("/keep").headers.getlist("Set-Cookie")
    service.session_interface = SecureCookieSessionInterface()
    theirs = service.test_client().get("/keep").headers.getlist("Set-Cookie")
    assert len(mine) == len(theirs) == 1
    assert mine[0].partition(";")[2] == theirs[0].partition(";")[2]
    assert set(parse_cookie(mine[0].partition(";")[0])) == {"mpia"}


def test_it_is_sent_when_it_changes_and_taken_away_when_empty(service: Flask) -> None:
    client = service.test_client()
    assert "Set-Cookie" not in client.get("/show").headers
    client.get("/keep")
    shown = client.get("/show")
    assert shown.json == {"sid": VALUES["sid"]}
    assert "Set-Cookie" not in shown.headers
    assert "Cookie" in shown.headers["Vary"]
    assert "Max-Age=0" in client.get("/drop").headers["Set-Cookie"]
    assert client.get("/show").json == {"sid": None}


def test_an_altered_cookie_is_nobodys(service: Flask) -> None:
    client = service.test_client()
    client.get("/keep")
    cookie = client.get_cookie("mpia")
    assert cookie is not None
    for value in (cookie.value[:-2], "x" + cookie.value, cookie.value.partition(".")[0], ""):
        client.set_cookie("mpia", value)
        assert client.get("/show").json == {"sid": None}
