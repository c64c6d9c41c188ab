"""Insert that loses gracefully: when another transaction made the row first, that row is found."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

T = TypeVar("T")


def dialect_insert(session: Session, model: type[Any]) -> Any:
    """The ``insert`` construct of the session's database, which knows ``on_conflict_do_…``."""
    name = session.get_bind().dialect.name
    return postgresql.insert(model) if name == "postgresql" else sqlite.insert(model)


def insert_or_find(session: Session, model: type[T], identity: dict[str, Any], values: dict[str, Any]) -> T:
    """The row of that unique identity, inserted with ``values`` unless it exists."""
    table_defaults = {
        column.key: column.default.arg(None) if column.default.is_callable else column.default.arg
        for column in model.__table__.columns  # type: ignore[attr-defined]
        if column.default is not None and not column.primary_key
    }
    statement = dialect_insert(session, model).values({**table_defaults, **values, **identity})
    session.execute(statement.on_conflict_do_nothing(index_elements=list(identity)))
    return session.scalars(select(model).filter_by(**identity)).one()
