"""``lms doctor``: what the database may have wrong, and what it tells of a deployment that does not work."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import Config
from lms.doctor import Finding, database, working
from lms.doctor.examination import examine
from lms.lti.keys import ToolKeys
from lms.models import OutboxJob, Platform, ToolKey, TrackRevision, WorkerSign, db, utcnow
from lms.models.clock import machine_now
from lms.schema import upgrade
from lms.services.outbox import promise
from lms.worker import Worker
from tests.conftest import SECRET, make_config
from tests.doctor.test_doctor_settings import says
from tests.platform_in_test import PlatformInTest
from tests.postgresql_in_test import Server

LIFE = timedelta(days=90)


def looked_at(session: Session, config: Config) -> dict[str, Finding]:
    """What is found of the database, by check."""
    return {each.check: each for each in database.database(session, config)}


def postgresql(session: Session) -> bool:
    return session.connection().dialect.name == "postgresql"


def test_a_migrated_database_is_sound(session: Session, config: Config) -> None:
    found = looked_at(session, config)
    if postgresql(session):
        says(found.pop("rights"), "warn", "superuser")  # that of tests; tests/rights are of the others
        assert {each.state for each in found.values()} == {"ok"}
        assert set(found) == {"database", "encryption", "isolation", "clock", "migrations", "upkeep"}
    else:
        says(found["database"], "warn", "LMS_DATABASE_URL")
        assert found["migrations"].state == "ok"


@pytest.fixture
def on_server(postgresql: Server, tmp_path: Path) -> Iterator[Any]:
    """Makes the service on a database of the real PostgreSQL, with options in its address."""
    made: list[Flask] = []

    def on(url: str, **options: str) -> Flask:
        address = sa.make_url(url).update_query_dict(options).render_as_string(hide_password=False)
        made.append(create_app(make_config(address, tmp_path)))
        return made[-1]

    with postgresql.lent() as url:
        yield lambda **options: on(url, **options)
        for app in made:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
            app.extensions["outbound"].close()


def test_another_isolation_is_found(on_server: Any) -> None:
    app = on_server(options="-c default_transaction_isolation=serializable")
    with app.app_context():
        found = looked_at(db.session(), app.extensions["mpia"])
    says(found["isolation"], "bad", "serializable", "default_transaction_isolation TO 'read committed'")


def test_a_database_that_only_reads_is_found(on_server: Any) -> None:
    app = on_server(options="-c default_transaction_read_only=on")
    with app.app_context():
        found = looked_at(db.session(), app.extensions["mpia"])
        says(found["database"], "bad", "only reads", "target_session_attrs=read-write")
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()["checks"]["database"]) == (503, False)


def test_several_hosts_are_asked_for_the_one_that_writes(on_server: Any) -> None:
    host = on_server().extensions["mpia"].database.partition("host=")[2].partition("&")[0]
    app = on_server(host=f"{unquote(host)},{unquote(host)}")
    with app.app_context():
        says(looked_at(db.session(), app.extensions["mpia"])["database"], "warn", "a standby", "read-write")
    app = on_server(host=f"{unquote(host)},{unquote(host)}", target_session_attrs="read-write")
    with app.app_context():
        assert looked_at(db.session(), app.extensions["mpia"])["database"].state == "ok"


def test_an_old_server_is_told_how_to_be_replaced(on_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app = on_server()
    monkeypatch.setattr(database, "OLDEST", 99)
    with app.app_context():
        says(database.kind(db.session.connection()), "bad", "no longer mended", "99")


def test_an_encoding_that_lacks_letters_is_found(on_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app, real = on_server(), database._shown
    monkeypatch.setattr(
        database, "_shown", lambda own, name: "SQL_ASCII" if name == "server_encoding" else real(own, name)
    )
    with app.app_context():
        says(database.kind(db.session.connection()), "bad", "SQL_ASCII", "UTF8")


def test_a_server_that_does_not_look_after_its_tables_is_found(on_server: Any) -> None:
    app = on_server(options="-c track_counts=off")
    with app.app_context():
        says(looked_at(db.session(), app.extensions["mpia"])["upkeep"], "bad", "off: track_counts.", "ALTER SYSTEM")


def test_tables_left_alone_or_not_known_are_found(on_server: Any) -> None:
    app = on_server()
    with app.app_context():
        own, config = db.session, app.extensions["mpia"]

        def after(statements: str) -> Finding:
            for statement in statements.split("; "):
                own.execute(sa.text(statement))
                own.execute(sa.text("select pg_stat_force_next_flush()"))
                own.commit()
            return looked_at(own(), config)["upkeep"]

        # Emptied, counted, then filled again: PostgreSQL goes on believing in nobody.
        fill = "insert into of_doctor select generate_series(1, 200)"
        emptied = f"create table of_doctor (n integer); {fill}; delete from of_doctor; analyze of_doctor"
        assert after(emptied).state == "ok"
        says(after(fill), "warn", "hold: of_doctor.", "ANALYZE of_doctor;")
        assert after("analyze of_doctor").state == "ok"
        says(after("create table never as select generate_series(1, 60000) n"), "warn", "ANALYZE never;")
        left = "alter table never set (autovacuum_enabled = off)"
        says(after(left), "bad", "leave alone: never.", "ALTER TABLE never RESET (autovacuum_enabled);")


@pytest.mark.parametrize("ahead", [60, -60])
def test_clocks_that_differ_are_found(on_server: Any, monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    app = on_server()
    monkeypatch.setattr(database, "machine_now", lambda: machine_now() + timedelta(seconds=ahead))
    with app.app_context():
        says(database.clock(db.session.connection()), "bad", "60 s apart", "network time")


def test_a_database_that_refuses_is_told_without_its_password(tmp_path: Path) -> None:
    app = create_app(make_config("postgresql://lms:hidden@127.0.0.1:1/lms", tmp_path))
    found = examine(app)
    assert "hidden" not in str(found)
    by_check = {each.check: each for each in found}
    says(by_check["database"], "bad", "127.0.0.1", "LMS_DATABASE_URL")
    dependent = ("isolation", "clock", "migrations", "lti_key", "tracks", "worker", "outbox")
    assert {by_check[name].state for name in dependent} == {"none"}


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    app = create_app(make_config("", tmp_path))
    found = {each.check: each for each in examine(app)}
    says(found["database"], "bad", "lms db upgrade")
    assert not list(tmp_path.glob("lms.sqlite3*"))


def test_tables_of_another_release_are_told(app: Flask, session: Session, config: Config) -> None:
    session.execute(sa.text("update alembic_version set version_num = '3259ac3c57ca'"))
    says(looked_at(session, config)["migrations"], "bad", "earlier release", "lms db upgrade")
    session.execute(sa.text("update alembic_version set version_num = 'ffffffffffff'"))
    says(looked_at(session, config)["migrations"], "warn", "later release")
    session.execute(sa.text("delete from alembic_version"))
    says(looked_at(session, config)["migrations"], "bad", "empty", "lms db upgrade")


def test_a_release_serves_on_the_tables_of_the_next(app: Flask, session: Session) -> None:
    session.execute(sa.text("update alembic_version set version_num = 'ffffffffffff'"))
    session.commit()
    assert app.test_client().get("/readyz").status_code == 200
    upgrade(app)  # as a process that starts again does
    assert session.scalar(sa.text("select version_num from alembic_version")) == "ffffffffffff"
    session.execute(sa.text("update alembic_version set version_num = '3259ac3c57ca'"))
    session.commit()
    assert app.test_client().get("/readyz").status_code == 503


def test_a_table_that_may_not_be_read_is_told(app: Flask, session: Session) -> None:
    session.execute(sa.text("alter table track_revision rename to elsewhere"))
    session.commit()
    found = [each for each in examine(app) if each.check == "database"]
    says(found[-1], "bad", "could not be read", "lms db upgrade")


# What the database tells of the deployment


def test_a_key_that_signs_is_found_old_foreign_or_lacking(session: Session) -> None:
    keys = ToolKeys(SECRET)
    says(working.lti_key(session, keys, LIFE), "ok")
    says(working.lti_key(session, ToolKeys("another secret that is long enough"), LIFE), "bad", "LMS_SECRET_KEY")
    session.execute(sa.update(ToolKey).values(signs_from=utcnow() - timedelta(days=90, hours=20)))
    says(working.lti_key(session, keys, LIFE), "ok")
    session.execute(sa.update(ToolKey).values(signs_from=utcnow() - timedelta(days=92)))
    says(working.lti_key(session, keys, LIFE), "bad", "92 days", "lms keys rotate")
    session.execute(sa.delete(ToolKey))
    says(working.lti_key(session, keys, LIFE), "bad", "lms db upgrade")


def test_a_track_that_is_not_published_is_named(session: Session, config: Config) -> None:
    says(working.tracks(session, config), "ok")
    key = session.scalars(sa.select(TrackRevision.track_key)).first()
    session.execute(sa.delete(TrackRevision))
    says(working.tracks(session, config), "bad", str(key), "lms db upgrade")


def seen(session: Session) -> Finding:
    """What is said of workers; no transaction stays open, which would keep one from writing."""
    found = working.worker(session)
    session.commit()
    return found


def test_a_worker_tells_that_it_is_there(app: Flask, session: Session) -> None:
    says(seen(session), "bad", "No worker has run lately", "lms worker")
    worker = Worker(app)
    worker.upkeep()
    worker.round()
    says(seen(session), "ok", "A worker was seen")
    for minutes, state in ((9, "ok"), (11, "bad"), (-5, "ok")):
        session.execute(sa.update(WorkerSign).values(seen_at=utcnow() - timedelta(minutes=minutes)))
        session.commit()
        assert seen(session).state == state, minutes
    worker.round()
    says(seen(session), "ok", "A worker was seen")


def test_jobs_that_nobody_takes_are_stuck(session: Session, platform: PlatformInTest) -> None:
    says(working.outbox(session), "ok")
    promise(session, "note", "one", {}, platform_id=session.scalar(sa.select(Platform.id)))
    says(working.outbox(session), "ok")
    long_ago, soon = utcnow() - timedelta(minutes=45), utcnow() + timedelta(minutes=1)
    session.execute(sa.update(OutboxJob).values(due_at=long_ago))
    says(working.outbox(session), "bad", "takes: 1", "45 min", "lms worker")
    session.execute(sa.update(OutboxJob).values(leased_until=soon))
    says(working.outbox(session), "ok")
    session.execute(sa.update(OutboxJob).values(leased_until=None))
    session.execute(sa.update(Platform).values(quiet_until=soon))
    says(working.outbox(session), "ok")
    session.execute(sa.update(OutboxJob).values(status="failed"))
    says(working.outbox(session), "warn", "administrator: 1", "Deliveries")
