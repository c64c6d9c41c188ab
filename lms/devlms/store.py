"""The gradebook across restarts: columns, scores and used assertions."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from lms.devlms.database import Database, columns, condition, insert
from lms.devlms.gradebook import LineItem, Score
from lms.devlms.settings import CourseLink

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS line_item (
    id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, score_maximum REAL NOT NULL,
    resource_link_id TEXT, resource_id TEXT, tag TEXT, start TEXT, "end" TEXT, own INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS line_item_of ON line_item (resource_link_id);
CREATE TABLE IF NOT EXISTS score (
    id INTEGER PRIMARY KEY, line_item_id INTEGER NOT NULL REFERENCES line_item ON DELETE CASCADE,
    user_id TEXT NOT NULL, timestamp TEXT NOT NULL, activity_progress TEXT NOT NULL,
    grading_progress TEXT NOT NULL, score_given REAL, score_maximum REAL, comment TEXT NOT NULL,
    grade REAL, received_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS score_in ON score (line_item_id, id);
CREATE INDEX IF NOT EXISTS score_of ON score (line_item_id, user_id, id);
CREATE TABLE IF NOT EXISTS assertion (jti TEXT PRIMARY KEY, expires REAL NOT NULL);
"""
_ITEM: Final = columns(LineItem)
_SCORE: Final = columns(Score)


class Store:
    """``home`` names the course and the tool of columns that name none: those of the settings."""

    def __init__(self, path: Path, home: Mapping[str, str]) -> None:
        self._database = Database(path, _SCHEMA, {"line_item": LineItem, "score": Score})
        self._home = home

    def keep_columns_of(self, links: Iterable[CourseLink]) -> None:
        """Give each link its column, once."""
        with self._database.open() as db:
            for name, value in self._home.items():
                db.execute(f"UPDATE line_item SET {name} = ? WHERE {name} = ''", (value,))  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
            made = {row[0] for row in db.execute("SELECT resource_link_id FROM line_item WHERE own = 1")}
            for link in links:
                if link.id not in made:
                    item = LineItem(link.title, link.score_maximum, link.id, own=True)
                    insert(db, "line_item", self._placed(item, link.course_id, link.client_id), {"id"})

    def line_items(
        self, where: Mapping[str, Any] | None = None, start: int = 0, limit: int | None = None
    ) -> list[LineItem]:
        """The columns whose fields hold those values, oldest first."""
        asked = {**(where or {})}
        order = f"{condition(asked)} ORDER BY id LIMIT :limit OFFSET :start"
        bound = {**asked, "limit": -1 if limit is None else limit, "start": start}
        with self._database.open(writing=False) as db:
            return [_item(row) for row in db.execute(f"SELECT {_ITEM} FROM line_item {order}", bound)]  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound

    def line_item(self, item_id: int) -> LineItem | None:
        """The column of that id."""
        # SQLite's numbers end at 63 bits; an address may hold any.
        return next(iter(self.line_items({"id": item_id})), None) if item_id.bit_length() < 64 else None

    def add_line_item(self, item: LineItem) -> LineItem:
        """A new column, always a separate one (as Moodle's manual columns)."""
        placed = self._placed(item, item.course_id, item.client_id)
        with self._database.open() as db:
            return replace(placed, id=insert(db, "line_item", placed, {"id"}))

    def change_line_item(self, item: LineItem) -> None:
        """Replace a column's description."""
        values = asdict(item)
        names = ", ".join(f'"{name}" = :{name}' for name in values)
        with self._database.open() as db:
            db.execute(f"UPDATE line_item SET {names} WHERE id = :id", values)  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound

    def remove_line_item(self, item_id: int) -> None:
        """Remove a column and its scores."""
        with self._database.open() as db:
            db.execute("DELETE FROM line_item WHERE id = ?", (item_id,))

    def add_score(self, score: Score, judge: Callable[[Score | None], Score]) -> None:
        """Keep a score; ``judge`` sees the latest one and answers what to keep, or raises to refuse.

        Reading and writing are one transaction, so two scores at once are still ordered.
        """
        with self._database.open() as db:
            latest = db.execute(
                f"SELECT {_SCORE} FROM score WHERE line_item_id = ? AND user_id = ? ORDER BY id DESC LIMIT 1",  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
                (score.line_item_id, score.user_id),
            ).fetchone()
            insert(db, "score", judge(Score(**dict(latest)) if latest else None), set())

    def scores(self) -> list[Score]:
        """Every score received, oldest first; the last one of a person and column is in force."""
        return self._scores("ORDER BY id", {})

    def latest_scores(self, limit: int) -> list[Score]:
        """The scores received last, the last one first."""
        return self._scores("ORDER BY id DESC LIMIT :limit", {"limit": limit})

    def current_scores(self, limit: int | None = None) -> list[Score]:
        """The score in force for each person and column."""
        latest = "SELECT max(id) FROM score GROUP BY line_item_id, user_id"
        bound = {"limit": -1 if limit is None else limit}
        return self._scores(f"WHERE id IN ({latest}) ORDER BY id LIMIT :limit", bound)

    def results(
        self, item_id: int, user_id: str | None, but: float | None, after: int, limit: int | None
    ) -> list[tuple[int, Score]]:
        """The scores in force of a column that hold a grade other than ``but``, each with its number.

        A page begins ``after`` a number rather than at a rank, so that the last one costs what the first does.
        """
        whose = "" if user_id is None else "AND user_id = :user_id"
        later = "SELECT 1 FROM score l WHERE l.line_item_id = s.line_item_id AND l.user_id = s.user_id AND l.id > s.id"
        query = (
            f"SELECT id, {_SCORE} FROM score s WHERE line_item_id = :item_id AND id > :after {whose} "  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
            f"AND grade IS NOT NULL AND grade IS NOT :but AND NOT EXISTS ({later}) ORDER BY id LIMIT :limit"
        )
        bound = {"item_id": item_id, "user_id": user_id, "but": but, "after": after}
        with self._database.open(writing=False) as db:
            rows = [dict(row) for row in db.execute(query, {**bound, "limit": -1 if limit is None else limit})]
        return [(row.pop("id"), Score(**row)) for row in rows]

    def use_assertion(self, jti: str, expires: float, now: float) -> bool:
        """Mark an assertion as used; false when it already was (RFC 7523, section 3, point 7)."""
        with self._database.open() as db:
            db.execute("DELETE FROM assertion WHERE expires < ?", (now,))
            done = db.execute("INSERT OR IGNORE INTO assertion VALUES (?, ?)", (jti, expires))
            return done.rowcount == 1

    def _scores(self, clauses: str, bound: Mapping[str, Any]) -> list[Score]:
        with self._database.open(writing=False) as db:
            return [Score(**dict(row)) for row in db.execute(f"SELECT {_SCORE} FROM score {clauses}", bound)]  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound

    def _placed(self, item: LineItem, course_id: str, client_id: str) -> LineItem:
        return replace(
            item, course_id=course_id or self._home["course_id"], client_id=client_id or self._home["client_id"]
        )


def _item(row: sqlite3.Row) -> LineItem:
    return LineItem(**{**dict(row), "own": bool(row["own"])})
