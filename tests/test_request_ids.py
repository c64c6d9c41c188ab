"""One id from the request to the platform's answer: in its header, its lines, its jobs, the calls made for it."""

import logging
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from lms import request_ids
from lms.app import create_app
from lms.logs import _Libraries, add_request_id
from lms.models import OutboxJob, db
from lms.services.outbox import promise
from tests.conftest import make_config
from tests.gradebook_in_test import gradebook

MADE = re.compile(r"[0-9A-F]{12}")
OF_NGINX, OF_ENVOY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "8f14e45f-ceea-467f-a0e6-7b1d6c9b3f10"


@pytest.fixture
def behind(sqlite_template: Path, tmp_path: Path) -> FlaskClient:
    """A browser of the service behind one proxy."""
    app = create_app(make_config(f"sqlite:///{sqlite_template}", tmp_path, trusted_proxies=1))
    return app.test_client()


def given_back(client: FlaskClient, said: str | None) -> str:
    headers = {} if said is None else {"X-Request-ID": said}
    return client.get("/healthz", headers=headers).headers["X-Request-ID"]


@pytest.mark.parametrize("said", [OF_NGINX, OF_ENVOY, OF_NGINX.upper()])
def test_the_id_of_a_trusted_proxy_is_taken(behind: FlaskClient, said: str) -> None:
    assert given_back(behind, said) == said


@pytest.mark.parametrize(
    "said",
    [
        None, "", "abc", "ada.martin@example.org", "Ada-Martin-01234567", "0123456789 abcdef", "-0123456789abcdef",
        "0123456789abcdef-", "a" * 65, "0123456789abcdef\u0660", "7F000001:C350_7F000001",
    ],
)  # fmt: skip
def test_what_is_not_well_formed_is_not(behind: FlaskClient, said: str | None) -> None:
    assert MADE.fullmatch(given_back(behind, said))


@given(st.text(max_size=80))
def test_whatever_is_said_an_id_is_plain(said: str) -> None:
    found = request_ids.accepted(said)
    assert found is None or (found == said and re.fullmatch(r"[0-9A-Fa-f-]{8,64}", found))


def test_without_proxy_nobody_chooses_an_id(client: FlaskClient) -> None:
    given = {given_back(client, OF_NGINX) for _ in range(5)}
    assert len(given) == 5
    assert all(map(MADE.fullmatch, given))
    assert request_ids.current() is None


def test_a_page_that_is_not_there_has_one_too(client: FlaskClient) -> None:
    with capture_logs([add_request_id]) as events:
        answer = client.get("/learn/ada.martin@example.org?name=Ada")
    assert [(event["event"], event["request_id"]) for event in events] == [("request", answer.headers["X-Request-ID"])]
    assert set(events[0]) == {"event", "log_level", "request_id", "method", "route", "status", "ms"}
    assert "martin" not in str(events)


def test_methods_that_do_not_exist_are_not_quoted(client: FlaskClient) -> None:
    with capture_logs() as events:
        client.open("/verify", method="ADA.MARTIN")
    assert [event["method"] for event in events if event["event"] == "request"] == ["other"]


def test_probes_leave_a_line_only_when_they_fail(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as events:
        client.get("/healthz")
        client.get("/readyz")
        client.get("/metrics")
        assert events == []
        monkeypatch.setattr("lms.views.system.head", lambda: "another revision")
        assert client.get("/readyz").status_code == 503
    assert [(event["route"], event["status"]) for event in events] == [("system.ready", 503)]


def test_a_job_keeps_the_id_of_who_asked_last(session: Session) -> None:
    for request_id in ("AAAAAAAAAAAA", "BBBBBBBBBBBB", None):
        with request_ids.during(request_id):
            promise(session, "note", "one", {})
        assert session.scalar(sa.select(OutboxJob.request_id)) == request_id


def test_the_worker_and_the_platform_see_the_id_of_the_request(app: Flask, session: Session, tmp_path: Path) -> None:
    """Two results in one batch: each call bears the id of its own."""
    seen: list[tuple[str, str | None]] = []
    with gradebook(app, session, tmp_path) as book:
        book.instead["/scores"] = lambda: seen.append((request.method, request.headers.get("X-Request-ID")))
        wanted = {"AAAAAAAAAAAA", "BBBBBBBBBBBB"}
        for request_id, row in zip(sorted(wanted), (None, book.another("12")), strict=True):
            with request_ids.during(request_id):
                book.earn(row=row)
        with capture_logs([add_request_id]) as events:
            book.deliver_all()
    assert {request_id for _method, request_id in seen} == wanted
    ended = [event for event in events if event["event"] == "job_ended" and event["kind"] == "send_score"]
    assert {event["request_id"] for event in ended} == wanted
    assert {event["outcome"] for event in ended} == {"done"}
    calls = [event for event in events if event["event"] == "call" and event.get("request_id") in wanted]
    assert {(event["host"], event["status"] // 100) for event in calls} == {("127.0.0.1", 2)}
    assert set(calls[0]) == {"event", "log_level", "request_id", "method", "host", "status", "cause", "ms"}


def test_what_a_job_promises_bears_the_same_id(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from lms.worker import Worker

    worker = Worker(app)
    monkeypatch.setitem(worker._jobs, "first", lambda tools, _payload: promise(tools.session, "second", "one", {}))
    monkeypatch.setitem(worker._jobs, "second", lambda _tools, _payload: None)
    with request_ids.during("CCCCCCCCCCCC"):
        promise(session, "first", "one", {})
    session.commit()
    with capture_logs([add_request_id]) as events:
        worker.drain()
    ended = [(event["kind"], event["request_id"]) for event in events if event["event"] == "job_ended"]
    assert ended == [("first", "CCCCCCCCCCCC"), ("second", "CCCCCCCCCCCC")]
    assert request_ids.current() is None
    db.session.remove()


def test_warnings_of_libraries_are_events_without_what_they_say() -> None:
    record = logging.LogRecord("a.library", logging.WARNING, "/a/file.py", 7, "%s was refused", ("Ada",), None)
    with capture_logs() as events:
        _Libraries().emit(record)
    assert events == [
        {
            "event": "library", "log_level": "warning", "logger": "a.library", "where": "/a/file.py:7", "problem": None,
        }
    ]  # fmt: skip
