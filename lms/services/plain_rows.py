"""Rows of the database as JSON can say them: times in ISO 8601 UTC, exact fractions and identifiers as text."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID


def plain_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Each row whole."""
    return [plain_row(row) for row in rows]


def plain_row(row: Any, leave: Iterable[str] = ()) -> dict[str, Any]:
    """Every column of a row, but for those to leave out."""
    names = (column.key for column in row.__mapper__.column_attrs)
    return {name: plain(getattr(row, name)) for name in names if name not in leave}


def plain(value: Any) -> Any:
    """A value of a column as JSON can say it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (Fraction, UUID)) else value
