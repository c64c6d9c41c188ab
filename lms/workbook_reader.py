"""Reads a workbook on the standard input and writes its rows as lines of JSON: a program of its own, see ``workbooks``.

``head`` gives each sheet with its first rows; ``rows`` and a name give every row of a sheet, with its line. A workbook
of a few kilobytes can ask for all the memory there is: this program is given only so much, and falls alone.
"""

import json
import resource
import sys
import zlib
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any
from xml.parsers.expat import ExpatError  # nosec B405 # an exception, no parser
from zipfile import BadZipFile, ZipFile

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from lms.formula_errors import Errors, errors

#: Memory in bytes, and seconds of processor.
MEMORY, SECONDS = 2_000_000_000, 300
#: Rows among which the headings are.
FIRST = 30
#: What the readers beneath raise of a file that is damaged.
REFUSALS = (
    CalamineError, BadZipFile, OSError, ValueError, LookupError, StopIteration, SyntaxError, ExpatError, zlib.error,
)  # fmt: skip
#: Exit codes.
PASSWORD, DAMAGED = 3, 4


def main(act: str, name: str = "") -> None:
    """Write what is asked to the standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        book = CalamineWorkbook.from_filelike(sys.stdin.buffer)
        if act == "head":
            for sheet in book.sheets_metadata:
                if sheet.typ == SheetTypeEnum.WorkSheet:
                    seen = sheet.visible == SheetVisibleEnum.Visible
                    found = book.get_sheet_by_name(sheet.name)
                    _say([sheet.name, seen, found.total_height, list(islice(_rows(found, {}), FIRST))])
        else:
            with ZipFile(sys.stdin.buffer) as archive:
                wrong = errors(archive, name)
            for row in _rows(book.get_sheet_by_name(name), wrong):
                _say(row)
    except PasswordError:
        sys.exit(PASSWORD)
    except REFUSALS:
        sys.exit(DAMAGED)


def _rows(sheet: CalamineSheet, wrong: Errors) -> Iterator[tuple[int, list[Any]]]:
    """Each row that holds something, with its line; formulas that give an error show it."""
    by_line: dict[int, dict[int, str]] = {}
    for (line, column), shown in wrong.items():
        by_line.setdefault(line, {})[column] = shown or "#ERROR"
    for line, row in enumerate(sheet.iter_rows(), 1):
        cells = [_plain(cell) for cell in row]
        for column, shown in by_line.get(line, {}).items():
            if column < len(cells):
                cells[column] = shown
        if any(cell is not None for cell in cells):
            yield line, cells


def _plain(cell: Any) -> Any:
    if isinstance(cell, str | bool):
        return None if cell == "" else cell
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else cell
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return cell if isinstance(cell, int) else str(cell)


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
