"""The one SQLite file behind the LMS's memory, opened for each action: safe from any thread."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Database:
    """Tables that keep dataclasses, a column for each field."""

    def __init__(self, path: Path, schema: str, kept: Mapping[str, type["DataclassInstance"]]) -> None:
        self._path = path
        with self.open() as db:
            db.executescript(f"BEGIN; {schema} COMMIT;")  # all of it or nothing
        with self.open() as db:
            for table, kind in kept.items():
                _grow(db, table, kind)

    @contextmanager
    def open(self, *, writing: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction, which other writers wait for if it writes; an exception undoes it."""
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA foreign_keys = ON")
            # It outlives its processes, and need not outlive a power cut: a disk with much to do is not waited for.
            db.execute("PRAGMA synchronous = OFF")
            db.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield db
            if db.in_transaction:  # a script ends its own
                db.execute("COMMIT")
        finally:
            # Closing rolls back whatever an exception left open.
            db.close()


def columns(kind: type["DataclassInstance"]) -> str:
    """The names of a dataclass's fields, for a SELECT."""
    return ", ".join(f'"{each.name}"' for each in fields(kind))


def insert(db: sqlite3.Connection, table: str, value: "DataclassInstance", without: set[str]) -> int:
    """Add a row and give its number; fields named in ``without`` are left to the table."""
    values = {name: each for name, each in asdict(value).items() if name not in without}
    names = ", ".join(f'"{name}"' for name in values)
    slots = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({slots})", values)  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
    return int(cursor.lastrowid or 0)


def condition(where: Mapping[str, Any]) -> str:
    """A WHERE clause asking each named column for the value bound under its name."""
    return "WHERE " + " AND ".join(f'"{name}" = :{name}' for name in where) if where else ""


def _grow(db: sqlite3.Connection, table: str, kind: type["DataclassInstance"]) -> None:
    """Give a table made by an earlier version the columns it lacks."""
    there = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
    for each in fields(kind):
        if each.name not in there:
            db.execute(f"ALTER TABLE {table} ADD COLUMN \"{each.name}\" TEXT NOT NULL DEFAULT ''")
