"""Two releases at once: the one before, whose tables are what its own migrations made, on the database of this one."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from lms.models import Base, db, utcnow
from lms.models.base import ExactFraction
from lms.schema import upgrade
from lms.services.outbox import promise
from lms.worker import Worker
from tests.models.expansion import RELEASED
from tests.models.revision_in_test import service_at
from tests.models.test_migrations import MOMENT, reflected, value

#: « table.column » → the first of the words that its rule lets be written there.
FIRST_OF = {
    f"{table.name}.{column}": word
    for table in Base.metadata.tables.values()
    for rule in table.constraints if isinstance(rule, sa.CheckConstraint)
    for column, word in re.findall(r"(\w+) in \('(\w+)'", str(rule.sqltext))
}  # fmt: skip
FIRST_OF |= {
    f"{table.name}.{column.name}": "1/2"
    for table in Base.metadata.tables.values()
    for column in table.columns if isinstance(column.type, ExactFraction)
}  # fmt: skip
#: What a rule lets be written beside nothing else.
EMPTY = {"studio_role.track_key", "baseline.decided_by", "literacy_edition.edited_by"}


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """This release on a database that the release before made, which is empty."""
    with service_at(RELEASED, request.param, request, tmp_path) as app:
        yield app


def test_the_release_before_reads_and_writes_all_of_its_tables_on_those_of_this_one(before: Flask) -> None:
    with before.app_context():
        tables = reflected()  # as the release before knows them
    upgrade(before)
    with before.app_context():
        made = filled_of(tables)
        with db.engine.begin() as connection:
            for table in tables:
                rows = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                assert all(row in rows for row in made[table.name]), table.name
                # It writes each row again, every column it knows, and takes one away.
                key = list(table.primary_key.columns)
                for row in made[table.name]:
                    mine = sa.and_(*(column == row[column.name] for column in key))
                    connection.execute(sa.update(table).where(mine).values(row))
            for table in reversed(tables):
                first = made[table.name][0]
                mine = sa.and_(*(column == first[column.name] for column in table.primary_key.columns))
                connection.execute(sa.delete(table).where(mine))
        # What it wrote without the columns it does not know is read by this one.
        assert db.engine.dialect.name != "sqlite" or db.session.execute(sa.text("pragma foreign_key_check")).all() == []


def filled_of(tables: list[sa.Table], numbers: tuple[int, ...] = (21, 22)) -> dict[str, list[dict[str, Any]]]:
    """Rows that the release before writes in each of its tables, numbered beyond what there is."""
    made: dict[str, list[dict[str, Any]]] = {}
    with db.engine.begin() as connection:
        for table in tables:
            before = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for number in numbers:
                connection.execute(sa.insert(table), {each.name: asked(each, number) for each in table.columns})
            after = [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            made[table.name] = [row for row in after if row not in before]
            assert len(made[table.name]) == len(numbers)
    return made


def asked(column: sa.Column[Any], number: int) -> Any:
    """What the row of that number holds there, as the rules of its table ask."""
    name = f"{column.table.name}.{column.name}"
    if name in EMPTY:
        return None
    if name == "sitting.closes_at":
        return MOMENT.replace(day=28)
    if name in FIRST_OF or column.foreign_keys:
        return FIRST_OF.get(name) or asked(next(iter(column.foreign_keys)).column, number)
    match column.type:
        case sa.Date():
            return date(2026, 1, number)
        case sa.Numeric():
            return float(number)
        case sa.String() if not isinstance(column.type, sa.CHAR):
            return f"{number}-{column.name}"[: column.type.length]
    return value(column, number)


def test_this_release_is_not_ready_on_the_tables_of_the_one_before_and_is_as_soon_as_they_are_migrated(
    before: Flask,
) -> None:
    client = before.test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]) == (
        503, {"database": True, "migrations": False, "keys": False},
    )  # fmt: skip
    assert client.get("/healthz").status_code == 200, "it is not to be restarted"
    upgrade(before)
    assert client.get("/readyz").status_code == 200


def test_what_the_release_before_promised_is_done_by_a_worker_of_this_one(before: Flask) -> None:
    with before.app_context():
        jobs = next(table for table in reflected() if table.name == "outbox_job")
    upgrade(before)
    now = utcnow()
    with before.app_context():
        with db.engine.begin() as connection:
            connection.execute(
                sa.insert(jobs),
                {"kind": "send_score", "key": "participation:1", "payload": {"participation_id": 1},
                 "status": "pending", "version": 1, "tries": 0, "due_at": now, "created_at": now},
            )  # fmt: skip
        promise(db.session(), "work_of_the_next_release", "one", {})
        db.session.commit()
        Worker(before).drain()
        query = sa.select(jobs.c.kind, jobs.c.status, jobs.c.tries).order_by(jobs.c.kind)
        assert db.session.execute(query).all() == [
            ("send_score", "done", 1),
            ("work_of_the_next_release", "pending", 0),
        ]
        db.session.remove()


def test_rows_of_both_releases_are_read_by_the_models(before: Flask) -> None:
    with before.app_context():
        tables = reflected()
        filled_of(tables)
    upgrade(before)
    with before.app_context():
        filled_of(tables, (26, 27))
        names = {table.name for table in tables}
        for mapper in Base.registry.mappers:
            if mapper.local_table.name in names:  # type: ignore[attr-defined]
                assert db.session.scalars(sa.select(mapper.class_)).unique().all(), mapper.class_
        db.session.remove()
