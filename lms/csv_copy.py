"""CSV that PostgreSQL writes itself (COPY), for reports that are one statement: byte for byte what Python would write.

The guard against formulas, days, decimals and amounts are put in the statement; the end of each line, the same for
all, is put here.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from typing import Any, cast

from psycopg import Connection
from sqlalchemy import ColumnElement, String, case, func, select
from sqlalchemy import cast as to

from lms.csv_cells import RISKY
from lms.i18n import ZONE
from lms.tables import Kind, Table

#: A cell in SQL → its text in SQL.
Cells = Mapping[Kind, Callable[[ColumnElement[Any]], ColumnElement[Any]]]

#: Lines given at once, and between two reports of progress.
BATCH = 1000


def can_copy(table: Table) -> bool:
    """Whether the table is one statement of a database that writes CSV."""
    return table.selected is not None and table.selected.session.get_bind().dialect.name == "postgresql"


def copied(table: Table, cells: Cells, told: Sequence[str], delimiter: str) -> Iterator[bytes]:
    """The lines of a table that ``can_copy``, without its header; ``told`` are the last cells of each, as texts."""
    source = table.selected
    assert source is not None
    # Behind OFFSET 0 each cell is computed once, where its text would name it twice; PostgreSQL keeps the order.
    inner = source.statement.offset(0).subquery()
    statement = select(*(cells[column.kind](found) for column, found in zip(table.columns, inner.c, strict=True)))
    dialect = source.session.get_bind().dialect
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    end = _end(told, delimiter)
    driver = cast("Connection[Any]", source.session.connection().connection.driver_connection)
    asked = f"COPY ({compiled.string}) TO STDOUT WITH (FORMAT csv, DELIMITER '{delimiter}')"
    count = 0
    with driver.cursor() as cursor, cursor.copy(asked, compiled.params) as lines:
        rows = iter(lines)
        while batch := [line[:-1] for line in islice(rows, BATCH)]:
            count += len(batch)
            if source.told:
                source.told(count)
            yield end.join(batch) + end


def text(found: ColumnElement[Any]) -> ColumnElement[Any]:
    """As ``csv_cells.text``. An empty text is no value, which COPY leaves without quotes."""
    first = func.ascii(found)
    return func.nullif(case((first.in_(sorted(map(ord, RISKY))), "'" + found), else_=found), "")


def plain(found: ColumnElement[Any]) -> ColumnElement[Any]:
    """A number as the database says it."""
    return to(found, String)


def comma(found: ColumnElement[Any]) -> ColumnElement[Any]:
    """A decimal number with a comma."""
    return func.replace(plain(found), ".", ",")


def euros(sign: str) -> Callable[[ColumnElement[Any]], ColumnElement[Any]]:
    """Cents as euros with that decimal sign."""

    def say(found: ColumnElement[Any]) -> ColumnElement[Any]:
        size = func.abs(found)
        rest = func.lpad(plain(func.mod(size, 100)), 2, "0")
        return case((found < 0, "-"), else_="") + plain(func.div(size, 100)) + sign + rest

    return say


def moment(form: str, zone: str = ZONE.key) -> Callable[[ColumnElement[Any]], ColumnElement[Any]]:
    """A moment, or the day it is in that zone, in a form of PostgreSQL."""
    return lambda found: func.to_char(func.timezone(zone, found), form)


def _end(told: Sequence[str], delimiter: str) -> bytes:
    buffer = StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n").writerow(["", *told])
    return buffer.getvalue().encode()
