"""What people and tools added to the platform, across restarts: courses, links, tools, notice handlers."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from lms.devlms.database import Database, condition
from lms.devlms.settings import Course, CourseLink
from lms.devlms.tools import Tool

# Numbers begin far from those that settings may use.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS course (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS link (
    number INTEGER PRIMARY KEY AUTOINCREMENT, course_id TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS link_of ON link (course_id);
CREATE TABLE IF NOT EXISTS tool (
    number INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS notice_handler (
    client_id TEXT NOT NULL, notice_type TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (client_id, notice_type)
);
INSERT INTO sqlite_sequence (name, seq)
    SELECT name, seq FROM (SELECT 'course' AS name, 1000 AS seq UNION SELECT 'link', 1000 UNION SELECT 'tool', 1)
    WHERE name NOT IN (SELECT name FROM sqlite_sequence);
"""


class Catalogue:
    """Each thing is kept as JSON under its number."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _SCHEMA, {})

    def courses(self) -> list[Course]:
        """The courses made by copying, oldest first."""
        return [_course(row) for row in self._rows("course")]

    def course(self, course_id: str) -> Course | None:
        """The copied course of that id."""
        return next((_course(row) for row in self._rows("course", number=course_id)), None)

    def copy_course(self, course: Course, links: list[CourseLink]) -> tuple[Course, list[CourseLink]]:
        """A new course with these links under new ids, each remembering where it comes from."""
        copy = replace(course, title=f"{course.title} (copie)", history=(course.id, *course.history))
        with self._database.open() as db:
            copy = replace(copy, id=_add(db, "course", {}, lambda _number: copy))
            copies = [replace(link, course_id=copy.id, history=(link.id, *link.history)) for link in links]
            return copy, [_add_link(db, link) for link in copies]

    def links(self, course_id: str) -> list[CourseLink]:
        """The links added to a course, oldest first."""
        return [_link(row) for row in self._rows("link", course_id=course_id)]

    def link(self, link_id: str) -> CourseLink | None:
        """The added link of that id."""
        return next((_link(row) for row in self._rows("link", number=link_id)), None)

    def add_links(self, links: list[CourseLink]) -> list[CourseLink]:
        """The links under their new ids."""
        with self._database.open() as db:
            return [_add_link(db, link) for link in links]

    def tools(self) -> list[Tool]:
        """The tools that registered themselves, oldest first."""
        return [_tool(row) for row in self._rows("tool")]

    def add_tool(self, tool: Tool) -> Tool:
        """The tool under its number, which is also its deployment as in Moodle."""

        def numbered(number: int) -> Tool:
            return replace(tool, number=number, deployment_id=str(number))

        with self._database.open() as db:
            return numbered(int(_add(db, "tool", {"client_id": tool.client_id}, numbered)))

    def change_tool(self, tool: Tool) -> None:
        """Replace what is known of a registered tool."""
        with self._database.open() as db:
            db.execute("UPDATE tool SET body = ? WHERE number = ?", (json.dumps(asdict(tool)), tool.number))

    def notice_handlers(self, client_id: str) -> dict[str, str]:
        """The address a tool gave for each type of notice."""
        return {row["notice_type"]: row["url"] for row in self._rows("notice_handler", client_id=client_id)}

    def keep_notice_handler(self, client_id: str, notice_type: str, url: str) -> None:
        """Send a type of notice there, or nowhere if ``url`` is empty."""
        with self._database.open() as db:
            db.execute("INSERT OR REPLACE INTO notice_handler VALUES (?, ?, ?)", (client_id, notice_type, url))

    def _rows(self, table: str, **where: str) -> list[sqlite3.Row]:
        with self._database.open(writing=False) as db:
            return db.execute(f"SELECT * FROM {table} {condition(where)} ORDER BY rowid", where).fetchall()  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound


def _add(
    db: sqlite3.Connection, table: str, columns: dict[str, str], make: Callable[[int], Course | CourseLink | Tool]
) -> str:
    names, slots = ", ".join(["body", *columns]), ", ".join(["''", *(f":{name}" for name in columns)])
    number = int(db.execute(f"INSERT INTO {table} ({names}) VALUES ({slots})", columns).lastrowid or 0)  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
    body = json.dumps(asdict(make(number)))
    db.execute(f"UPDATE {table} SET body = ? WHERE number = ?", (body, number))  # nosec B608 # noqa: S608 - names of our own tables and columns; values are bound
    return str(number)


def _add_link(db: sqlite3.Connection, link: CourseLink) -> CourseLink:
    return replace(link, id=_add(db, "link", {"course_id": link.course_id}, lambda _number: link))


def _course(row: sqlite3.Row) -> Course:
    body = json.loads(row["body"])
    return Course(**{**body, "id": str(row["number"]), "history": tuple(body["history"])})


def _link(row: sqlite3.Row) -> CourseLink:
    body = json.loads(row["body"])
    return CourseLink(**{**body, "id": str(row["number"]), "history": tuple(body["history"])})


def _tool(row: sqlite3.Row) -> Tool:
    body = json.loads(row["body"])
    lists = {name: tuple(body[name]) for name in ("redirect_uris", "scopes", "claims") if body[name] is not None}
    return Tool(**{**body, **lists})
