"""Two workers, each in its process on PostgreSQL, started at once: what comes round is done once."""

import os
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import Config
from lms.models import ExportRun, OutboxJob, Platform, WorkerSign, db, utcnow
from lms.services import exporting, workers
from lms.services.audit import record
from lms.services.connections import promise_due_checks
from lms.services.exporting import Order
from lms.services.outbox import promise
from lms.services.platforms import NewPlatform, add_platform
from lms.worker import Worker
from tests.account_in_test import make_person
from tests.conftest import make_config
from tests.outbox_in_test import claim, finish
from tests.postgresql_in_test import Server
from tests.running_in_test import COMMAND

#: What is due when they start, and how often each is to be done.
DUE = {"check_journal": 1, "check_platform": 3, "export_report": 5}
PATIENCE = 120


class Started:
    """``lms worker`` in a process of its own; a context, that asks it to end and waits."""

    def __init__(self, config: Config, log: Path) -> None:
        self._log = log.open("wb")
        environment = {
            **os.environ, "LMS_DATABASE_URL": config.database_url, "LMS_DATA_DIR": str(config.data_dir),
            "LMS_SECRET_KEY": config.secret_key, "LMS_KEYS_DIR": str(config.keys_dir),
            "LMS_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        }  # fmt: skip
        command = [*COMMAND, "worker"]
        self.process = subprocess.Popen(command, env=environment, stderr=self._log)

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, *error: Any) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0
        self._log.close()


def test_what_comes_round_is_done_once(postgresql: Server, tmp_path: Path, keys_dir: Path) -> None:
    with postgresql.lent() as url:
        config = make_config(url, tmp_path, keys_dir=keys_dir)
        app = create_app(config)
        with app.app_context():
            fall_due(app)
            with Started(config, tmp_path / "one.log"), Started(config, tmp_path / "two.log"):
                waits_for(lambda: len(db.session.scalars(sa.select(WorkerSign)).all()) == 2)
                waits_for(lambda: db.session.scalars(sa.select(OutboxJob).filter_by(status="pending")).first() is None)
            done: dict[str, int] = {}
            for (kind, outcome, _bucket), (jobs, _seconds) in workers.tallied(db.session()).items():
                assert outcome == "done" or kind not in DUE, (kind, outcome)
                done[kind] = done.get(kind, 0) + jobs
            runs = db.session.scalars(sa.select(ExportRun)).all()
            assert [run.state for run in runs] == ["done"] * DUE["export_report"]
            assert workers.life(db.session(), utcnow()).alive == 0
            db.session.remove()
            db.engine.dispose()
        app.extensions["outbound"].close()
    assert {kind: done.get(kind, 0) for kind in DUE} == DUE


def fall_due(app: Flask) -> None:
    """A journal that was never checked, connections and saved exports whose day has come."""
    session = db.session()
    app.extensions["tool_keys"].ensure(session)
    for number in range(DUE["check_platform"]):
        base = f"http://127.0.0.1:{number + 1}"  # nobody answers there, which the check finds
        add_platform(
            session,
            NewPlatform(
                name=f"LMS {number}", issuer=base, client_id="tool", auth_url=f"{base}/a", token_url=f"{base}/t",
                jwks_url=f"{base}/j", deployment_id="1",
            ),
        )  # fmt: skip
    session.execute(sa.delete(OutboxJob))
    session.execute(sa.update(Platform).values(checked_at=None))
    person_id = make_person(session, "rh@example.org", account="hr")
    order = Order("completions", "csv", {}, "fr", "training")
    for number in range(DUE["export_report"]):
        saved = exporting.save(session, person_id, f"each day {number}", order, "daily", utcnow())
        saved.next_at = utcnow() - timedelta(hours=1)
    record(session, "something_happened", "nothing:1")
    session.commit()
    Worker(app).chain(after=0)  # a journal with a head, as it has after its first minute
    db.session.remove()


def waits_for(happened: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        db.session.rollback()
        assert time.monotonic() < end, "the workers did not do it"
        threading.Event().wait(0.1)
    db.session.rollback()


def test_what_comes_round_is_not_asked_for_while_it_runs_nor_soon_after(session: Session) -> None:
    def ask() -> None:
        promise(session, "note", "one", {}, every=timedelta(hours=1))
        session.commit()

    def versions() -> list[tuple[str, int]]:
        rows = session.execute(sa.select(OutboxJob.status, OutboxJob.version)).all()
        return [(status, version) for status, version in rows]

    ask()
    held = claim(session)
    assert held is not None
    session.commit()
    ask()  # another worker, while the first one is at it
    assert versions() == [("pending", 1)]
    finish(session, held)
    ask()  # and once it has just ended
    assert versions() == [("done", 1)]
    session.execute(sa.update(OutboxJob).values(finished_at=utcnow() - timedelta(hours=2)))
    ask()
    assert versions() == [("pending", 2)]


@pytest.mark.parametrize("ago", [timedelta(minutes=1), timedelta(days=2)])
def test_a_connection_whose_check_gave_up_is_checked_again_in_its_time(session: Session, ago: timedelta) -> None:
    base = "https://lms.example.org"
    add_platform(
        session,
        NewPlatform(
            name="LMS", issuer=base, client_id="tool", auth_url=f"{base}/a", token_url=f"{base}/t",
            jwks_url=f"{base}/j", deployment_id="1",
        ),
    )  # fmt: skip
    session.execute(sa.delete(OutboxJob))
    promise_due_checks(session)
    session.execute(sa.update(OutboxJob).values(status="failed", due_at=utcnow() - ago))
    promise_due_checks(session)
    assert session.scalar(sa.select(OutboxJob.status)) == ("failed" if ago < timedelta(hours=1) else "pending")
