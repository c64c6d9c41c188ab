"""French CSV: « ; », UTF-8 with BOM, CRLF, decimal comma, JJ/MM/AAAA, and no cell that runs as a formula."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from lms import csv_copy
from lms.csv_cells import day, moment, text
from lms.csv_tables import lines
from lms.tables import Export, Kind, Table


def chunks(table: Table) -> Iterator[bytes]:
    """The file in pieces; nothing is given before the first rows are read."""
    columns = table.columns + table.provenance.columns()
    headings = [column.label[table.language] for column in columns]
    return lines(table, CELLS, headings, delimiter=";", in_sql=IN_SQL, begin="\ufeff")


def number(value: int | None) -> str:
    """A whole number, without thousands separator."""
    return "" if value is None else str(value)


@lru_cache(maxsize=4096)
def decimal(value: Decimal | None) -> str:
    """A decimal number with its comma, at its own precision."""
    return "" if value is None else format(value, "f").replace(".", ",")


def euros(value: int | None) -> str:
    """Cents as euros with two decimals."""
    if value is None:
        return ""
    whole, rest = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}{whole},{rest:02}"


CELLS: dict[Kind, Callable[[Any], str]] = {
    "text": text, "int": number, "decimal": decimal, "rate": decimal, "date": day, "datetime": moment,
    "cents": euros,
}  # fmt: skip

#: The same, said by PostgreSQL.
IN_SQL: csv_copy.Cells = {
    "text": csv_copy.text, "int": csv_copy.plain, "decimal": csv_copy.comma, "rate": csv_copy.comma,
    "date": csv_copy.moment("DD/MM/YYYY"), "datetime": csv_copy.moment("DD/MM/YYYY HH24:MI"),
    "cents": csv_copy.euros(","),
}  # fmt: skip

EXPORT = Export(
    key="csv",
    suffix="csv",
    media_type="text/csv; charset=utf-8; header=present",
    label="CSV",
    title={
        "fr": "CSV français, pour tableur et logiciel RH",
        "en": "French CSV, for spreadsheets and HR software",
    },
    chunks=chunks,
    rank=2,
)
