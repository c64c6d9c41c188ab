"""The worker: it outlives its database's absences."""

import threading
import time
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

    def away_then_back() -> int:
        if failures:
            raise failures.pop()
        return real()

    monkeypatch.setattr(lms.worker, "AWAY", 0.01)
    monkeypatch.setattr(worker, "work", away_then_back)
    monkeypatch.setitem(worker._jobs, "note", lambda tools, payload: done.append(payload))
    with app.app_context():
        promise(db.session(), "note", "one", {"said": "here"})
        db.session.commit()
        db.session.remove()
    thread = threading.Thread(target=worker.run, args=(0.01,))
    thread.start()
    end = time.monotonic() + 10
    while not done and time.monotonic() < end:
        time.sleep(0.02)
    worker.stop()
    thread.join()
    assert done == [{"said": "here"}]
    assert failures == []
