"""The session and the engine: one SQLAlchemy extension, and how SQLite is driven.

SQLite reads run in deferred transactions and writes in ``BEGIN IMMEDIATE`` ones. A deferred transaction
that turns into a write fails at once when another writer came between (SQLITE_BUSY_SNAPSHOT, no busy
timeout), so the intention is declared before the first statement: see ``begin_reading`` and ``writing``.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from lms.models.base import Base

#: The models stand on our own typed base; the extension shares its metadata and gives sessions and engines.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})

#: Longest wait for another writer, in milliseconds, before SQLite reports « locked ».
BUSY_TIMEOUT = 20_000

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


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, record: Any) -> None:
    del record
    if not isinstance(connection, sqlite3.Connection):
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
        connection.exec_driver_sql("BEGIN" if _read_only.get() else "BEGIN IMMEDIATE")


@event.listens_for(Session, "before_flush")
def _refuse_hidden_write(session: Session, context: Any, instances: Any) -> None:
    del context, instances
    if _read_only.get() and (session.new or session.dirty or session.deleted):
        raise RuntimeError("A page that only reads tried to write: wrap the change in writing(session).")
