"""A sheet of a file HR sends, CSV, XLSX or ODS: which one, under which headings, and its rows one at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from lms import csv_text, workbooks
from lms.cells import N_, UnreadableFile, Value
from lms.workbook_reader import FIRST

MAX_BYTES = 200_000_000
#: Columns are taken as they come; a sheet with more is no table.
MAX_COLUMNS = 1000

_Rows = list[tuple[int, list[Value]]]


@dataclass(frozen=True)
class Sheet:
    """A sheet as recognised. Its stream stays open and belongs to who gave it.

    ``kind`` is csv, xlsx or ods; ``name`` the sheet's and ``names`` those of the workbook, none for CSV, which has an
    ``encoding`` and a ``delimiter``. ``headings`` are as the file has them at ``header_line``, those of merged cells
    joined; a column without one has an empty one.
    """

    kind: str
    name: str
    names: tuple[str, ...]
    sha256: str
    size: int
    encoding: str
    delimiter: str
    header_line: int
    headings: tuple[str, ...]
    _stream: BinaryIO = field(repr=False)
    _height: int = 0

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """Each row under the header that holds something, with its line, at least as long as ``headings``.

        In a workbook an empty cell is None, and cells beyond the headings are left out. In a CSV an empty cell is an
        empty text and a missing one None; a row with too many keeps them all: a delimiter is out of place.
        Raises ``UnreadableFile``.
        """
        width = len(self.headings)
        missing: list[Value] = [None] * width
        if self.kind == "csv":
            cells: list[Value]
            for line, row in csv_text.rows(self._stream, self.encoding, self.delimiter):
                if line > self.header_line:
                    cells = [*row]
                    while len(cells) > width and cells[-1] == "":
                        cells.pop()
                    yield line, cells if len(cells) >= width else cells + missing[len(cells) :]
            return
        for line, cells in workbooks.rows(self._stream, self.name):
            if line > self.header_line and any(cell is not None for cell in cells[:width]):
                yield line, cells[:width] if len(cells) >= width else cells + missing[len(cells) :]

    def share(self, line: int) -> float:
        """How far in the file the reading is at this line, from 0 to 1."""
        if self.kind == "csv":
            return min(1.0, self._stream.tell() / max(self.size, 1))
        return min(1.0, line / max(self._height, 1))


def open_sheet(
    stream: BinaryIO, is_heading: Callable[[str], bool], *, sheet: str | None = None, max_bytes: int = MAX_BYTES
) -> Sheet:
    """Recognise a seekable stream; the header is the row with most known headings among the first ones.

    ``sheet`` names one of a workbook; without it, that with most known headings among those people see.
    Raises ``UnreadableFile``.
    """
    sha256, size, encoding = csv_text.measure(stream, max_bytes)
    stream.seek(0)
    start = stream.read(8)
    if start.startswith(b"PK"):
        return _workbook(stream, is_heading, sheet, sha256, size)
    _refuse_other_formats(start, encoding)
    best: tuple[int, int, str, int, list[str]] | None = None
    for delimiter in csv_text.DELIMITERS:
        first: _Rows = [(line, [*row]) for line, row in csv_text.head(stream, encoding, delimiter, FIRST)]
        known, line, headings = _header(first, is_heading)
        cells = sum(any(map(str.isalnum, heading)) for heading in headings)
        if cells and (best is None or (known, cells) > best[:2]):
            best = (known, cells, delimiter, line, headings)
    if best is None:
        raise _empty()
    return Sheet("csv", "", (), sha256, size, encoding, best[2], best[3], _fit(best[4]), stream)


def _workbook(stream: BinaryIO, is_heading: Callable[[str], bool], wanted: str | None, sha256: str, size: int) -> Sheet:
    kind = workbooks.kind_of(stream)
    found = workbooks.heads(stream)
    names = tuple(each.name for each in found)
    if wanted is not None and wanted not in names:
        raise UnreadableFile(
            N_("The workbook has no sheet « %(sheet)s »; it has: %(names)s."),
            N_("Choose one of them."),
            sheet=wanted,
            names=", ".join(names),
        )
    seen = [each for each in found if each.name == wanted] or [each for each in found if each.seen] or found
    heads = [(_header(each.rows, is_heading), each) for each in seen if each.rows]
    if not heads:
        raise _empty()
    (_, line, headings), one = max(heads, key=lambda head: head[0][0])
    return Sheet(kind, one.name, names, sha256, size, "", "", line, _fit(headings), stream, one.height)


def _header(rows: _Rows, is_heading: Callable[[str], bool]) -> tuple[int, int, list[str]]:
    """(known headings, line, headings) of the row that has most; without any, of the first widest."""
    best, above = (0, 0, 0, list[str]()), list[str]()
    for line, row in rows:
        own = [_words(cell) for cell in row]
        joined = _joined(own, above)
        known = len({heading for heading in joined if heading and is_heading(heading)})
        rank = (known, 0 if known else sum(map(bool, own)))
        if rank > best[:2]:
            best = (*rank, line, joined)
        above = own
    return best[0], best[2], best[3]


def _joined(own: list[str], above: list[str]) -> list[str]:
    """Headings of a row with those of cells merged over it: an empty one is that above, two alike say their group."""
    if sum(map(bool, above)) < 2:  # a title, not headings
        return own
    width = max(len(own), len(above))
    own, above = own + [""] * (width - len(own)), above + [""] * (width - len(above))
    groups = list[str]()
    for over in above:
        groups.append(over or (groups[-1] if groups else ""))
    return [
        over if not heading else f"{group} {heading}".strip() if own.count(heading) > 1 else heading
        for heading, over, group in zip(own, above, groups, strict=True)
    ]


def _words(cell: Value) -> str:
    return "" if cell is None else " ".join(str(cell).replace("\ufeff", "").split())


def _fit(headings: list[str]) -> tuple[str, ...]:
    """Headings without the empty ones at the end. Raises ``UnreadableFile``."""
    while headings and not headings[-1]:
        headings = headings[:-1]
    if len(headings) > MAX_COLUMNS:
        raise UnreadableFile(
            N_("The file has %(count)s columns; %(limit)s are read at most."),
            N_("Keep the columns of the model and export again."),
            count=len(headings),
            limit=MAX_COLUMNS,
        )
    return tuple(headings)


def _refuse_other_formats(start: bytes, encoding: str) -> None:
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            N_("This is an old workbook (XLS), or one protected by a password."),
            N_("In your spreadsheet, save it as XLSX or ODS without password, then send that file."),
        )
    if (not encoding and start) or start.startswith(b"%PDF"):
        raise UnreadableFile(
            N_("This file is neither a CSV file nor a workbook XLSX or ODS."),
            N_("In your spreadsheet, save the sheet as XLSX, ODS or CSV (UTF-8), then send that file."),
        )
    if not start:
        raise _empty()


def _empty() -> UnreadableFile:
    return UnreadableFile(N_("The file is empty."), N_("Export it again with its header and its rows."))
