"""Calls to a platform's services: one token for its life and for every process, never told to a stranger."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask, Response, request
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.devlms import serve
from lms.lti.client import ServiceClient, ServiceRefused
from lms.lti.model import LtiError, Registration
from lms.lti.tokens import read_answer
from lms.models import AccessToken, Platform, db, utcnow
from lms.services.platforms import registration

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


@dataclass
class Away:
    """A platform that says what it is told to, and remembers what it was asked."""

    url: str = ""
    tokens: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    token: Callable[[int], Any] = lambda number: bearer(f"token-{number}")
    service: Callable[[str], Any] = lambda _token: {}


def bearer(value: str, **more: Any) -> dict[str, Any]:
    return {"access_token": value, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE, **more}


@pytest.fixture
def away() -> Iterator[Away]:
    made, app = Away(), Flask("away")

    @app.post("/token")
    def token() -> Any:
        made.tokens.append(request.form["scope"])
        return made.token(len(made.tokens))

    @app.get("/<path:path>")
    def service(path: str) -> Any:
        made.asked.append((path, request.headers.get("Authorization", "")))
        return made.service(path)

    server = serve(app, "127.0.0.1", 0)
    made.url = server.url
    yield made
    server.stop()


@pytest.fixture
def platform(away: Away, session: Session) -> Registration:
    row = Platform(
        name="LMS", issuer=away.url, client_id="tool", auth_url=f"{away.url}/auth", token_url=f"{away.url}/token",
        jwks_url=f"{away.url}/jwks",
    )  # fmt: skip
    session.add(row)
    session.commit()
    found = registration(session, row.id)
    session.commit()
    return found


@pytest.fixture
def services(app: Flask) -> ServiceClient:
    found: ServiceClient = app.extensions["services"]
    return found


def test_one_token_for_many_calls(away: Away, platform: Registration, services: ServiceClient) -> None:
    for number in range(5):
        assert services.call(platform, (SCOPE,), "GET", f"{away.url}/{number}").status_code == 200
    assert away.tokens == [SCOPE]
    assert {bearer for _path, bearer in away.asked} == {"Bearer token-1"}


def test_whoever_looked_just_before_the_token_came_does_not_ask_too(
    app: Flask, away: Away, platform: Registration, services: ServiceClient
) -> None:
    services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    with app.app_context():
        assert not services.tokens._may_ask(db.session(), (platform.platform_id, SCOPE))
        db.session.remove()


def test_one_token_for_many_processes_at_once(app: Flask, away: Away, platform: Registration) -> None:
    def slow(number: int) -> Any:
        time.sleep(0.3)
        return bearer(f"token-{number}")

    away.token = slow
    others = [create_app(app.extensions["mpia"]) for _ in range(3)]
    clients = [other.extensions["services"] for other in others] * 2
    together = threading.Barrier(len(clients))

    def call(client: ServiceClient) -> int:
        together.wait()
        return client.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        assert list(pool.map(call, clients)) == [200] * len(clients)
    assert away.tokens == [SCOPE]
    for other in others:
        other.extensions["outbound"].close()
        with other.app_context():
            db.engine.dispose()


def test_what_is_kept_of_it_is_encrypted(
    away: Away, platform: Registration, services: ServiceClient, session: Session
) -> None:
    services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    row = session.query(AccessToken).one()
    assert row.token is not None
    assert "token-1" not in row.token
    assert row.expires_at is not None
    assert abs(row.expires_at - utcnow() - timedelta(seconds=3540)) < timedelta(seconds=30)


def test_a_refused_token_is_renewed_once(away: Away, platform: Registration, services: ServiceClient) -> None:
    away.service = lambda _path: ({}, 200) if away.asked[-1][1] == "Bearer token-2" else ({}, 401)
    assert services.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code == 200
    assert len(away.tokens) == 2
    away.service = lambda _path: ({}, 401)
    assert services.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code == 401
    assert len(away.asked) == 4


def test_a_403_renews_an_old_token_and_not_a_fresh_one(
    away: Away, platform: Registration, services: ServiceClient
) -> None:
    """Open edX says 403 of a token it does not take, and of a scope it does not grant."""
    services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    away.service = lambda _path: ({}, 403)
    assert services.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code == 403
    assert len(away.tokens) == 1
    services.tokens._asked.clear()  # as a process that finds the token another one asked for
    assert services.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code == 403
    assert len(away.tokens) == 2


def test_a_token_of_a_minute_serves_most_of_it(away: Away, platform: Registration, services: ServiceClient) -> None:
    away.token = lambda number: bearer(f"token-{number}", expires_in=60)
    for _ in range(3):
        services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    assert len(away.tokens) == 1


def test_a_scope_that_is_not_granted_is_named(away: Away, platform: Registration, services: ServiceClient) -> None:
    away.token = lambda _number: bearer("token", scope="something else")
    with pytest.raises(LtiError) as refused:
        services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    assert (refused.value.cause, refused.value.detail) == ("scope_refused", SCOPE)
    assert away.asked == []


def test_a_platform_that_refuses_a_token_is_asked_again_next_time(
    away: Away, platform: Registration, services: ServiceClient
) -> None:
    away.token = lambda _number: ({"error": "invalid_client"}, 400)
    with pytest.raises(LtiError) as refused:
        services.call(platform, (SCOPE,), "GET", f"{away.url}/x")
    assert (refused.value.cause, refused.value.detail) == ("token_refused", "invalid_client")
    away.token = lambda _number: bearer("token")
    assert services.call(platform, (SCOPE,), "GET", f"{away.url}/x").status_code == 200


@pytest.mark.parametrize(
    "url", ["https://evil.example.org/x", "http://127.0.0.1:1/x", "http://user@127.0.0.1/x", "ftp://127.0.0.1/x", ""]
)
def test_the_token_never_goes_to_another_host(
    away: Away, platform: Registration, services: ServiceClient, url: str
) -> None:
    with pytest.raises(LtiError) as refused:
        services.call(platform, (SCOPE,), "GET", url)
    assert refused.value.cause == "foreign_address"
    assert away.tokens == []


def test_pages_follow_each_other(away: Away, platform: Registration, services: ServiceClient) -> None:
    def page(path: str) -> Any:
        number = int(path)
        link = {} if number == 3 else {"Link": f"<{away.url}/{number + 1}>; rel=“next”".encode().decode("latin-1")}
        return Response(path, headers=link)

    away.service = page
    read = services.pages(platform, (SCOPE,), f"{away.url}/1", "application/json")
    assert [answer.text for answer in read] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("following", "cause"),
    [("{url}/1", "endless_pages"), ("https://evil.example.org/2", "foreign_address"), ("http://[", "")],
)
def test_pages_that_lead_nowhere_good(
    away: Away, platform: Registration, services: ServiceClient, following: str, cause: str
) -> None:
    away.service = lambda _path: Response("1", headers={"Link": f'<{following.format(url=away.url)}>; rel="next"'})
    read = services.pages(platform, (SCOPE,), f"{away.url}/1", "application/json")
    assert next(read).text == "1"
    if not cause:
        assert list(read) == []
        return
    with pytest.raises(LtiError) as refused:
        next(read)
    assert refused.value.cause == cause
    assert len(away.asked) == 1


def test_a_page_that_is_refused_says_how_long_to_wait(
    away: Away, platform: Registration, services: ServiceClient
) -> None:
    away.service = lambda _path: Response(status=429, headers={"Retry-After": "7"})
    with pytest.raises(ServiceRefused) as refused:
        next(services.pages(platform, (SCOPE,), f"{away.url}/1", "application/json"))
    assert (refused.value.status, refused.value.after) == (429, timedelta(seconds=7))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"null", b"{}", b"[" * 100_000,
        b'{"access_token": "t", "token_type": "mac", "expires_in": 60}',
        b'{"access_token": 5, "token_type": "Bearer"}', b'{"access_token": "a\\r\\nb", "token_type": "Bearer"}',
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": true}',
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": -1}',
    ],
)  # fmt: skip
def test_answers_that_are_no_token(body: bytes) -> None:
    with pytest.raises(LtiError) as refused:
        read_answer(200, body, SCOPE)
    assert refused.value.cause == "token_answer"


def test_a_lifetime_in_quotes_and_no_scope_are_common() -> None:
    token = read_answer(200, b'{"access_token": "t", "token_type": "bearer", "expires_in": "3600"}', SCOPE)
    assert token.granted == {SCOPE}
    assert token.until > utcnow() + timedelta(minutes=58)


def test_a_connection_goes_to_the_address_that_was_checked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads to a public address when it is checked, and to a private one a moment later."""
    import socket

    from lms.lti.http import Outbound

    turns = iter(["8.8.8.8", "127.0.0.1"])
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(turns), 443))]
    )
    outbound = Outbound()
    outbound.check("https://rebinding.example.org/")
    with pytest.raises(LtiError) as refused:
        outbound.request("GET", "https://rebinding.example.org/")
    assert refused.value.cause == "address_private"
    outbound.close()
    del app


def test_httpx_still_has_the_pool_that_is_replaced() -> None:
    """The one private name of httpx in use: a release without it must be noticed here."""
    assert hasattr(httpx.HTTPTransport(trust_env=False), "_pool")
