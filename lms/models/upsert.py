"""Insert that loses gracefully: when another transaction made the row first, that row is found."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.models.base import table_of

T = TypeVar("T")


def dialect_insert(session: Session, model: type[Any]) -> Any:
    """The ``insert`` construct of the session's database, which knows ``on_conflict_do_…``."""
    name = session.get_bind().dialect.name
    return postgresql.insert(model) if name == "postgresql" else sqlite.insert(model)


def insert_new(session: Session, model: type[Any], identity: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The primary key of the row just inserted; None when a row of that unique identity exists, untouched."""
    session.flush()  # what the row refers to may still be waiting in the session
    connection = session.connection()
    statement = _insert_statement(connection.dialect.name, table_of(model), tuple(identity))
    return connection.execute(statement, {**values, **identity}).scalar()


def insert_or_find(session: Session, model: type[T], identity: Mapping[str, Any], values: Mapping[str, Any]) -> T:
    """The row of that unique identity, inserted with ``values`` unless it exists."""
    insert_new(session, model, identity, values)
    return session.scalars(select(model).filter_by(**identity)).one()


@cache
def _insert_statement(dialect: str, table: Table, identity: tuple[str, ...]) -> Any:
    # Made once: putting a statement together costs more than running it.
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    key = next(iter(table.primary_key.columns))
    return insert.on_conflict_do_nothing(index_elements=list(identity)).returning(key)
