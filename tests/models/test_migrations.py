"""A database of the first revision, with rows in every table, becomes one of this release without losing any."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from lms.models import Base, db
from lms.schema import upgrade
from tests.models.revision_in_test import service_at

FIRST = "3259ac3c57ca"
MOMENT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
#: Values that the tables' rules ask for, by column; what is not here is made from the column's type.
ASKED = {
    "outbox_job.status": "pending", "platform.status": "active", "agent.branch": "FPE", "certificate.status": "valid",
    "attempt.score": "1/3", "participation.score_sent": "2/3", "person.language": "fr", "person.text_size": "m",
    "person.text_space": "m", "tool_key.retired_at": None,
}  # fmt: skip
ROWS = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The service on a database of the first revision, which is empty."""
    with service_at(FIRST, request.param, request, tmp_path) as app:
        yield app


def test_no_row_of_the_first_revision_is_lost(old: Flask) -> None:
    with old.app_context():
        before = filled()
    upgrade(old)
    with old.app_context():
        after = read(list(before))
        for row in before["answer"]:  # what was chosen is now the answer to a field of that name
            row["response"] = {"choice": row["response"]}
        for name, rows in before.items():
            columns = list(rows[0])
            assert [{column: row[column] for column in columns} for row in after[name]][:ROWS] == rows, name
        assert [row["cause"] for row in read(["grading"])["grading"]] == ["submitted"] * ROWS
        # Agents have a state from then on, in a unit made of the names of where they are.
        units = {row["id"]: row for row in read(["unit"])["unit"]}
        for agent, state in zip(read(["agent"])["agent"], read(["agent_state"])["agent_state"], strict=True):
            assert (state["agent_id"], state["since"]) == (agent["id"], agent["updated_at"])
            chain = [units[int(each)]["name"] for each in units[state["unit_id"]]["path"].split(".")[:-1]]
            assert chain == [agent["ministry"], agent["directorate"], agent["service"]]
            assert agent["unit_id"] == state["unit_id"]
        # The tool's own key was there: no other is made.
        assert len(after["tool_key"]) == ROWS
        db.engine.dispose()


def test_what_was_there_is_read_by_the_models(old: Flask) -> None:
    with old.app_context():
        names = set(filled())
    upgrade(old)
    with old.app_context():
        for mapper in Base.registry.mappers:
            if mapper.local_table.name in names:
                found = db.session.scalars(sa.select(mapper.class_)).unique().all()
                assert len(found) == ROWS, mapper.class_
        if db.engine.dialect.name == "sqlite":
            assert db.session.execute(sa.text("pragma foreign_key_check")).all() == []
        db.session.remove()
        db.engine.dispose()


def test_upgrading_twice_changes_nothing(old: Flask) -> None:
    with old.app_context():
        names = list(filled())
    upgrade(old)
    with old.app_context():
        once = read(names)
    upgrade(old)
    with old.app_context():
        assert read(names) == once
        db.engine.dispose()


def filled() -> dict[str, list[dict[str, Any]]]:
    """Every table, with rows that refer to one another; gives them by table, as the database holds them."""
    tables = reflected()
    with db.engine.begin() as connection:
        for table in tables:
            for number in range(1, ROWS + 1):
                connection.execute(sa.insert(table), {each.name: value(each, number) for each in table.columns})
        for table in tables if db.engine.dialect.name == "postgresql" else []:
            if "id" in table.columns and isinstance(table.columns["id"].type, sa.Integer):
                connection.execute(sa.text(f"select setval(pg_get_serial_sequence('{table.name}', 'id'), {ROWS})"))
    found = read([table.name for table in tables])
    assert all(len(rows) == ROWS for rows in found.values())
    return found


def reflected() -> list[sa.Table]:
    """The tables there are, those referred to first."""
    metadata = sa.MetaData()
    metadata.reflect(db.engine)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def read(names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of those tables, in the order they were made."""
    known = {table.name: table for table in reflected()}
    with db.engine.connect() as connection:
        return {name: [dict(row) for row in connection.execute(ordered(known[name])).mappings()] for name in names}


def ordered(table: sa.Table) -> sa.Select[Any]:
    """All of a table, in the order of its key."""
    return sa.select(table).order_by(*table.primary_key.columns)


def value(column: sa.Column[Any], number: int) -> Any:
    """What the row of that number holds there: different in each row, of the row of that number where it refers."""
    asked = f"{column.table.name}.{column.name}"
    if asked in ASKED:
        return ASKED[asked]
    for key in column.foreign_keys:
        return value(key.column, number)
    text = f"{column.table.name[:10]}-{column.name[:10]}-{number}"
    match column.type:
        case sa.Boolean():
            return True
        case sa.JSON():
            return {"fr": text}
        case sa.Integer():
            return number
        case sa.DateTime():
            return MOMENT.replace(day=number)
        case sa.LargeBinary():
            return text.encode()
        case sa.Uuid():
            return UUID(int=number)
        case sa.CHAR():  # how SQLite holds a UUID
            return f"{number:032x}"
        case _:
            return text[: getattr(column.type, "length", None)]
