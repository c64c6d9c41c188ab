"""Plain CSV (RFC 4180): commas, UTF-8 without BOM, ISO days, UTC moments, a point; and no cell that runs as a formula.

Columns are named by their keys, the same in every language: a program finds them again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lms import csv_copy
from lms.csv_cells import text
from lms.csv_tables import lines
from lms.tables import Export, Kind, Table


def chunks(table: Table) -> Iterator[bytes]:
    """The file in pieces; nothing is given before the first rows are read."""
    columns = table.columns + table.provenance.columns()
    return lines(table, CELLS, [column.key for column in columns], delimiter=",", in_sql=IN_SQL)


def number(value: int | None) -> str:
    """A whole number."""
    return "" if value is None else str(value)


@lru_cache(maxsize=4096)
def decimal(value: Decimal | None) -> str:
    """A decimal number at its own precision, never as a power of ten."""
    return "" if value is None else format(value, "f")


def euros(value: int | None) -> str:
    """Cents as euros with two decimals."""
    if value is None:
        return ""
    whole, rest = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}{whole}.{rest:02}"


@lru_cache(maxsize=4096)
def day(value: date | None) -> str:
    """A day as 2026-11-20."""
    return "" if value is None else value.isoformat()


def moment(value: datetime | None) -> str:
    """A moment as 2026-11-20T07:05:00+00:00."""
    return "" if value is None else value.astimezone(UTC).isoformat(timespec="seconds")


CELLS: dict[Kind, Callable[[Any], str]] = {
    "text": text, "int": number, "decimal": decimal, "rate": decimal, "date": day, "datetime": moment,
    "cents": euros,
}  # fmt: skip

#: The same, said by PostgreSQL.
IN_SQL: csv_copy.Cells = {
    "text": csv_copy.text, "int": csv_copy.plain, "decimal": csv_copy.plain, "rate": csv_copy.plain,
    "date": csv_copy.moment("YYYY-MM-DD"),
    "datetime": csv_copy.moment('YYYY-MM-DD"T"HH24:MI:SS"+00:00"', "UTC"),
    "cents": csv_copy.euros("."),
}  # fmt: skip

EXPORT = Export(
    key="csv-plain",
    suffix="csv",
    media_type="text/csv; charset=utf-8; header=present",
    label="CSV (RFC 4180)",
    title={
        "fr": "CSV simple, pour un autre logiciel : virgules, dates ISO, point décimal",
        "en": "Plain CSV, for another program: commas, ISO dates, decimal point",
    },
    chunks=chunks,
    rank=3,
)
