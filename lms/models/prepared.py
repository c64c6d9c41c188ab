"""Statements of the hot paths: put together once, then run on the driver's own cursor.

SQLAlchemy takes five times as long around a short statement as SQLite takes to run it. Here it is asked once a
statement and database for the SQL, and for how each type is written and read; the rest is the driver's. What these
statements do stands in the connection's transaction, beside what SQLAlchemy runs there.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.database_errors import useless
from lms.models.pooling import discard

Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class _Ready:
    """A statement as one database takes it."""

    sql: str
    #: Names of the values, each with how its type is written; in the order of the question marks if there are some.
    binds: tuple[tuple[str, Convert | None], ...]
    positional: bool
    #: What an insert puts where no value is given, by column.
    defaults: Mapping[str, Callable[[], Any]]
    #: The result's type, and the columns whose type must be read (by number).
    row: Callable[..., Any]
    reads: tuple[tuple[int, Convert], ...]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        if self.defaults:
            values = {**{name: make() for name, make in self.defaults.items()}, **values}
        if self.positional:
            return [write(values[name]) if write else values[name] for name, write in self.binds]
        return {name: write(values[name]) if write else values[name] for name, write in self.binds}

    def read(self, raw: Any) -> Any:
        """A row of the driver, its columns by name."""
        cells = list(raw)
        for number, convert in self.reads:
            cells[number] = convert(cells[number])
        return self.row(*cells)


def connection_of(own: Session | Connection) -> Connection:
    """The connection of a session, which has written there what it held; a connection is its own."""
    if isinstance(own, Connection):
        return own
    own.flush()  # what a row refers to may still be waiting in the session
    return own.connection()


class Prepared:
    """A Core statement whose every value is a ``bindparam`` (or, for an insert, a column).

    It is always given the same names of values.
    """

    def __init__(self, statement: Select[Any] | Insert | Update | Delete) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def rows(self, own: Session | Connection, values: Mapping[str, Any]) -> list[Any]:
        """Every row, its columns as attributes. Raises ``sqlalchemy.exc.DBAPIError``."""
        connection = connection_of(own)
        ready = self._for(connection.dialect, values)
        return [ready.read(raw) for raw in self._execute(connection, ready, values).fetchall()]

    def run(self, own: Session | Connection, values: Mapping[str, Any]) -> int:
        """How many rows were written. Raises ``sqlalchemy.exc.DBAPIError``."""
        connection = connection_of(own)
        return int(self._execute(connection, self._for(connection.dialect, values), values).rowcount)

    def _execute(self, own: Connection, ready: _Ready, values: Mapping[str, Any]) -> Any:
        cursor, parameters = _cursor(own), ready.parameters(values)
        for hear in own.dispatch.before_cursor_execute:  # whoever counts statements counts these too
            hear(own, cursor, ready.sql, parameters, None, False)
        try:
            cursor.execute(ready.sql, parameters)
        except own.dialect.loaded_dbapi.Error as error:
            if useless(error) or own.dialect.is_disconnect(error, own.connection.dbapi_connection, None):
                discard(own, error)
            raise DBAPIError.instance(
                ready.sql, None, error, own.dialect.loaded_dbapi.Error, hide_parameters=True, dialect=own.dialect
            ) from error
        return cursor

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Ready:
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = _made(self._statement, dialect, list(values))
        return ready


def _cursor(own: Connection) -> Any:
    """The one cursor kept on a connection of the driver's: psycopg takes as long to make one as to use it."""
    kept = own.connection.info
    if "cursor" not in kept:
        kept["cursor"] = own.connection.cursor()
    return kept["cursor"]


def _made(statement: Any, dialect: Dialect, names: list[str]) -> _Ready:
    compiled = statement.compile(dialect=dialect, column_keys=names if isinstance(statement, Insert) else None)
    filled = compiled.insert_prefetch if isinstance(statement, Insert) else ()
    binds = compiled.binds
    order = compiled.positiontup if compiled.positional else list(binds)
    columns = list(statement.exported_columns)
    reads = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Ready(
        sql=str(compiled),
        binds=tuple((name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order),
        positional=compiled.positional,
        defaults={column.key: _maker(column.default) for column in filled},
        row=namedtuple("Row", [column.key for column in columns]),
        reads=tuple((number, read) for number, read in enumerate(reads) if read),
    )


def _maker(default: Any) -> Callable[[], Any]:
    """What makes a default: a value, or a function given the statement's context, which none of ours reads."""
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)
