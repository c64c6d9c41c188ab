"""Calls to the outside: to public https addresses, or to hosts that an administrator named."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st

from lms.devlms import ServerHandle, serve
from lms.lti import http
from lms.lti.http import LIMIT, USER_AGENT, Outbound
from lms.lti.model import LtiError


@pytest.fixture
def strict() -> Iterator[Outbound]:
    made = Outbound()
    yield made
    made.close()


def refusal(outbound: Outbound, url: str) -> str:
    with pytest.raises(LtiError) as refused:
        outbound.check(url)
    return refused.value.cause


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Whatever is asked, these are the addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked: found)


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example.org/", "ftp://lms.example.org/", "file:///etc/passwd", "javascript:alert(1)", "", "lms",
        "https://", "https://user@lms.example.org/", "https://[bad/", "https://lms.example.org:port/",
        "https://lms.example.org:99999/",
    ],
)  # fmt: skip
def test_addresses_that_are_never_called(strict: Outbound, url: str) -> None:
    assert refusal(strict, url) == "address_refused"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "::1",
        "fe80::1", "fc00::1", "::ffff:127.0.0.1", "224.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1",
        "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_private_addresses_behind_a_public_name(
    monkeypatch: pytest.MonkeyPatch, strict: Outbound, address: str
) -> None:
    resolves(monkeypatch, "8.8.8.8", address)
    assert refusal(strict, "https://lms.example.org/jwks") == "address_private"


def test_a_public_name_is_called(monkeypatch: pytest.MonkeyPatch, strict: Outbound) -> None:
    resolves(monkeypatch, "8.8.8.8", "2001:4860:4860::8888", "64:ff9b::8.8.8.8")
    strict.check("https://lms.example.org/jwks")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/", "https://2130706433/"])
def test_private_addresses_written_out(strict: Outbound, url: str) -> None:
    assert refusal(strict, url) in {"address_private", "address_unknown"}


@pytest.mark.parametrize("url", ["http://lms.ministry.intra/x", "http://lms.ministry.intra:8080/x"])
def test_a_host_named_by_the_administrator(url: str) -> None:
    Outbound(("lms.ministry.intra",)).check(url)


def test_a_name_that_only_begins_alike_is_not_named() -> None:
    assert refusal(Outbound(("lms.intra",)), "http://lms.intra.example.org/") == "address_refused"


def test_a_port_may_be_named_alone() -> None:
    named = Outbound(("localhost:8001",))
    named.check("http://localhost:8001/")
    assert refusal(named, "http://localhost:8002/") == "address_refused"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        resolves(patch, "127.0.0.1")
        for url in (text, "https://" + text):
            assert refusal(Outbound(), url).startswith("address_")


@pytest.fixture
def server() -> Iterator[ServerHandle]:
    app = Flask("outside")

    @app.route("/<what>", methods=["GET", "POST"])
    def answer(what: str) -> Any:
        if what == "away":
            return Response(status=302, headers={"Location": "/elsewhere"})
        if what == "large":
            return b" " * (LIMIT + 1)
        return {"agent": request.headers["User-Agent"], "what": what}

    made = serve(app, "127.0.0.1", 0)
    yield made
    made.stop()


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    made = Outbound(("127.0.0.1",))
    yield made
    made.close()


def test_who_calls_is_said(server: ServerHandle, outbound: Outbound) -> None:
    assert outbound.json("GET", f"{server.url}/keys") == {"agent": USER_AGENT, "what": "keys"}


def test_a_redirection_is_not_followed(server: ServerHandle, outbound: Outbound) -> None:
    with pytest.raises(LtiError) as refused:
        outbound.json("GET", f"{server.url}/away")
    assert (refused.value.cause, refused.value.detail) == ("answer_status", "302")


def test_a_large_answer_is_not_read_to_its_end(server: ServerHandle, outbound: Outbound) -> None:
    with pytest.raises(LtiError) as refused:
        outbound.request("GET", f"{server.url}/large")
    assert refused.value.cause == "answer_too_large"


def test_nobody_there(outbound: Outbound) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(LtiError) as refused:
        outbound.json("GET", url)
    assert refused.value.cause == "unreachable"


def test_an_environment_that_names_a_proxy_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, server: ServerHandle
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    made = Outbound(("127.0.0.1",))
    assert made.json("GET", f"{server.url}/keys")["what"] == "keys"
    made.close()


def test_the_time_for_an_answer_is_bounded_in_all() -> None:
    assert http.DEADLINE <= 60
