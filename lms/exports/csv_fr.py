"""French CSV: « ; », UTF-8 with BOM, CRLF, decimal comma, JJ/MM/AAAA, and no cell that runs as a formula.

The first line is the header and every line has the same cells, so that any reader takes the file as it is: where
the file comes from is repeated at the end of each line, and survives sorting, filtering and concatenation.
"""

import csv
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from io import StringIO
from itertools import islice
from typing import Any

from lms.csv_cells import day, moment, text
from lms.tables import Export, Kind, Table

BATCH = 500


def chunks(table: Table) -> Iterator[bytes]:
    """The file in pieces of ``BATCH`` lines; nothing is given before the first rows are read."""
    columns = table.columns + table.provenance.columns()
    writers = [CELLS[column.kind] for column in table.columns]
    origin = [
        CELLS[column.kind](value)
        for column, value in zip(table.provenance.columns(), table.provenance.values(), strict=True)
    ]
    buffer = StringIO(newline="")
    buffer.write("\ufeff")
    lines = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    lines.writerow([column.label[table.language] for column in columns])
    rows = iter(table.rows)
    while batch := list(islice(rows, BATCH)):
        lines.writerows([[write(value) for write, value in zip(writers, row, strict=True)] + origin for row in batch])
        yield _taken(buffer)
    rest = _taken(buffer)
    if rest:
        yield rest


def _taken(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


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
)
