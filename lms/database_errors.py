"""What a failure of the database, or of a disk, is: one word for each case that passes by itself or by an operator.

Everything else (a row that is refused, a statement that is wrong) is the service's own fault, and not in here. The
codes are those of PostgreSQL (its manual, appendix A) and of SQLite (sqlite.org/rescode.html).
"""

import errno
import sqlite3

import psycopg
from sqlalchemy import exc

#: The database does not answer, or is starting or stopping.
AWAY = "away"
#: It answers, and has no connection or memory for us; or ours are all taken; or two transactions met head on.
BUSY = "busy"
#: A statement took too long, most often for waiting until somebody else lets go of a row.
SLOW = "slow"
#: It only reads: a standby, or a primary that no longer is one.
READ_ONLY = "read_only"
#: No room is left on its disk, or on ours.
FULL = "full"

_STATES = {
    "25006": READ_ONLY, "40001": BUSY, "40P01": BUSY, "53000": BUSY, "53100": FULL, "53200": BUSY, "53300": BUSY,
    "55P03": SLOW, "57014": SLOW, "57P01": AWAY, "57P02": AWAY, "57P03": AWAY, "57P05": AWAY,
}  # fmt: skip
_SQLITE = {
    sqlite3.SQLITE_BUSY: SLOW, sqlite3.SQLITE_LOCKED: SLOW, sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
}  # fmt: skip
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: What says that this connection is of no more use, though its server still speaks: it stops, or no longer writes.
_USELESS = {"25006", "57P01", "57P02", "57P03", "57P05"}
#: SQLAlchemy's own code for a connection that was lost in a transaction.
_LOST_BEFORE = "8s2b"


class NoRoom(Exception):
    """No disk of ours had room for what was being sent."""


def trouble(error: BaseException) -> str | None:
    """Which trouble an exception is (see above), or None when it is none of them."""
    if isinstance(error, exc.TimeoutError):  # every connection of the pool is in use
        return BUSY
    if isinstance(error, exc.PendingRollbackError):
        return AWAY if error.code == _LOST_BEFORE else None
    if isinstance(error, exc.DBAPIError):
        found = _of_driver(error.orig)
        passing = isinstance(error, (exc.OperationalError, exc.InterfaceError)) or error.connection_invalidated
        return found or (AWAY if passing else None)
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, sqlite3.OperationalError)):
        return _of_driver(error) or AWAY
    if isinstance(error, NoRoom) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return FULL
    return _of_driver(error)


def useless(error: BaseException | None) -> bool:
    """Whether a failure of the driver says that its connection, and those beside it, must be replaced."""
    return getattr(error, "sqlstate", None) in _USELESS


def _of_driver(error: BaseException | None) -> str | None:
    if isinstance(error, psycopg.Error):
        return _STATES.get(error.sqlstate or "")
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # extended codes begin with the plain one
    return None
