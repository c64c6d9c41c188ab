"""Small tables as CSV, for a spreadsheet in France or for a program: « ; », BOM and JJ/MM/AAAA, or plain RFC 4180."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO

from flask import Response

from lms.csv_cells import moment, text

Cell = str | int | datetime | None


def csv_file(name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, plain: bool = False) -> Response:
    """The table as a file to download; see :func:`csv_text`."""
    answer = Response(
        csv_text(headings, rows, plain=plain).encode(), content_type="text/csv; charset=utf-8; header=present"
    )
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return answer


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, plain: bool = False) -> str:
    """The table as CSV; no cell runs as a formula. ``plain``: commas, no BOM, UTC times in ISO 8601."""
    buffer = StringIO(newline="")
    if not plain:
        buffer.write("\ufeff")
    lines = csv.writer(buffer, delimiter="," if plain else ";", lineterminator="\r\n")
    lines.writerow(headings)
    lines.writerows([_cell(cell, plain=plain) for cell in row] for row in rows)
    return buffer.getvalue()


def _cell(value: Cell, *, plain: bool) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") if plain else moment(value)
    return text(str(value)) if value is not None else ""
