"""The session and the engine: one SQLAlchemy extension, and how SQLite is driven.

SQLite reads run in deferred transactions and writes in ``BEGIN IMMEDIATE`` ones. A deferred transaction
that turns into a write fails at once when another writer came between (SQLITE_BUSY_SNAPSHOT, no busy
timeout), so the intention is declared before the first statement: see ``begin_reading`` and ``writing``.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as ExtensionSession
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from lms.models import clock
from lms.models.base import Base


class OneDatabaseSession(ExtensionSession):
    """A session that knows its one engine, instead of looking for it before every statement."""

    _engine: Engine | None = None

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Engine | Connection | None = None, **kwargs: Any
    ) -> Engine | Connection:
        del mapper, clause, kwargs
        if self._engine is None:
            self._engine = self._db.engine
        return bind or self._engine


#: The models stand on our own typed base; the extension shares its metadata and gives sessions and engines.
db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": OneDatabaseSession, "expire_on_commit": False})

#: Longest wait for another writer, in milliseconds, before SQLite reports « locked ».
BUSY_TIMEOUT = 20_000

#: After how many seconds unused a connection is asked whether it is alive. Asking each time would cost a launch as
#: much as a query.
RESTED = 5.0

_read_only: ContextVar[bool] = ContextVar("read_only", default=False)


def begin_reading() -> Token[bool]:
    """From now on transactions only read; a flush is refused on every database. Undo with ``end_reading``."""
    return _read_only.set(True)


def end_reading(token: Token[bool]) -> None:
    """Undo ``begin_reading``."""
    _read_only.reset(token)


@contextmanager
def writing(session: Session) -> Iterator[None]:
    """Inside a reading request, end what was read and begin a transaction that may write."""
    if session.in_transaction():
        session.commit()  # nothing was changed: what was loaded stays loaded
    token = _read_only.set(False)
    try:
        yield
    finally:
        _read_only.reset(token)


@contextmanager
def reading(session: Session) -> Iterator[None]:
    """Outside a request, end what was begun: inside, transactions only read, and keep nobody from writing."""
    session.commit()
    token = begin_reading()
    try:
        yield
        session.commit()
    finally:
        end_reading(token)


@contextmanager
def direct_transaction() -> Iterator[Connection]:
    """A transaction of its own that may write, free of the ORM: for what runs at every launch."""
    token = _read_only.set(False)
    try:
        with db.engine.connect() as connection, connection.begin():
            yield connection
    finally:
        _read_only.reset(token)


@contextmanager
def direct_statements() -> Iterator[Connection]:
    """A connection where each statement run by ``lms.models.prepared`` is a transaction of its own.

    For the one read or write that needs no other: it spares the database two round trips.
    """
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):  # which begins nothing by itself, see below
            yield connection
            connection.commit()
            return
        driver.autocommit = True  # type: ignore[union-attr]
        try:
            yield connection
        finally:
            if not driver.closed:  # type: ignore[union-attr]
                driver.autocommit = False  # type: ignore[union-attr]


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, record: Any) -> None:
    del record
    if not isinstance(connection, sqlite3.Connection):
        if clock.due():
            clock.learn(connection)
        return
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        try:
            driver.execute("BEGIN" if _read_only.get() else "BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN", None, error) from error


@event.listens_for(Engine, "checkin")
def _note_rest(connection: Any, record: ConnectionPoolEntry) -> None:
    del connection
    record.info["rested"] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _ask_whether_alive(connection: Any, record: ConnectionPoolEntry, proxy: Any) -> None:
    """Ask a connection that has rested whether the server still knows it; another is opened when it does not.

    What it is asked is the time, which is asked now and then of one that has not rested too.
    """
    del proxy
    now = time.monotonic()
    if isinstance(connection, sqlite3.Connection):
        return
    if now - record.info.get("rested", now) < RESTED and not clock.due():
        return
    try:
        clock.learn(connection)
    except Exception as error:
        raise DisconnectionError from error


@event.listens_for(Session, "before_flush")
def _refuse_hidden_write(session: Session, context: Any, instances: Any) -> None:
    del context, instances
    if _read_only.get() and (session.new or session.dirty or session.deleted):
        raise RuntimeError("A page that only reads tried to write: wrap the change in writing(session).")
