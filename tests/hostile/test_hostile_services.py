"""Services that answer with malice or by mistake (LTI.md S3 to S9): the worker against a real platform."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpcore
import pytest
import sqlalchemy as sa
from flask import Response, request

from lms.devlms.vocabulary import RESULT_SCOPE, SCORE_SCOPE
from lms.lti.addresses import host_of
from lms.models import OutboxJob, Platform, ResourceLink, utcnow
from lms.services import rosters
from lms.services.performing import BACKOFF
from tests.campus_in_test import Course
from tests.faults.crowd_in_test import Crowd
from tests.gradebook_in_test import Gradebook
from tests.hostile.court import case
from tests.hostile.network import LoopbackNetwork

EVERYONE = ["11", "12", "13", "14", "15"]


# S3, S4: other ways to another host

REDIRECTED = {
    "S3 redirect of a score": "/scores", "S3 redirect of the token's request": "/token",
    "S3 redirect of a result": "/results",
}  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("end", REDIRECTED.values(), ids=REDIRECTED)
def test_redirects(book: Gradebook, stranger: LoopbackNetwork, end: str, status: int) -> None:
    book.instead[end] = lambda: Response("", status, {"Location": f"{stranger.url}/x"})
    if end == "/results":
        book.instead["/scores"] = lambda: Response("", 409)
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, stranger.requests, book.received()) == ("pending", [], [])
    assert str(status) in (job.last_error or "")
    book.instead.clear()
    book.recovers(score / 2)


@pytest.mark.parametrize("status", [302, 308])
@case("S3 redirect of a roster")
def test_redirected_roster(course: Course, stranger: LoopbackNetwork, status: int) -> None:
    course.instead["/memberships"] = lambda: Response("", status, {"Location": f"{stranger.url}/x"})
    assert (course.read().status, stranger.requests) == ("pending", [])
    assert course.here() == EVERYONE


PRIVATE = {
    "S4 a private network": "https://10.0.0.7/", "S4 this machine": "https://127.0.0.2/",
    "S4 this machine in IPv6": "https://[::1]/", "S4 this machine, IPv4 in IPv6": "https://[::ffff:127.0.0.1]/",
    "S4 this machine as a number": "https://2130706434/", "S4 a cloud's metadata": "https://169.254.169.254/",
    "S4 a private name": "https://intranet.example.org/", "S4 a private network over http": "http://10.0.0.7/",
}  # fmt: skip


@pytest.mark.parametrize("roster", [False, True], ids=["score", "roster"])
@pytest.mark.parametrize("url", PRIVATE.values(), ids=PRIVATE)
def test_private_addresses(book: Gradebook, monkeypatch: pytest.MonkeyPatch, url: str, *, roster: bool) -> None:
    connected: list[str] = []
    connect, resolve = httpcore.SyncBackend.connect_tcp, socket.getaddrinfo
    leads = {"intranet.example.org": "192.168.1.10"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve(leads.get(host, host), *rest, **more)
    )

    def watched(own: Any, host: str, *rest: Any, **more: Any) -> Any:
        connected.append(host)
        return connect(own, host, *rest, **more)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", watched)
    book.session.execute(sa.update(Platform).values(hosts=[host_of(url)]))
    book.session.execute(sa.update(ResourceLink).values(lineitem_url=url + "item"))
    book.link.context.members_url = url + "members"
    book.earn(9)
    if roster:
        rosters.ask(book.session, book.link.context)
    book.deliver_all()
    kind = rosters.KIND if roster else "send_score"
    job = book.session.scalars(sa.select(OutboxJob).filter_by(kind=kind)).one()
    why = "must begin with https://" if url.startswith("http:") else "on a private network"
    assert (job.status, why in (job.last_error or "")) == ("failed", True), job.last_error
    assert set(connected) == {"127.0.0.1"}


# S5 to S9: answers that are none, tokens

PAGES = {
    "S5 a page for a score": "/scores", "S5 a page for a token": "/token", "S5 a page for the columns": "/lineitems",
}  # fmt: skip


@pytest.mark.parametrize("end", PAGES.values(), ids=PAGES)
def test_pages_of_a_proxy(book: Gradebook, end: str) -> None:
    if end == "/lineitems":
        book.link.lineitem_url = None
    book.instead[end] = lambda: Response("\ufeff\n<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
    score = book.earn(9)
    book.deliver_all()
    cause = "token_answer" if end == "/token" else "answer_not_json"
    assert (book.ended_with(cause), book.received()) == ("pending", [])
    book.instead.clear()
    book.recovers(score / 2)
    assert len(book.received()) == 1


@case("S5 a page for a roster")
def test_a_page_for_a_roster(course: Course) -> None:
    course.instead["/memberships"] = lambda: Response("<html>Sign in</html>", content_type="text/html")
    assert course.read().status == "pending"
    assert course.here() == EVERYONE


@case("S6 expired token, one refresh")
def test_expired_token(crowd: Crowd) -> None:
    crowd.earn(40)
    crowd.delivered()
    known = crowd.book.campus.tokens
    known._grants = {value: replace(grant, expires=0.0) for value, grant in known._grants.items()}
    crowd.earn(60)
    crowd.book.deliver_all()
    assert crowd.states() == {("done", None): Crowd.SIZE}
    assert [crowd.values(number) for number in range(Crowd.SIZE)] == [[40.0, 60.0]] * Crowd.SIZE
    assert crowd.book.asked["token"] == 2


@case("S6 new token refused too")
def test_a_token_refused_twice(book: Gradebook) -> None:
    shown: list[str] = []

    def refuse() -> Response:
        shown.append(request.headers["Authorization"])
        return Response("no", 401)

    book.instead["/scores"] = refuse
    score = book.earn(9)
    job = book.deliver()
    assert job.status == "pending"
    assert (job.last_error or "").startswith("The platform refused our access token.")
    assert len(set(shown)) == len(shown) == 2, "each with a token of its own"
    book.instead.clear()
    book.recovers(score / 2)


def token(**changes: Any) -> Callable[[], Response]:
    """An answer to the request of a token; a value of None leaves the field out."""
    said = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "scope": SCORE_SCOPE, **changes}
    body = json.dumps({name: value for name, value in said.items() if value is not None})
    return lambda: Response(body, content_type="application/json")


@pytest.mark.parametrize("refused", [False, True], ids=["with the token", "with invalid_scope"])
@case("S7 scope reduced")
def test_reduced_scope(crowd: Crowd, *, refused: bool) -> None:
    """Nothing is sent without the scope, which is named; once it is allowed everything leaves."""
    if refused:
        crowd.book.mood(granted_scopes=(RESULT_SCOPE,))
    else:
        crowd.book.instead["/token"] = token(scope=RESULT_SCOPE)
    crowd.earn(60)
    crowd.book.deliver_all()
    assert (crowd.book.asked["scores"], crowd.states()) == (0, {("pending", "scope_refused"): Crowd.SIZE})
    assert (crowd.book.job().last_error or "").endswith("\n" + SCORE_SCOPE)
    crowd.book.mood(granted_scopes=None)
    crowd.book.instead.clear()
    crowd.delivered()
    crowd.arrived_once(60)


TYPES = {
    "S8 token_type mac": "mac", "S8 token_type DPoP": "DPoP", "S8 no token_type": None,
    "S8 token_type that is a list": ["Bearer"], "S8 token_type with a line break": "Bearer\r\nX: y",
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_other_kinds_of_token(book: Gradebook, kind: Any) -> None:
    book.instead["/token"] = token(token_type=kind)
    score = book.earn(9)
    job = book.deliver()
    assert (job.status, job.cause, book.asked["scores"]) == ("pending", "token_answer", 0)
    book.instead.clear()
    book.recovers(score / 2)


HOUR = timedelta(hours=1)
WAITS: dict[str, tuple[Callable[[], str], timedelta]] = {
    "S9 Retry-After of seconds": (lambda: "600", timedelta(seconds=600)),
    "S9 Retry-After of a date": (lambda: format_datetime(utcnow() + HOUR, usegmt=True), HOUR - timedelta(seconds=1)),
    "S9 Retry-After of zero": (lambda: "0", BACKOFF[0]),
    "S9 Retry-After of a date gone by": (lambda: format_datetime(utcnow() - HOUR, usegmt=True), BACKOFF[0]),
    "S9 Retry-After of a word": (lambda: "soon", BACKOFF[0]),
    "S9 Retry-After of ten years": (lambda: "315360000", timedelta(days=1)),
    "S9 Retry-After of five thousand digits": (lambda: "9" * 5000, timedelta(days=1)),
}  # fmt: skip


@pytest.mark.parametrize("end", ["/scores", "/token"], ids=["score", "token"])
@pytest.mark.parametrize(("said", "wait"), WAITS.values(), ids=WAITS)
def test_retry_after(book: Gradebook, end: str, said: Callable[[], str], wait: timedelta) -> None:
    book.instead[end] = lambda: Response("slow down", 429, {"Retry-After": said()})
    score = book.earn(9)
    before = utcnow()
    job = book.deliver()
    assert (job.status, job.tries) == ("pending", 1)
    assert wait <= job.due_at - before < wait + timedelta(seconds=20)
    assert (book.platform().quiet_until or before) - before >= wait
    asked = book.asked.total()
    assert (book.worker.drain(), book.asked.total()) == (0, asked)
    book.instead.clear()
    book.recovers(score / 2)


@case("S9 Retry-After of a roster")
def test_retry_after_of_a_roster(course: Course) -> None:
    course.instead["/memberships"] = lambda: Response(status=429, headers={"Retry-After": "600"})
    job = course.read()
    assert job.due_at > utcnow() + timedelta(minutes=9)
