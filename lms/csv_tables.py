"""A table as lines of CSV, in pieces: what the French form and the plain one share.

The first line is the header and every line has the same cells, so that any reader takes the file as it is: where
the file comes from is repeated at the end of each line, and survives sorting, filtering and concatenation.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from lms.csv_copy import Cells, can_copy, copied
from lms.tables import Kind, Table

BATCH = 500


def lines(
    table: Table,
    cells: Mapping[Kind, Callable[[Any], str]],
    headings: Sequence[str],
    *,
    delimiter: str,
    in_sql: Cells,
    begin: str = "",
) -> Iterator[bytes]:
    """The file in pieces of ``BATCH`` lines; nothing is given before the first rows are read.

    ``headings`` are those of the columns, then of the provenance; ``begin`` stands before everything. ``in_sql`` says
    as ``cells`` do, where the database writes the lines itself.
    """
    origin = table.provenance
    writers = [cells[column.kind] for column in table.columns]
    told = [cells[column.kind](value) for column, value in zip(origin.columns(), origin.values(), strict=True)]
    buffer = StringIO(newline="")
    buffer.write(begin)
    written = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    written.writerow(headings)
    if can_copy(table):
        pieces = copied(table, in_sql, told, delimiter)
        yield _taken(buffer) + next(pieces, b"")
        yield from pieces
        return
    rows = iter(table.rows)
    while batch := list(islice(rows, BATCH)):
        written.writerows([[write(value) for write, value in zip(writers, row, strict=True)] + told for row in batch])
        yield _taken(buffer)
    rest = _taken(buffer)
    if rest:
        yield rest


def _taken(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
