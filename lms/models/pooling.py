"""Connections to the database: how long they are waited for, how long they may be used, when they are replaced.

Nothing here waits for ever: neither for a server that vanished without a word or lets nobody in, nor for a statement
that does not end.
"""

import sqlite3
import time
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from lms.database_errors import useless
from lms.models import clock

#: After how many seconds unused a connection is asked whether it is alive. Asking each time would cost a launch as
#: much as a query.
RESTED = 5.0
#: How long a request waits for a connection when all are in use, in seconds.
POOL_WAIT = 5
#: How libpq gives up (its manual, « Parameter Key Words »): on a server that lets nobody in (seconds, for each host),
#: and on one that has vanished without closing: 10 s of silence, then 3 questions 5 s apart, or 20 s without an
#: acknowledgement (milliseconds). An address that says otherwise has its way.
_GIVE_UP = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}  # fmt: skip
#: How long a page waits for a row, in seconds: what keeps it a moment is another page, what keeps it longer is not.
LOCK_WAIT = 5
#: The server asks whether we are alive as we ask it: a machine that stops does not hold its rows for two hours.
_SERVER_ASKS = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}


def engine_options(url: str) -> dict[str, Any]:
    """How the engine of that address is made."""
    options: dict[str, Any] = {"hide_parameters": True}  # a failure quotes no row, wherever it is printed
    found = make_url(url)
    if found.get_backend_name() == "postgresql":
        options["pool_timeout"] = POOL_WAIT
        options["connect_args"] = {name: value for name, value in _GIVE_UP.items() if name not in found.query}
    return options


def limit_statements(engine: Engine, seconds: int, lock_seconds: int | None = None) -> None:
    """Let no statement of connections opened from now on last longer, nor wait longer for a row; 0 for no limit.

    PostgreSQL alone; SQLite waits ``lms.models.database.BUSY_TIMEOUT`` for a writer and has no slow network.
    """
    if engine.dialect.name != "postgresql":
        return
    limits = dict(_SERVER_ASKS)
    if seconds:
        limits["statement_timeout"] = f"{seconds}s"
        if lock_seconds is not None:
            limits["lock_timeout"] = f"{min(lock_seconds, seconds)}s"
    asked = "select " + ", ".join(["set_config(%s, %s, false)"] * len(limits))
    values = [each for limit in limits.items() for each in limit]

    def limited(connection: Any, _record: ConnectionPoolEntry) -> None:
        connection.execute(asked, values)
        connection.commit()

    event.listen(engine, "connect", limited)


def discard(own: Connection, error: BaseException) -> None:
    """Replace a connection, and at their next use those opened before now: what broke it broke them too."""
    own.engine.pool._invalidate(own.connection, error)  # noqa: SLF001 - as SQLAlchemy does for its own statements
    own.invalidate(error)


def writes(own: Connection) -> bool:
    """Whether the database takes what is written; the connections to one that does not are left."""
    if own.dialect.name != "postgresql" or own.execute(text("show transaction_read_only")).scalar_one() == "off":
        return True
    discard(own, DisconnectionError("it only reads"))
    return False


def let_go(session: Session) -> None:
    """Undo what a session was at, though the database may be gone: its connection is then dropped."""
    try:
        session.rollback()
    except SQLAlchemyError:
        with suppress(SQLAlchemyError):
            session.invalidate()


@event.listens_for(Engine, "connect")
def _learn_the_time(connection: Any, record: ConnectionPoolEntry) -> None:
    del record
    if not isinstance(connection, sqlite3.Connection) and clock.due():
        clock.learn(connection)


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


@event.listens_for(Engine, "handle_error")
def _replace_what_is_useless(context: ExceptionContext) -> None:
    """A server that stops, or that has become a standby, is left: the address may name the one that took over."""
    if useless(context.original_exception):
        context.is_disconnect = True
