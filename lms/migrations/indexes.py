"""Indexes of tables in use, made while everybody reads and writes them: what a migration calls for a table of millions.

PostgreSQL makes such an index outside any transaction (``CREATE INDEX CONCURRENTLY``): it reads the table twice and
waits for the transactions begun before it, never the other way round. Cut short, it leaves an index that serves
nobody, which the next try makes again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from lms.migrations.head import IN_ONE_TRANSACTION


class Index(NamedTuple):
    """An index that is not unique: its name, its table, its columns, the rows that are in it (SQL; None for all)."""

    name: str
    table: str
    columns: tuple[str, ...]
    rows: str | None = None


def make(indexes: tuple[Index, ...]) -> None:
    """Make those indexes; what comes before them in the migration is settled first, so it must be there once only."""
    with _beside_writers() as beside:
        for name, table, columns, rows in indexes:
            if beside and _is_there(name):
                op.drop_index(name, table, postgresql_concurrently=True)
            where = None if rows is None else sa.text(rows)
            op.create_index(
                name, table, list(columns), sqlite_where=where, postgresql_where=where, postgresql_concurrently=beside
            )


def drop(indexes: tuple[Index, ...]) -> None:
    """Drop those indexes, the last made first."""
    with _beside_writers() as beside:
        for index in reversed(indexes):
            op.drop_index(index.name, index.table, postgresql_concurrently=beside)


@contextmanager
def _beside_writers() -> Iterator[bool]:
    """Give whether others write meanwhile: nobody does in SQLite, nor in tables that a transaction has just made."""
    context = op.get_context()
    within = context.config is not None and context.config.attributes.get(IN_ONE_TRANSACTION, False)
    if context.dialect.name != "postgresql" or within:
        yield False
        return
    with context.autocommit_block():
        patience = op.get_bind().scalar(sa.text("show lock_timeout"))
        op.execute("set lock_timeout to 0")  # it waits for those who write, for as long as they take, and keeps nobody
        yield True
        op.execute(f"set lock_timeout to '{patience}'")


def _is_there(name: str) -> bool:
    """Whether an index of that name was begun by a migration that did not end."""
    return op.get_bind().scalar(sa.text("select to_regclass(:name) is not null"), {"name": name}) is True
