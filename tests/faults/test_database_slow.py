"""PostgreSQL makes a page wait, or has no room: the page ends and says so, others are served, nothing is cut short."""

import hashlib
import resource
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Answer, ExportRun, OutboxJob, WorkerSign, utcnow
from lms.services import exporting
from lms.services.exporting import Order
from tests.account_in_test import make_person
from tests.faults.patience_in_test import said_clearly
from tests.faults.serving_in_test import Served
from tests.faults.test_exam_killed import Room, drawn_questions_of
from tests.faults.test_workers_at_once import Started, waits_for
from tests.postgresql_in_test import Server


class Narrow(Served):
    """A service of two connections."""

    PROGRAM = ("-m", "tests.faults.narrow_service")


@pytest.fixture
def database_url(postgresql: Server) -> Iterator[str]:
    """PostgreSQL alone: on SQLite nobody holds a row."""
    with postgresql.lent() as url:
        yield url


@contextmanager
def held(url: str, statement: str, *values: object) -> Iterator[psycopg.Connection]:
    """A transaction of somebody else's, which did that and does not end."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain) as other:
        other.execute(statement, values)
        yield other


def save(room: Room, number: int, turn: int = 1) -> httpx.Response:
    """An answer to the first question, as a learner's page sends it."""
    mine = room.tickets[number]
    option = drawn_questions_of(room.session.get_bind(), mine)[0][turn % 2]
    form = {"permission": mine.permission, "a.choice": option, "page": f"{number:016x}", "turn": str(turn)}
    return httpx.post(
        f"{room.served.url}/learn/attempts/{mine.attempt}/1", data=form,
        headers={**mine.headers, "Accept-Language": "en"}, trust_env=False, timeout=60,
    )  # fmt: skip


def kept(room: Room, number: int) -> int:
    """How many answers of theirs are in the record."""
    query = sa.select(sa.func.count()).select_from(Answer).filter_by(attempt_id=room.tickets[number].attempt)
    count = room.session.scalar(query)
    room.session.commit()
    assert count is not None
    return count


LOCK = "select from attempt where id = any(%s) for update"


def test_a_page_that_is_made_to_wait_or_finds_no_room(
    app: Flask, session: Session, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMS_STATEMENT_TIMEOUT", "1")
    served = Served(config)
    room = Room(app, session, served)
    with served:
        a_row_that_somebody_holds(room, config)
        told = a_trigger_that(room, config, "begin perform pg_sleep(3600); return new; end", turn=5)
        assert "cannot reach its data" in told
        told = a_trigger_that(room, config, "begin raise disk_full using message = 'could not extend'; end", turn=6)
        assert "no room left" in told


def a_row_that_somebody_holds(room: Room, config: Config) -> None:
    with held(config.database, LOCK, [room.tickets[0].attempt]), ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(save, room, 0, turn) for turn in (1, 2, 3)]
        assert save(room, 1).status_code == 200, "others are served"
        for each in waiting:
            said_clearly(each.result())
    assert kept(room, 0) == 0
    assert save(room, 0, 4).status_code == 200
    assert (kept(room, 0), kept(room, 1)) == (1, 1)


def a_trigger_that(room: Room, config: Config, body: str, turn: int) -> str:
    """What is said of an answer while the database does that with it; it is taken once the database does not."""
    before = kept(room, 0)
    with held(config.database, "select 1") as other:
        other.execute(f"create function fault() returns trigger language plpgsql as $$ {body} $$")
        other.execute("create trigger fault before insert on answer for each row execute function fault()")
        other.commit()
        try:
            refused = save(room, 0, turn)
        finally:
            other.execute("drop function fault cascade")
            other.commit()
    said_clearly(refused)
    assert kept(room, 0) == before
    assert save(room, 0, turn).status_code == 200
    assert kept(room, 0) == before + 1
    return str(refused.json()["message"])


def test_more_requests_than_connections(
    app: Flask, session: Session, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMS_STATEMENT_TIMEOUT", "0")  # what holds the connections holds them until it is let go
    served = Narrow(config)
    room = Room(app, session, served)
    with served, ThreadPoolExecutor(6) as pool:
        with held(config.database, LOCK, [room.tickets[0].attempt, room.tickets[1].attempt]):
            first: list[Future[httpx.Response]] = [pool.submit(save, room, number) for number in (0, 1)]
            waits_until_blocked(session, 2)
            for each in [pool.submit(save, room, 2, turn) for turn in (1, 2, 3)]:
                said_clearly(each.result())
            assert not any(each.done() for each in first)
        assert [each.result().status_code for each in first] == [200, 200]
        assert save(room, 2, 4).status_code == 200
    assert [kept(room, number) for number in (0, 1, 2)] == [1, 1, 1]


def waits_until_blocked(session: Session, count: int) -> None:
    query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    for _ in range(1200):
        found = session.scalar(sa.text(query))
        session.commit()  # one transaction sees one state of it
        if found == count:
            return
        threading.Event().wait(0.05)
    raise TimeoutError


def test_an_export_without_room_is_made_once_there_is_some(
    app: Flask, session: Session, config: Config, tmp_path: Path
) -> None:
    """A worker that may write no file stands for a full disk; it lives, says so, and leaves nothing half-written."""
    app.extensions["tool_keys"].ensure(session)
    session.commit()
    with Started(config, tmp_path / "worker.log") as worker:
        waits_for(lambda: session.scalars(sa.select(WorkerSign)).first() is not None)
        may_write(worker.process.pid, 1)
        person_id = make_person(session, "rh@example.org", account="hr")
        run = exporting.ask(session, person_id, Order("completions", "csv", {}, "fr", "training"))
        session.commit()
        query = sa.select(OutboxJob.cause).filter_by(kind="export_report")
        waits_for(lambda: session.scalar(query) is not None)
        assert session.scalar(query) == "disk_full"
        session.refresh(run)
        assert (run.file, list(config.exports.iterdir())) == (None, [])
        assert run.error is not None
        session.commit()
        may_write(worker.process.pid, resource.RLIM_INFINITY)
        session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
        session.commit()
        waits_for(lambda: session.scalar(sa.select(ExportRun.state)) == "done")
        session.refresh(run)
    assert run.file is not None
    assert [each.name for each in config.exports.iterdir()] == [run.file]
    assert hashlib.sha256((config.exports / run.file).read_bytes()).hexdigest() == run.sha256


def may_write(process: int, size: int) -> None:
    """How long the files of a process and of its children may become, in bytes."""
    for each in (psutil.Process(process), *psutil.Process(process).children(recursive=True)):
        resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class TestSqlite:
    """The file of the database is on a disk without room."""

    @pytest.fixture
    def database_url(self, sqlite_template: Path, tmp_path: Path) -> str:
        path = tmp_path / "lms.sqlite3"
        path.write_bytes(sqlite_template.read_bytes())
        return f"sqlite:///{path}"

    def test_what_was_saved_is_there(self, app: Flask, session: Session, config: Config) -> None:
        served = Served(config)
        room = Room(app, session, served)
        with served:
            assert save(room, 0, 1).status_code == 200
            may_write(served.process_id, 1)
            said_clearly(save(room, 0, 2))
            said_clearly(save(room, 1, 1))
            may_write(served.process_id, resource.RLIM_INFINITY)
            assert save(room, 0, 2).status_code == 200
            assert save(room, 1, 1).status_code == 200
        assert (kept(room, 0), kept(room, 1)) == (2, 1)
        assert session.scalar(sa.text("pragma integrity_check")) == "ok"
        session.commit()
