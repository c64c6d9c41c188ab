"""Cells whose formula gives an error, found in the XML of a workbook: the reader of rows gives them as empty."""

import re
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

#: (row from 1, column from 0) → what the cell shows.
Errors = dict[tuple[int, int], str]
PIECE = 1 << 20
#: Longest tag of a cell with its value.
OVERLAP = 2000
_CELL = re.compile(
    rb'<(?:\w+:)?c\b(?=[^<>]*\bt="e")[^<>]*\br="([A-Z]{1,3})(\d{1,7})"[^<>]*>'  # its place
    rb".{0,1500}?<(?:\w+:)?v>([^<]{1,20})<",
    re.DOTALL,
)
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def errors(archive: ZipFile, sheet: str) -> Errors:
    """Those of a sheet, by its name."""
    if "content.xml" in archive.namelist():
        with archive.open("content.xml") as part:
            if not any(b'value-type="error"' in piece for piece in _pieces(part)):
                return {}
        with archive.open("content.xml") as part:
            return _in_ods(part, sheet)
    with archive.open(_part(archive, sheet)) as part:
        return {
            (int(found[2]), _column(found[1].decode())): found[3].decode("ascii", "replace")
            for piece in _pieces(part)
            for found in _CELL.finditer(piece)
        }


def _pieces(part: IO[bytes]) -> Iterator[bytes]:
    """The part, piece by piece, each beginning with the end of the one before."""
    kept = b""
    while piece := part.read(PIECE):
        yield kept + piece
        kept = piece[-OVERLAP:]


def _part(archive: ZipFile, sheet: str) -> str:
    """Where an XLSX file keeps a sheet. Raises ``KeyError`` or ``ValueError`` when it does not say."""
    book = fromstring(archive.read("xl/workbook.xml"))
    link = next(each.get(_LINK) for each in book.iter() if each.tag.endswith("}sheet") and each.get("name") == sheet)
    links = fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(each.get("Target", "") for each in links if each.get("Id") == link)
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _in_ods(part: IO[bytes], sheet: str) -> Errors:
    found: Errors = {}
    here, row, more, column, seen = False, 1, 0, 0, None

    def starts(tag: str, given: dict[str, Any]) -> None:
        nonlocal here, row, more, column, seen
        if tag == "table:table":
            here, row, more = given.get("table:name") == sheet, 1, 0
        elif tag == "table:table-row":
            row, column, more = row + more, 0, int(given.get("table:number-rows-repeated", 1))
        elif tag in {"table:table-cell", "table:covered-table-cell"}:
            if given.get("calcext:value-type") == "error":
                seen = (row, column)
                if here:
                    found[seen] = ""
            column += int(given.get("table:number-columns-repeated", 1))

    def ends(tag: str) -> None:
        nonlocal seen
        if tag == "table:table-cell":
            seen = None

    def says(words: str) -> None:
        if here and seen:
            found[seen] += words

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = starts, ends, says
    parser.ParseFile(part)
    return found
