"""``lms doctor --reach``: the service as others reach it, through the proxy in front."""

import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask
from werkzeug.serving import make_server

from lms.app import create_app
from lms.config import Config
from lms.doctor.outside import Ask, compression, forged, public
from lms.lti.model import LtiError
from tests.conftest import make_config
from tests.doctor.test_doctor_settings import PUBLIC, says

READY = {"status": "ok", "checks": {"database": True, "migrations": True, "keys": True}}
TOLD = {"Strict-Transport-Security": "max-age=31536000"}


@pytest.fixture
def reached(tmp_path: Path) -> Config:
    return make_config("", tmp_path, base_url=PUBLIC)


def answering(answer: httpx.Response, path: str = "/readyz") -> Ask:
    """A service that gives that answer, at the address that must be asked."""

    def ask(url: str) -> httpx.Response:
        assert url == f"{PUBLIC}{path}"
        return answer

    return ask


def test_a_service_that_is_told_of_https_is_sound(reached: Config) -> None:
    says(public(reached, answering(httpx.Response(200, json=READY, headers=TOLD))), "ok")


def test_a_proxy_that_hides_https_is_found(reached: Config) -> None:
    says(public(reached, answering(httpx.Response(200, json=READY))), "bad", "X-Forwarded-Proto", "LMS_TRUSTED_PROXIES")


def test_a_service_that_is_not_ready_says_what_it_lacks(reached: Config) -> None:
    answer = httpx.Response(503, json={"checks": {"database": True, "migrations": False, "keys": False}})
    says(public(reached, answering(answer)), "bad", "migrations, keys")


@pytest.mark.parametrize("body", ["<h1>Welcome</h1>", "[]", '{"checks": 1}', '{"checks": []}', "{}"])
def test_something_else_at_that_address_is_found(reached: Config, body: str) -> None:
    says(public(reached, answering(httpx.Response(404, text=body))), "bad", "Something else", "HTTP 404")


def test_an_address_that_does_not_answer_is_found(reached: Config) -> None:
    def ask(_url: str) -> httpx.Response:
        raise LtiError("unreachable", "ConnectError")

    says(public(reached, ask), "bad", "unreachable: ConnectError", "curl -v")
    assert compression(reached, ask).state == "none", "found already"


def test_a_proxy_that_compresses_nothing_is_to_know(reached: Config) -> None:
    style = "/static/look.css"
    says(compression(reached, answering(httpx.Response(200, text="a{}"), style)), "warn", "slow network", "front.conf")
    packed = httpx.Response(200, content=gzip.compress(b"a{}"), headers={"Content-Encoding": "gzip"})
    says(compression(reached, answering(packed, style)), "ok")


class Behind:
    """The service asked through a proxy, which says https and passes on what it is to pass on."""

    def __init__(self, folder: Path, passed_on: Callable[[str], bool]) -> None:
        self._app = create_app(make_config("", folder, base_url=PUBLIC, trusted_proxies=1))
        self._passed_on = passed_on

    def __call__(self, url: str, headers: dict[str, str]) -> httpx.Response:
        said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": PUBLIC.removeprefix("https://")}
        said |= {name: value for name, value in headers.items() if self._passed_on(name)}
        answer = self._app.test_client().get(url.removeprefix(PUBLIC), headers=said)
        return httpx.Response(answer.status_code, headers=dict(answer.headers))


@pytest.mark.parametrize(
    ("passed_on", "believed"),
    [(lambda name: "_" in name, "X_Forwarded_Proto"), (lambda name: "_" not in name, "X-Forwarded-Proto"),
     (lambda _name: True, "X-Forwarded-Proto or X_Forwarded_Proto")],
)  # fmt: skip
def test_a_proxy_that_passes_on_what_visitors_forge_is_found(
    reached: Config, tmp_path: Path, passed_on: Callable[[str], bool], believed: str
) -> None:
    """Names with underscores too, which WSGI takes for the proxy's own."""
    says(forged(reached, Behind(tmp_path, passed_on)), "bad", f"writes {believed} is", "HAProxy", "anew")


@pytest.mark.parametrize("name", ["X-Request-ID", "X_Request_ID"])
def test_a_proxy_that_lets_visitors_choose_the_id_of_their_requests_is_to_know(
    reached: Config, tmp_path: Path, name: str
) -> None:
    says(forged(reached, Behind(tmp_path, lambda said: said == name)), "warn", f"writes {name} chooses", "take")


def test_a_proxy_that_sets_them_anew_is_sound(reached: Config, tmp_path: Path) -> None:
    says(forged(reached, Behind(tmp_path, lambda _name: False)), "ok")


def test_where_https_is_not_told_nothing_shows_who_is_believed(reached: Config) -> None:
    assert forged(reached, lambda _url, _headers: httpx.Response(200)).state == "none"

    def away(_url: str, _headers: dict[str, str]) -> httpx.Response:
        raise LtiError("unreachable", "ConnectError")

    assert forged(reached, away).state == "none", "found already"


@pytest.fixture
def served(app: Flask) -> Iterator[int]:
    """The port of a service on this machine."""
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_real_service_is_asked_even_behind_a_private_address(served: int, tmp_path: Path) -> None:
    config = make_config("", tmp_path, base_url=f"http://127.0.0.1:{served}", allowed_private_hosts=())
    says(public(config), "ok", "ready")
    says(compression(config), "warn", "slow network")
