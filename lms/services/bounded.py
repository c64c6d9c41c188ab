"""Queries that read few rows of a large table: its values one by one, its rows counted so far and no further."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from lms.i18n import COUNTED


def values_of(column: Any, *wanted: ColumnElement[bool]) -> Select[Any]:
    """(value) of a column of text, but for the empty one: each once, in order.

    Each is found in an index that begins with the column, after the one before it: as many steps as values.
    """
    first = select(func.min(column).label("value")).where(column > "", *wanted).cte("found", recursive=True)
    after = select(func.min(column)).where(column > first.c.value, *wanted).correlate(first).scalar_subquery()
    found = first.union_all(select(after).where(first.c.value.is_not(None)))
    return select(found.c.value).where(found.c.value.is_not(None)).order_by(found.c.value)


def so_many(query: Select[Any]) -> ScalarSelect[int]:
    """How many rows a query gives, or ``COUNTED + 1`` where there are more: those after are not read."""
    return select(func.count()).select_from(query.limit(COUNTED + 1).subquery()).scalar_subquery()
