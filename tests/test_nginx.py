"""The proxy of an installation with systemd, run: ``docs/deploy/nginx.conf`` by a real nginx before real sockets."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, Response, request

from lms.app import create_app
from lms.devlms import serve
from lms.doctor.outside import certificate, compression, public
from lms.models import db
from tests.conftest import make_config
from tests.deploy_in_test import DEPLOY
from tests.nginx_in_test import Nginx
from tests.running_in_test import free_port

#: What a visitor may write in the hope of being believed.
FORGED = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1", "X-Forwarded-Prefix": "/evil", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9",
}  # fmt: skip


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[int]:
    """That application, served by a thread; its port."""
    server = serve(app, "127.0.0.1", port)
    try:
        yield server.port
    finally:
        server.stop()


class Told(Flask):
    """Says what it was told, as JSON, large enough to compress; ``asked`` are the ways it was asked."""

    def __init__(self) -> None:
        super().__init__("told")
        self.asked: list[str] = []
        self.add_url_rule("/<path:path>", view_func=self.say, methods=["GET", "POST"])

    def say(self, path: str) -> Response:
        """The environment of the request."""
        self.asked.append(request.method)
        request.get_data()
        told = {name: value for name, value in request.environ.items() if isinstance(value, str)}
        kind = "text/csv" if path.endswith(".csv") else "application/json"
        return Response(json.dumps({**told, "filled": " " * 5000}), mimetype=kind)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def nginx(told: Told, tmp_path: Path) -> Iterator[Nginx]:
    """Before that application, whose twin is not there."""
    with served(told) as port, Nginx(tmp_path, free_port(), port) as running:
        yield running


def test_nothing_that_a_visitor_writes_is_believed(nginx: Nginx) -> None:
    with nginx.browser() as browser:
        said = browser.get("/x", headers=FORGED).json()
    known = {name: said.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in FORGED}
    assert known == {
        "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "127.0.0.1",
        "X-Forwarded-Port": str(nginx.port), "X-Forwarded-Prefix": "", "X-Real-IP": "", "Forwarded": "",
    }  # fmt: skip


def test_a_service_that_is_gone_is_done_without(nginx: Nginx, told: Told) -> None:
    with nginx.browser() as browser:
        assert [browser.get("/x").status_code for _ in range(4)] == [200] * 4
        assert browser.post("/x", content=b"once").status_code == 200
    assert told.asked.count("POST") == 1


def test_a_service_that_is_back_serves_at_once(told: Told, tmp_path: Path) -> None:
    """Else nobody answers in the middle of an upgrade, which restarts one, waits until it is ready, then the other."""
    first, second = free_port(), free_port()
    with Nginx(tmp_path, first, second) as nginx, nginx.browser() as browser, ExitStack() as back:
        with served(told, second):
            assert [browser.get("/x").status_code for _ in range(5)] == [200] * 5
            back.enter_context(served(told, first))
        assert [browser.get("/x").status_code for _ in range(5)] == [200] * 5


def test_while_no_service_answers_people_read_what_to_do(tmp_path: Path) -> None:
    """In both languages, by a page that needs nothing else; a form that is sent then is told so too."""
    with Nginx(tmp_path, free_port(), free_port()) as nginx, nginx.browser() as browser:
        for answer in (browser.get("/learn"), browser.post("/learn", content=b"a=1")):
            assert answer.status_code == 502
            assert "Le service ne répond pas" in answer.text
            assert "The service does not answer" in answer.text
            assert (answer.headers["Cache-Control"], answer.headers["Retry-After"]) == ("no-store", "30")
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Le service" not in browser.get("/metrics").text
    page = (DEPLOY / "unavailable.html").read_text("utf-8")
    assert not re.search(r"<script|<link|\bsrc=|https?:", page), "nothing is asked of anybody"


def test_text_is_compressed_and_exports_leave_as_they_are(nginx: Nginx) -> None:
    with nginx.browser() as browser:
        page, export = browser.get("/x"), browser.get("/x.csv")
        assert page.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in export.headers
        assert int(page.headers.get("Content-Length", 0)) < 5000 < len(page.content)
        assert "Content-Encoding" not in browser.get("/x", headers={"Accept-Encoding": "identity"}).headers


def test_the_doors_that_are_closed_are(nginx: Nginx, told: Told) -> None:
    with nginx.browser() as browser:
        assert browser.get("/metrics").status_code == 404
        assert nginx.announcing(71 << 20) == 413
        plain = browser.get(f"http://127.0.0.1:{nginx.plain}/learn?a=1")
        assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1/learn?a=1")
    assert told.asked == []


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Flask]:
    """The service, told of one proxy."""
    app = create_app(make_config("", tmp_path, base_url="https://formation.example", trusted_proxies=1))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_pages_come_through_whole_and_their_parts_are_kept(service: Flask, tmp_path: Path) -> None:
    with served(service) as port, Nginx(tmp_path, free_port(), port) as nginx, nginx.browser() as browser:
        page = browser.get("/verify")
        assert page.status_code == 200
        assert page.headers["Content-Encoding"] == "gzip"
        assert page.headers.get_list("Content-Security-Policy") == [page.headers["Content-Security-Policy"]]
        assert "Secure" in page.headers["Set-Cookie"]
        (style,) = re.findall(r'"(/static/\w+/look.css)"', page.text)
        sheet = browser.get(style)
        assert sheet.headers["Content-Encoding"] == "gzip"
        assert "immutable" in sheet.headers["Cache-Control"]
        assert "Set-Cookie" not in sheet.headers
        there = make_config("", tmp_path, base_url=str(browser.base_url).rstrip("/"), authorities=nginx.certificate)
        assert compression(there).state == "ok"
        assert certificate(there).state == "warn", "it is valid for a day"
        assert certificate(replace(there, authorities=Path())).state == "none"
        assert public(there).state == "bad", "it has no table"
        assert "not ready" in public(there).said
        assert "SSLCertVerificationError" in public(replace(there, authorities=Path())).said
