"""Insert that loses gracefully: when another transaction made the row first, that row is found."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.models.base import table_of
from lms.models.prepared import Prepared, connection_of

T = TypeVar("T")


def insert_into(dialect: str, table: Table) -> Any:
    """The ``insert`` construct of a database, which knows ``on_conflict_do_…``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_new(
    own: Session | Connection, model: type[Any], identity: Mapping[str, Any], values: Mapping[str, Any]
) -> Any:
    """The primary key of the row just inserted; None when a row of that unique identity exists, untouched."""
    connection, given = connection_of(own), {**values, **identity}
    statement = _insert_statement(connection.dialect.name, table_of(model), tuple(identity), tuple(given))
    made = statement.rows(connection, given)
    return made[0][0] if made else None


def insert_or_find(session: Session, model: type[T], identity: Mapping[str, Any], values: Mapping[str, Any]) -> T:
    """The row of that unique identity, inserted with ``values`` unless it exists."""
    insert_new(session, model, identity, values)
    return session.scalars(select(model).filter_by(**identity)).one()


@cache
def _insert_statement(dialect: str, table: Table, identity: tuple[str, ...], _given: tuple[str, ...]) -> Prepared:
    insert = insert_into(dialect, table)
    key = next(iter(table.primary_key.columns))
    return Prepared(insert.on_conflict_do_nothing(index_elements=list(identity)).returning(key))


def change(own: Session | Connection, model: type[Any], number: int, values: Mapping[str, Any]) -> None:
    """Give the row of that number these values."""
    _change_statement(table_of(model), tuple(values)).run(own, {"row": number, **values})


@cache
def _change_statement(table: Table, names: tuple[str, ...]) -> Prepared:
    return Prepared(update(table).where(table.c.id == bindparam("row")).values({n: bindparam(n) for n in names}))


def put(own: Session | Connection, model: type[Any], identity: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert the row of that unique identity, or give it these values."""
    connection = connection_of(own)
    statement = _put_statement(connection.dialect.name, table_of(model), tuple(identity), tuple(values))
    statement.run(connection, {**identity, **values})


@cache
def _put_statement(dialect: str, table: Table, identity: tuple[str, ...], names: tuple[str, ...]) -> Prepared:
    insert = insert_into(dialect, table)
    changed = {name: insert.excluded[name] for name in names}
    return Prepared(insert.on_conflict_do_update(index_elements=list(identity), set_=changed))
