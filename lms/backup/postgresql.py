"""A PostgreSQL database in a backup: its tables by COPY, in one snapshot, and back in one transaction.

Nothing but the connection is needed: no pg_dump of the server's version. The tables come from the migrations: those up
to the revision that the backup names, and after the rows have come, those that bring them to this release.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from lms import rights
from lms.backup import BackupError
from lms.backup.parts import PIECE, TABLE, Part, PartsWriter
from lms.config import Config
from lms.migrations.head import head
from lms.models import Base
from lms.owner import refuse_unless_owner, served_account
from lms.schema import migrate

SEQUENCES = "sequences"
_VERSION = "alembic_version"
#: How a session says what it reads, whatever its server or role would have it say; and nothing cuts it short.
_SETTINGS = (
    "set local datestyle to 'ISO, YMD'", "set local intervalstyle to 'postgres'", "set local timezone to 'UTC'",
    "set local bytea_output to 'hex'", "set local extra_float_digits to 1", "set local client_encoding to 'UTF8'",
    "set local statement_timeout to 0", "set local idle_in_transaction_session_timeout to 0",
)  # fmt: skip
#: How long the service is waited for where it must let go of its tables.
_PATIENCE = "set local lock_timeout to '10s'"
#: Tables of the schema in force; those of a partitioned one are in it.
_TABLES = """
select c.relname from pg_class c
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
"""
_COLUMNS = """
select a.attname from pg_attribute a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
"""


class PostgresqlSource:
    """One state of the database of ``url``, for as long as the block lasts; it keeps nobody from writing."""

    def __init__(self, connection: sa.Connection, told: Callable[[], None]) -> None:
        self._told = told
        self._cursor = _cursor(connection)
        for statement in _SETTINGS:
            self._cursor.execute(statement)
        there = _tables(self._cursor)
        if _VERSION not in there:
            raise BackupError("The database has no table of this service. Check LMS_DATABASE_URL: lms config shows it.")
        row = self._cursor.execute(f"select version_num from {_VERSION}").fetchone()  # nosec B608 # noqa: S608 - names of our tables
        self.revision = str(row[0]) if row else ""
        if self.revision == head():  # a table of somebody else's beside them stays theirs
            there &= set(Base.metadata.tables)
        self._tables = _in_order(connection, there)
        if self._tables:  # no migration takes one away before it is read
            self._cursor.execute(sql.SQL("lock table {} in access share mode").format(_names(self._tables)))

    def opening(self) -> dict[str, Any]:
        """What a backup says of it first."""
        return {"database": "postgresql", "revision": self.revision, "tables": self._tables}

    @classmethod
    @contextmanager
    def of(cls, url: str, told: Callable[[], None]) -> Iterator["PostgresqlSource"]:
        """Open the snapshot."""
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        still = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with still.connect() as connection:
            yield cls(connection, told)

    def write(self, writer: PartsWriter) -> None:
        """Add every table to a backup, those referred to first, and where its sequences are."""
        for table in self._tables:
            self._told()
            columns = [name for (name,) in self._cursor.execute(_COLUMNS, (_quoted(table),)).fetchall()]
            with closing(self._rows(table, columns)) as rows:  # ended at once where the disk is full
                writer.add(TABLE + table, rows, columns=columns)
        # Numbers are taken outside transactions: what is read now is beyond all that the snapshot holds.
        writer.add(SEQUENCES, [json.dumps(_sequences(self._cursor, self._tables)).encode()])

    def _rows(self, table: str, columns: list[str]) -> Generator[bytes, None, None]:
        held = bytearray()
        query = sql.SQL("copy (select {} from {}) to stdout").format(_names(columns), sql.Identifier(table))
        with self._cursor.copy(query) as copy:
            for data in copy:
                held += data
                if len(held) >= PIECE:
                    yield bytes(held)
                    held.clear()
        yield bytes(held)


class PostgresqlTarget:
    """Where a database comes back: one transaction of the tables' owner, which ``settle`` commits."""

    def __init__(self, config: Config, opening: Mapping[str, Any], *, replace: bool) -> None:
        self._engine = sa.create_engine(config.owner or config.database, poolclass=sa.NullPool)
        self._connection = self._engine.connect()
        self._transaction = self._connection.begin()
        try:
            self._cursor = _cursor(self._connection)
            for statement in (*_SETTINGS, _PATIENCE):
                self._cursor.execute(statement)
            refuse_unless_owner(self._connection, config)
            self._account = served_account(self._connection, config) if config.owner else None
            ours = {*Base.metadata.tables, _VERSION, *opening["tables"]}
            found = sorted(_tables(self._cursor) & ours)
            if found and not replace:
                raise BackupError(
                    "The database is not empty. Name another one, or add --replace: what it holds is then gone."
                )
            self._make(found, opening["revision"])
        except BaseException:
            self.close()
            raise

    def _make(self, found: list[str], revision: str) -> None:
        """The tables as they were at that revision, empty."""
        try:
            if found:
                self._cursor.execute(sql.SQL("drop table {}").format(_names(found)))
        except psycopg.errors.LockNotAvailable as error:
            raise BackupError("The database is in use. Stop the web processes and workers, then try again.") from error
        except psycopg.errors.DependentObjectsStillExist as error:
            raise BackupError(
                "Tables or views of somebody else's depend on those of the service. Remove them, or name an empty "
                f"database: {error.diag.message_detail}."
            ) from error
        self._theirs = _tables(self._cursor)
        migrate(self._connection, revision)
        self._tables = self._ours()
        self._cursor.execute(sql.SQL("truncate {}").format(_names(sorted(self._tables))))

    def _ours(self) -> set[str]:
        """The tables that the migrations made; one of somebody else's beside them stays theirs."""
        return _tables(self._cursor) - self._theirs - {_VERSION}

    def takes(self, name: str) -> bool:
        """Whether a part belongs here."""
        return name.startswith(TABLE) or name == SEQUENCES

    def put(self, part: Part, pieces: Iterator[bytes]) -> None:
        """Take the part in. Rows that refer to some that are not there are refused by the database."""
        if part.name == SEQUENCES:
            self._set_sequences(b"".join(pieces))
            return
        table, columns = part.name.removeprefix(TABLE), part.about["columns"]
        if table not in self._tables:
            raise BackupError(f"The table {table} of this backup is unknown to this release. Use the one that made it.")
        query = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), _names(columns))
        with self._cursor.copy(query) as copy:
            for piece in pieces:
                copy.write(piece)
        if self._cursor.rowcount != part.rows:
            raise BackupError(f"Rows of {table} are missing from this backup. Use another one, and report this one.")
        self._tables.discard(table)

    def check(self) -> None:
        """See that all is there and bring it to this release. Raises ``BackupError``."""
        if self._tables:
            raise BackupError(f"This backup lacks the table {min(self._tables)}. Use another one, and report this one.")
        migrate(self._connection)
        if self._account is not None:
            rights.grant(self._connection, self._account)
        self._cursor.execute(sql.SQL("analyze {}").format(_names(sorted(self._ours()))))

    def settle(self) -> None:
        """Let what came be the database."""
        self._transaction.commit()

    def close(self) -> None:
        """Leave nothing behind: what was not settled never was."""
        if self._transaction.is_active:
            self._transaction.rollback()
        self._connection.close()
        self._engine.dispose()

    def _set_sequences(self, value: bytes) -> None:
        for table, column, last, called in json.loads(value):
            self._cursor.execute(
                "select setval(pg_get_serial_sequence(%s, %s), %s, %s)", (_quoted(table), column, last, called)
            )


def _cursor(connection: sa.Connection) -> psycopg.Cursor[Any]:
    """The driver's own, within the transaction of ``connection``."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection).cursor()


def _tables(cursor: psycopg.Cursor[Any]) -> set[str]:
    return {name for (name,) in cursor.execute(_TABLES).fetchall()}


def _in_order(connection: sa.Connection, there: set[str]) -> list[str]:
    """Our tables among those, the ones referred to first."""
    inspector = sa.inspect(connection)
    ordered = [name for name, _keys in inspector.get_sorted_table_and_fkc_names() if name is not None]
    return [name for name in ordered if name in there and name != _VERSION]


def _sequences(cursor: psycopg.Cursor[Any], tables: list[str]) -> list[tuple[str, str, int, bool]]:
    """(table, column, last number given, whether it was given) of each column that numbers itself."""
    found = []
    for table in tables:
        query = (
            "select attname, pg_get_serial_sequence(%s, attname) from pg_attribute where attrelid = %s::regclass "
            "and attnum > 0 and not attisdropped"
        )
        for column, sequence in cursor.execute(query, (_quoted(table), _quoted(table))).fetchall():
            if sequence is not None:
                # Its name comes from the server, quoted where it must be.
                row = cursor.execute(f"select last_value, is_called from {sequence}").fetchone()  # nosec B608 # noqa: S608 - names of our tables
                assert row is not None
                found.append((table, column, int(row[0]), bool(row[1])))
    return found


def _names(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _quoted(table: str) -> str:
    return '"' + table.replace('"', '""') + '"'
