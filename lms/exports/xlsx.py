"""XLSX with typed cells: numbers and dates compute, texts stay texts whatever they begin with."""

import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import rustpy_xlsxwriter as writer

from lms.i18n import ZONE
from lms.tables import Export, Kind, Table, TooManyRows

#: Lines of a sheet, header included (ECMA-376 as spreadsheets apply it).
SHEET_LINES = 1_048_576
PIECE = 65_536

FORMATS: dict[Kind, str] = {
    "text": "@",  # an identifier edited later keeps its leading zeros
    "int": "0",
    "decimal": "0.00",
    "rate": "0.00##",
    "date": "dd/mm/yyyy",
    "datetime": "dd/mm/yyyy hh:mm",
    "cents": "0.00",
}
WIDTHS: dict[Kind, float] = {
    "text": 22, "int": 10, "decimal": 10, "rate": 10, "date": 12, "datetime": 17, "cents": 14,
}  # fmt: skip
ORIGIN = {"fr": ("Provenance", "Élément", "Valeur"), "en": ("Provenance", "Element", "Value")}


def chunks(table: Table) -> Iterator[bytes]:
    """The file, written whole to a temporary place, in pieces of ``PIECE`` bytes. Raises ``TooManyRows``."""
    labels = [column.label[table.language] for column in table.columns]
    kinds = {label: column.kind for label, column in zip(labels, table.columns, strict=True)}
    if len(kinds) != len(labels):
        raise ValueError(f"Two columns of {table.key} have the same heading.")
    data, (origin, *_) = _sheet_name(table.title), ORIGIN[table.language]
    with tempfile.TemporaryDirectory(prefix="mpia-") as folder:
        path = Path(folder) / "table.xlsx"
        writer.write_worksheets(
            [(data, _records(table, labels)), (origin, _origin(table))],
            str(path),
            freeze_panes={data: {"row": 1, "col": 0}},
            bold_headers=True,
            autofilter={data: True},
            column_formats={
                data: {label: writer.Format().set_num_format(FORMATS[kind]) for label, kind in kinds.items()}
            },
            column_widths={
                data: {label: WIDTHS[kind] for label, kind in kinds.items()},
                origin: {ORIGIN[table.language][1]: 28.0, ORIGIN[table.language][2]: 60.0},
            },
            # A SIRET is digits kept as text on purpose: no green corner.
            ignore_errors={data: [label for label, kind in kinds.items() if kind == "text"]},
        )
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def _records(table: Table, labels: list[str]) -> Iterator[dict[str, Any]]:
    cells = [CELLS.get(column.kind) for column in table.columns]
    number = 0
    for number, row in enumerate(table.rows, 1):
        if number >= SHEET_LINES:
            raise TooManyRows(SHEET_LINES - 1)
        yield {
            label: value if cell is None or value is None else cell(value)
            for label, cell, value in zip(labels, cells, row, strict=True)
        }
    if number == 0:
        yield dict.fromkeys(labels)  # the writer takes its header from the first record


def _origin(table: Table) -> list[dict[str, Any]]:
    _, element, value = ORIGIN[table.language]
    elements = zip(table.provenance.columns(), table.provenance.values(), strict=True)
    return [
        {
            element: column.label[table.language],
            value: f"{_local(found):%d/%m/%Y %H:%M}" if isinstance(found, datetime) else found,
        }
        for column, found in elements
    ]


def _sheet_name(title: str) -> str:
    return "".join(" " if character in "[]:*?/\\" else character for character in title).strip("' ")[:31]


def _local(value: datetime) -> datetime:
    return value.astimezone(ZONE).replace(tzinfo=None, second=0, microsecond=0)


#: Spreadsheet cells have neither cents nor time zones.
CELLS: dict[Kind, Callable[[Any], Any]] = {
    "cents": lambda value: value / 100, "datetime": _local, "decimal": float, "rate": float,
}  # fmt: skip

EXPORT = Export(
    key="xlsx",
    suffix="xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    label="XLSX",
    title={"fr": "Classeur XLSX, cellules typées", "en": "XLSX workbook, typed cells"},
    chunks=chunks,
    rank=4,
    binary=True,
)
