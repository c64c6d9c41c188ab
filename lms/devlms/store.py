"""The LMS's memory across restarts: columns, scores and used assertions, in one SQLite file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Final

from lms.devlms.gradebook import LineItem, Score
from lms.devlms.settings import CourseLink

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS line_item (
    id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, score_maximum REAL NOT NULL,
    resource_link_id TEXT, resource_id TEXT, tag TEXT, start TEXT, "end" TEXT, own INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS score (
    id INTEGER PRIMARY KEY, line_item_id INTEGER NOT NULL REFERENCES line_item ON DELETE CASCADE,
    user_id TEXT NOT NULL, timestamp TEXT NOT NULL, activity_progress TEXT NOT NULL,
    grading_progress TEXT NOT NULL, score_given REAL, score_maximum REAL, comment TEXT NOT NULL,
    grade REAL, received_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS score_of ON score (line_item_id, user_id, id);
CREATE TABLE IF NOT EXISTS assertion (jti TEXT PRIMARY KEY, expires REAL NOT NULL);
"""
_ITEM = ", ".join(f'"{field.name}"' for field in fields(LineItem))
_SCORE = ", ".join(f'"{field.name}"' for field in fields(Score))


class Store:
    """Opens the file for each action: slower than a kept connection, and safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as db:
            db.executescript(_SCHEMA)

    def keep_columns_of(self, links: tuple[CourseLink, ...]) -> None:
        """Give each link its column, once."""
        with self._open() as db:
            made = {row[0] for row in db.execute("SELECT resource_link_id FROM line_item WHERE own = 1")}
            for link in links:
                if link.id not in made:
                    _insert(db, "line_item", LineItem(link.title, link.score_maximum, link.id, own=True), {"id"})

    def line_items(self) -> list[LineItem]:
        """Every column, oldest first."""
        with self._open() as db:
            return [_item(row) for row in db.execute(f"SELECT {_ITEM} FROM line_item ORDER BY id")]  # noqa: S608

    def line_item(self, item_id: int) -> LineItem | None:
        """The column of that id."""
        return next((item for item in self.line_items() if item.id == item_id), None)

    def add_line_item(self, item: LineItem) -> LineItem:
        """A new column, always a separate one (as Moodle's manual columns)."""
        with self._open() as db:
            return replace(item, id=_insert(db, "line_item", item, {"id"}))

    def change_line_item(self, item: LineItem) -> None:
        """Replace a column's description."""
        values = asdict(item)
        names = ", ".join(f'"{name}" = :{name}' for name in values)
        with self._open() as db:
            db.execute(f"UPDATE line_item SET {names} WHERE id = :id", values)  # noqa: S608

    def remove_line_item(self, item_id: int) -> None:
        """Remove a column and its scores."""
        with self._open() as db:
            db.execute("DELETE FROM line_item WHERE id = ?", (item_id,))

    def add_score(self, score: Score, judge: Callable[[Score | None], Score]) -> None:
        """Keep a score; ``judge`` sees the latest one and answers what to keep, or raises to refuse.

        Reading and writing are one transaction, so two scores at once are still ordered.
        """
        with self._open() as db:
            latest = db.execute(
                f"SELECT {_SCORE} FROM score WHERE line_item_id = ? AND user_id = ? ORDER BY id DESC",  # noqa: S608
                (score.line_item_id, score.user_id),
            ).fetchone()
            _insert(db, "score", judge(Score(**dict(latest)) if latest else None), set())

    def scores(self) -> list[Score]:
        """Every score received, oldest first; the last one of a person and column is in force."""
        with self._open() as db:
            return [Score(**dict(row)) for row in db.execute(f"SELECT {_SCORE} FROM score ORDER BY id")]  # noqa: S608

    def current_scores(self) -> list[Score]:
        """The score in force for each person and column."""
        return list({(score.line_item_id, score.user_id): score for score in self.scores()}.values())

    def use_assertion(self, jti: str, expires: float, now: float) -> bool:
        """Mark an assertion as used; false when it already was (RFC 7523, section 3, point 7)."""
        with self._open() as db:
            db.execute("DELETE FROM assertion WHERE expires < ?", (now,))
            done = db.execute("INSERT OR IGNORE INTO assertion VALUES (?, ?)", (jti, expires))
            return done.rowcount == 1

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("BEGIN IMMEDIATE")
            yield db
            if db.in_transaction:  # a script commits by itself
                db.execute("COMMIT")
        finally:
            # Closing rolls back whatever an exception left open.
            db.close()


def _item(row: sqlite3.Row) -> LineItem:
    return LineItem(**{**dict(row), "own": bool(row["own"])})


def _insert(db: sqlite3.Connection, table: str, value: LineItem | Score, without: set[str]) -> int:
    values = {name: each for name, each in asdict(value).items() if name not in without}
    names = ", ".join(f'"{name}"' for name in values)
    slots = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({slots})", values)  # noqa: S608
    return int(cursor.lastrowid or 0)
