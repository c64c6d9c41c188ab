"""Limited pages answer so many requests of one address, then say to wait."""

from pathlib import Path

import pytest

from lms import security
from lms.app import create_app
from lms.counting import ByMinute
from lms.security import limited
from tests.conftest import make_config


def test_a_limited_page_answers_so_often_to_one_address(tmp_path: Path) -> None:
    app = create_app(make_config("", tmp_path, testing=False))

    @limited("3 per minute")
    def busy() -> str:
        return "here"

    @limited("1 per minute")
    def other() -> str:
        return "there"

    app.add_url_rule("/busy", view_func=busy)
    app.add_url_rule("/other", view_func=other)
    client = app.test_client()
    assert [client.get("/busy").status_code for _turn in range(5)] == [200, 200, 200, 429, 429]
    assert client.get("/other").status_code == 200
    assert client.get("/busy", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_a_session_asks_so_often_whatever_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "BY_SESSION", 3)
    app, now = create_app(make_config("", tmp_path, testing=False, idle_minutes=0)), [60.0]
    app.extensions["pages_of_sessions"] = ByMinute(lambda: now[0])
    app.add_url_rule("/here", "here", lambda: "here")
    app.add_url_rule("/there", "there", lambda: "there")
    client, fellow = app.test_client(), app.test_client()
    for browser, sid in ((client, "one"), (fellow, "another")):
        with browser.session_transaction() as session:
            session["sid"] = sid
    assert [client.get(path).status_code for path in ("/here", "/there", "/here")] == [200, 200, 200]
    refused = client.get("/there", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert refused.json is not None
    assert refused.json["fix"]
    assert fellow.get("/there").status_code == 200
    with client.get("/static/look.css") as told:
        assert told.status_code == 200
    assert [app.test_client().get("/here").status_code for _turn in range(5)] == [200] * 5  # nobody's session
    now[0] += 60
    assert client.get("/there").status_code == 200
