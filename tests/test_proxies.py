"""The proxy that ships, run by a real nginx before real sockets: as with systemd, and as in containers."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from flask import Flask, Response, request

from lms.app import create_app
from lms.devlms import serve
from lms.doctor.outside import certificate, compression, public
from lms.models import db
from tests.conftest import make_config
from tests.deploy_in_test import FRONT, NGINX
from tests.proxies_in_test import BesideServices, InContainers, Proxy
from tests.running_in_test import free_port

#: What a visitor may write in the hope of being believed.
FORGED = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1", "X-Forwarded-Prefix": "/evil", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9",
    "X-Request-ID": "0a1b2c3d4e5f",
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


@pytest.fixture(params=[BesideServices, InContainers])
def kind(request: pytest.FixtureRequest) -> type[Proxy]:
    chosen: type[Proxy] = request.param
    return chosen


@pytest.fixture
def proxy(kind: type[Proxy], told: Told, tmp_path: Path) -> Iterator[Proxy]:
    """Before that application, whose twin is not there."""
    with served(told) as port, kind(tmp_path, free_port(), port) as running:
        yield running


def test_nothing_that_a_visitor_writes_is_believed(proxy: Proxy) -> None:
    with proxy.browser() as browser:
        said = browser.get("/x", headers=FORGED).json()
    known = {name: said.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in FORGED}
    assert known == {
        "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "127.0.0.1",
        "X-Forwarded-Port": str(proxy.port), "X-Forwarded-Prefix": "", "X-Real-IP": "", "Forwarded": "",
        "X-Request-ID": "",
    }  # fmt: skip


def test_a_service_that_is_gone_is_done_without(proxy: Proxy, told: Told) -> None:
    """By pages and by forms, which the service that is there reads once."""
    with proxy.browser() as browser:
        assert [browser.post("/x", content=b"once").status_code for _ in range(4)] == [200] * 4
        assert [browser.get("/x").status_code for _ in range(4)] == [200] * 4
    assert told.asked == ["POST"] * 4 + ["GET"] * 4


def test_a_service_that_is_back_serves_soon(kind: type[Proxy], told: Told, tmp_path: Path) -> None:
    """Else nobody answers in the middle of an upgrade, which restarts one, waits until it is ready, then the other."""
    first, second = free_port(), free_port()
    with kind(tmp_path, first, second) as proxy, proxy.browser() as browser, ExitStack() as back:
        with served(told, second):
            assert [browser.get("/x").status_code for _ in range(5)] == [200] * 5
            back.enter_context(served(told, first))
        assert [browser.get("/x").status_code for _ in range(5)] == [200] * 5


def test_what_one_visitor_spoils_keeps_nobody_out(kind: type[Proxy], told: Told, tmp_path: Path) -> None:
    """A file that the network cuts, or a message that is none, is no fault of the service that was receiving it."""
    form = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with served(told) as port, kind(tmp_path, port, port) as proxy, proxy.browser() as browser:
        for _turn in range(5):
            proxy.spoken(form + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n")
            assert browser.get("/x").status_code == 200
            proxy.broken_off(form + b"Content-Length: 100000\r\n\r\nhalf a file")
            assert browser.get("/x").status_code == 200


class Once(BaseHTTPRequestHandler):
    """Keeps a connection unless asked not to, then closes it when more is said there, as one that stops may do."""

    protocol_version = "HTTP/1.1"
    answered = False

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        self.send_response(200)
        self.send_header("Content-Length", "0")
        if self.headers["Connection"] == "close":
            self.send_header("Connection", "close")  # RFC 9112, 9.6: as the service says
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_no_form_is_sent_on_a_connection_that_a_service_may_close(kind: type[Proxy], tmp_path: Path) -> None:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Once)
    Thread(target=service.serve_forever, daemon=True).start()
    try:
        with kind(tmp_path, free_port(), service.server_port) as proxy, proxy.browser() as browser:
            assert [browser.post("/x", content=b"a=1").status_code for _ in range(5)] == [200] * 5
    finally:
        service.shutdown()
        service.server_close()


#: What every page of the proxy itself says.
OWN = {
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
}  # fmt: skip


def asks_to_wait(answer: httpx.Response) -> None:
    """It is the page that says so, in both languages, to programs too."""
    assert "Le service ne répond pas" in answer.text
    assert "The service does not answer" in answer.text
    assert {name: answer.headers.get(name) for name in OWN} == OWN
    assert answer.headers["Retry-After"] == "30"


def test_while_no_service_answers_people_read_what_to_do(kind: type[Proxy], tmp_path: Path) -> None:
    """A form that is sent then is told so too."""
    with kind(tmp_path, free_port(), free_port()) as proxy, proxy.browser() as browser:
        for answer in (browser.get("/learn"), browser.post("/learn", content=b"a=1")):
            assert answer.status_code == 502
            asks_to_wait(answer)
        assert "Le service" not in browser.get("/metrics").text
        assert browser.get("/unavailable.html").status_code == 404, "it is no page that one asks for"


def test_where_the_proxy_has_no_room_left_people_are_told_to_wait(proxy: Proxy, told: Told) -> None:
    """A form that it has no room to receive; small ones, and pages, need none."""
    with proxy.browser() as browser:
        proxy.keep_nothing()
        answer = browser.post("/x", content=b"a" * (1 << 20))
        assert answer.status_code == 503
        asks_to_wait(answer)
        assert [browser.post("/x", content=b"a=1").status_code, browser.get("/x").status_code] == [200, 200]
    assert told.asked == ["POST", "GET"]


def test_the_pages_of_the_proxy_need_nothing_else() -> None:
    pages = [path.read_text("utf-8") for path in NGINX.glob("*.html")]
    assert len(pages) == 2
    for page in pages:
        assert not re.search(r"<script|<link|\bsrc=|https?:", page), "nothing is asked of anybody"


def test_text_is_compressed_for_those_who_read_it(proxy: Proxy) -> None:
    with proxy.browser() as browser:
        page = browser.get("/x")
        assert page.headers["Content-Encoding"] == "gzip"
        assert int(page.headers.get("Content-Length", 0)) < 5000 < len(page.content)
        assert "Content-Encoding" not in browser.get("/x", headers={"Accept-Encoding": "identity"}).headers


def test_the_doors_that_are_closed_are(proxy: Proxy, told: Told) -> None:
    with proxy.browser() as browser:
        assert browser.get("/metrics").status_code == 404
        plain = browser.get(f"http://127.0.0.1:{proxy.plain}/learn?a=1")
        assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1/learn?a=1")
    assert told.asked == []


def test_what_no_page_takes_is_not_received(proxy: Proxy, told: Told) -> None:
    """And whoever sent it reads why, where no script could tell beforehand."""
    with proxy.browser() as browser:
        status, page = proxy.announcing(71 << 20)
        assert status == 413
        assert "Le fichier est trop volumineux" in page
        assert "The file is too large" in page
        answer = browser.post("/x", content=b"a" * (71 << 20))
        assert (answer.status_code, answer.text) == (413, page)
        assert {name: answer.headers.get(name) for name in OWN} == OWN
        assert "Retry-After" not in answer.headers, "it will be as large then"
        asked = {b":method": b"POST", b":scheme": b"https", b":authority": b"127.0.0.1", b":path": b"/x"}
        as_browsers = proxy.spoken_as_http2([*asked.items(), (b"content-length", b"%d" % (71 << 20))], b"a")
        assert as_browsers == page.encode(), "in HTTP/2, where nginx looks at the size again"
        assert browser.post("/x", content=b"a" * FRONT).status_code == 200
    assert told.asked == ["POST"]


def test_exports_leave_as_they_are(proxy: Proxy) -> None:
    with proxy.browser() as browser:
        assert "Content-Encoding" not in browser.get("/x.csv").headers


def test_one_address_does_not_take_every_connection(kind: type[Proxy], told: Told, tmp_path: Path) -> None:
    """Forms that come without end: who sends them waits, in words that say so, and nobody else does."""
    with served(told) as port, ExitStack() as stack:
        nginx = kind(tmp_path, port, port)
        nginx.change({"limit_conn visitors 2000;": "limit_conn visitors 3;"})
        with nginx, nginx.browser() as browser:
            slow = [stack.enter_context(nginx.sending(b"half a form", of=100)) for _ in range(3)]
            while (answer := browser.get("/x")).status_code == 200:  # they are on their way
                pass
            assert answer.status_code == 503
            asks_to_wait(answer)
            slow[0].close()
            while browser.get("/x").status_code == 503:
                pass
            assert browser.get("/x").status_code == 200


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Flask]:
    """The service, told of one proxy."""
    app = create_app(make_config("", tmp_path, base_url="https://formation.example", trusted_proxies=1))
    yield app
    with app.app_context():
        db.engine.dispose()


def test_pages_come_through_whole_and_their_parts_are_kept(service: Flask, kind: type[Proxy], tmp_path: Path) -> None:
    with served(service) as port, kind(tmp_path, free_port(), port) as proxy, proxy.browser() as browser:
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
        there = make_config("", tmp_path, base_url=str(browser.base_url).rstrip("/"), authorities=proxy.certificate)
        assert compression(there).state == "ok"
        assert certificate(there).state == "warn", "it is valid for a day"
        assert certificate(replace(there, base_url=f"https://127.0.0.1:{free_port()}")).state == "none"
        assert public(there).state == "bad", "it has no table"
        assert "not ready" in public(there).said
        assert "SSLCertVerificationError" in public(replace(there, authorities=Path())).said
