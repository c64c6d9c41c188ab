"""The worker: it outlives its database's absences."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

import lms.worker
from lms.models import db
from lms.services.outbox import promise
from lms.worker import Worker


def test_a_database_that_goes_away_does_not_end_the_worker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, failures = Worker(app), [OperationalError("select", {}, Exception("gone")) for _ in range(2)]
    done: list[dict[str, Any]] = []
    real = worker.work

    def away_then_back(**which: Any) -> int:
        if failures:
            raise failures.pop()
        return real(**which)

    monkeypatch.setattr(lms.worker, "AWAY", 0.01)
    monkeypatch.setattr(worker, "work", away_then_back)
    monkeypatch.setitem(worker._jobs, "note", lambda tools, payload: done.append(payload))
    with app.app_context():
        promise(db.session(), "note", "one", {"said": "here"})
        db.session.commit()
        db.session.remove()
    with running(worker):
        waits_for(lambda: bool(done))
    assert done == [{"said": "here"}]
    assert failures == []


@contextmanager
def running(worker: Worker) -> Iterator[threading.Thread]:
    """A worker at work, stopped afterwards."""
    thread = threading.Thread(target=worker.run, args=(0.01,))
    thread.start()
    yield thread
    worker.stop()
    thread.join()


def waits_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)


def test_neither_a_long_job_nor_a_slow_address_holds_back_another(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, may_end = Worker(app), threading.Event()
    done: list[str] = []

    def long(tools: Any, payload: Any) -> None:
        del tools, payload
        may_end.wait(20)
        done.append("long")

    monkeypatch.setitem(worker._jobs, "sync_roster", long)
    monkeypatch.setitem(worker._jobs, "send_webhook", long)
    monkeypatch.setitem(worker._jobs, "note", lambda _tools, _payload: done.append("short"))
    with app.app_context():
        promise(db.session(), "sync_roster", "first", {})
        promise(db.session(), "send_webhook", "first", {})
        promise(db.session(), "note", "second", {})
        db.session.commit()
        db.session.remove()
    with running(worker):
        waits_for(lambda: bool(done))
        assert done == ["short"]
        may_end.set()
        waits_for(lambda: len(done) == 3)
    assert done == ["short", "long", "long"]


@pytest.mark.parametrize("kind", ["sync_roster", "send_webhook", None])
def test_a_worker_stops_whole_when_a_part_of_it_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    worker = Worker(app)
    real = worker.work

    def failing(**which: Any) -> int:
        if kind in (which["kinds"] or {None}):
            raise LookupError("a fault of ours")
        return real(**which)

    # This one alone: another may be at work in this process, beside the browser.
    monkeypatch.setattr(worker, "work", failing)
    with pytest.raises(LookupError):
        worker.run(0.01)
