"""Indexes of large tables are made while people write there, whatever else happens meanwhile; PostgreSQL alone.

SQLite has one writer at a time, and no deployment of millions.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from lms import schema
from lms.migrations.head import head
from lms.models import db
from lms.schema import upgrade
from tests.models.revision_in_test import service_at

#: The revision before indexes of large tables are made, one of those, and one of those tables.
BEFORE, INDEX, TABLE = "5b8f0c6ad214", "ix_outbox_job_made", "outbox_job"
WRITE = (
    "insert into outbox_job (kind, key, payload, status, version, tries, due_at, created_at) "
    "values ('test', :key, '{}', 'pending', 1, 0, now(), now())"
)


@pytest.fixture
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The service on an empty database of the revision before."""
    with service_at(BEFORE, "postgresql", request, tmp_path) as app:
        yield app


@pytest.fixture
def engine(old: Flask) -> Iterator[sa.Engine]:
    """Connections of the release that runs beside, whose statements wait five seconds and no more."""
    with old.app_context():
        url = db.engine.url
    made = sa.create_engine(url, connect_args={"options": "-c lock_timeout=5s -c statement_timeout=5s"})
    yield made
    made.dispose()


def until(engine: sa.Engine, query: str) -> None:
    """Wait until the database answers yes."""
    for _turn in range(600):
        with engine.connect() as connection:
            if connection.scalar(sa.text(query)):
                return
        time.sleep(0.1)
    raise AssertionError(query)


# Of that table: those of others wait an instant too, for a vacuum or for one another.
MAKING = f"query ilike 'create index concurrently% on {TABLE} %' and datname = current_database()"
WAITING = f"select count(*) > 0 from pg_stat_activity where {MAKING} and wait_event_type = 'Lock'"


def indexes(engine: sa.Engine) -> dict[str, bool]:
    """Name → whether it serves, of the indexes of the table."""
    query = (
        "select i.relname, x.indisvalid from pg_index x join pg_class i on i.oid = x.indexrelid "
        f"where x.indrelid = '{TABLE}'::regclass"
    )
    with engine.connect() as connection:
        return {row.relname: row.indisvalid for row in connection.execute(sa.text(query))}


def write(connection: sa.Connection, key: str) -> None:
    connection.execute(sa.text(WRITE), {"key": key})


def test_people_write_while_an_index_waits_for_one_of_them(old: Flask, engine: sa.Engine) -> None:
    with ThreadPoolExecutor() as pool, engine.connect() as slow:
        write(slow, "slow")
        upgraded = pool.submit(upgrade, old)
        until(engine, WAITING)
        with engine.begin() as other:  # a plain « create index » would keep this one waiting behind the slow one
            write(other, "other")
        second = pool.submit(upgrade, old)  # another process of this release starts meanwhile
        slow.commit()
        upgraded.result(120)
        second.result(120)
    assert indexes(engine)[INDEX]
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select version_num from alembic_version")) == head()
        assert connection.scalar(sa.text(f"select count(*) from {TABLE} where kind = 'test'")) == 2


def test_an_index_cut_short_is_made_again(old: Flask, engine: sa.Engine) -> None:
    with ThreadPoolExecutor() as pool, engine.connect() as slow:
        write(slow, "slow")
        upgraded = pool.submit(upgrade, old)
        until(engine, WAITING)
        with engine.begin() as connection:  # as when the process that migrates is killed
            ended = sa.text(f"select pg_terminate_backend(pid) from pg_stat_activity where {MAKING}")
            assert connection.scalars(ended).all() == [True]
        assert upgraded.exception(60) is not None
        slow.commit()
    assert False in indexes(engine).values() or INDEX not in indexes(engine)
    upgrade(old)
    assert indexes(engine)[INDEX]
    assert all(indexes(engine).values())


def test_a_table_in_use_is_asked_for_again(old: Flask, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is changed would keep everybody waiting behind whoever uses it: it gives way, and comes back."""
    monkeypatch.setattr(schema, "_TABLE_WAIT", 1)
    given_way = threading.Event()
    monkeypatch.setattr(schema.time, "sleep", lambda _seconds: given_way.set())
    with ThreadPoolExecutor() as pool, engine.connect() as slow:
        slow.execute(sa.text(f"lock table {TABLE} in share update exclusive mode"))
        upgraded = pool.submit(upgrade, old)
        assert given_way.wait(60)
        with engine.begin() as other:
            write(other, "other")
        slow.commit()
        upgraded.result(120)
    assert indexes(engine)[INDEX]
