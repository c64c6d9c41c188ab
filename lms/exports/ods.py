"""ODS with typed cells, written as a stream: the format of the State's interoperability framework (RGI), offered first.

A sheet that is full goes on in the next one; the last sheet says where the file comes from. A text stays a text
whatever it begins with: nothing in the file is a formula.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406 # writes, reads nothing

from lms import ods_frame as frame
from lms.i18n import ZONE
from lms.tables import Export, Kind, Row, Table, TooManyRows
from lms.zip_stream import TooLarge, ZipStream

#: Lines of a sheet, header included, as spreadsheets have it.
SHEET_LINES = 1_048_576
BATCH = 500
EMPTY = "<table:table-cell/>"

#: What XML cannot say, says otherwise, or folds: such texts take the long way.
_ODD = re.compile("[&<>\x00-\x1f\ufffe\uffff\ud800-\udfff]|^ |  | $")
_UNSAID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile("\t|^ +| +$|  +")
_LINES = re.compile("\r\n|\r|\n")


def chunks(table: Table) -> Iterator[bytes]:
    """The file in pieces, none kept. Raises ``TooManyRows`` when it would pass four gigabytes before compression."""
    origin = table.provenance
    zipped = ZipStream(origin.extracted_at.astimezone(ZONE))
    sheets = _Sheets(table)
    rows = iter(table.rows)
    first = list(islice(rows, BATCH))  # nothing is given before the first rows are read
    yield zipped.whole("mimetype", frame.MEDIA_TYPE.encode(), stored=True) + b"".join(
        zipped.whole(name, text.encode())
        for name, text in (
            ("META-INF/manifest.xml", frame.MANIFEST),
            ("meta.xml", frame.meta(table.title, origin.author, table.language, origin.extracted_at)),
            ("settings.xml", frame.settings(sheets.name(1))),
            ("styles.xml", frame.STYLES),
        )
    )
    try:
        yield from zipped.streamed("content.xml", sheets.content(first, rows))
    except TooLarge as error:
        raise TooManyRows(sheets.count) from error
    yield zipped.end()


class _Sheets:
    """The sheets of a table as XML; ``count`` is the number of rows written."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._labels = [column.label[table.language] for column in table.columns]
        self._kinds: list[Kind] = [column.kind for column in table.columns]
        self.count = 0

    def name(self, number: int) -> str:
        """The name of the sheet of that number, which every spreadsheet takes."""
        mended = "".join(" " if sign in "[]:*?/\\" else sign for sign in self._table.title).strip("' ")
        return mended[:31] if number == 1 else f"{mended[:26]} ({number})"

    def content(self, batch: list[Row], rows: Iterator[Row]) -> Iterator[bytes]:
        """The rows of the batch, then the others, sheet after sheet."""
        cells = [CELLS[kind] for kind in self._kinds]
        head = "".join(frame.heading(escape(_UNSAID.sub("\ufffd", label))) for label in self._labels)
        yield (frame.OPENING + self._open(1, head)).encode()
        sheet, line, ranges = 1, 1, []
        while batch:
            if line + len(batch) > SHEET_LINES:
                batch, rest = batch[: SHEET_LINES - line], batch[SHEET_LINES - line :]
            else:
                rest = []
            yield "".join(
                [
                    f"<table:table-row>{''.join([say(value) for say, value in zip(cells, row, strict=True)])}"
                    "</table:table-row>"
                    for row in batch
                ]
            ).encode()
            line += len(batch)
            self.count += len(batch)
            if rest:
                ranges.append(self._range(sheet, line))
                sheet, line = sheet + 1, 1
                yield ("</table:table>" + self._open(sheet, head)).encode()
            batch = rest or list(islice(rows, BATCH))
        ranges.append(self._range(sheet, line))
        yield ("</table:table>" + self._origin() + frame.closing(ranges)).encode()

    def _open(self, number: int, head: str) -> str:
        columns = "".join(frame.column(kind) for kind in self._kinds)
        return (
            f"<table:table table:name={quoteattr(self.name(number))}>{columns}"
            f"<table:table-header-rows><table:table-row>{head}</table:table-row></table:table-header-rows>"
        )

    def _range(self, number: int, lines: int) -> str:
        return frame.filtered(number, self.name(number), len(self._labels), lines)

    def _origin(self) -> str:
        """The sheet that says where the file comes from."""
        title, *headings = frame.ORIGIN[self._table.language]
        origin, language = self._table.provenance, self._table.language
        lines = [
            (column.label[language], value) for column, value in zip(origin.columns(), origin.values(), strict=True)
        ]
        rows = "".join(
            f"<table:table-row>{text(label)}{moment(value) if isinstance(value, datetime) else text(str(value))}"
            "</table:table-row>"
            for label, value in lines
        )
        head = "".join(frame.heading(heading) for heading in headings)
        return (
            f'<table:table table:name="{title}">{frame.ORIGIN_COLUMNS}<table:table-row>{head}</table:table-row>{rows}'
            "</table:table>"
        )


@lru_cache(maxsize=8192)
def text(value: str | None) -> str:
    """A cell of text. Line breaks, tabs and spaces that would be folded are kept; what XML cannot say becomes « � »."""
    if not value:
        return EMPTY
    if not _ODD.search(value):
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
    said = _UNSAID.sub("\ufffd", value)
    exact = quoteattr(said, {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
    lines = "".join(f"<text:p>{_SPACES.sub(_spaces, escape(line))}</text:p>" for line in _LINES.split(said))
    return f'<table:table-cell office:value-type="string" office:string-value={exact}>{lines}</table:table-cell>'


def _spaces(found: re.Match[str]) -> str:
    run = found.group()
    return "<text:tab/>" if run == "\t" else f'<text:s text:c="{len(run)}"/>'


@lru_cache(maxsize=4096)
def number(value: int | Decimal | None) -> str:
    """A cell that computes."""
    if value is None:
        return EMPTY
    shown = format(value, "f") if isinstance(value, Decimal) else value
    return f'<table:table-cell office:value-type="float" office:value="{shown}"/>'


@lru_cache(maxsize=4096)
def euros(value: int | None) -> str:
    """Cents as euros, to the cent whatever the amount."""
    if value is None:
        return EMPTY
    whole, rest = divmod(abs(value), 100)
    sign = "-" if value < 0 else ""
    return f'<table:table-cell office:value-type="float" office:value="{sign}{whole}.{rest:02}"/>'


@lru_cache(maxsize=4096)
def day(value: date | None) -> str:
    """A day."""
    return EMPTY if value is None else f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'


def moment(value: datetime | None) -> str:
    """A moment, in the time of France: a spreadsheet has no time zone."""
    if value is None:
        return EMPTY
    local = value.astimezone(ZONE).replace(tzinfo=None, second=0, microsecond=0)
    return (
        f'<table:table-cell table:style-name="datetime" office:value-type="date" '
        f'office:date-value="{local.isoformat()}"/>'
    )


CELLS: dict[Kind, Callable[[Any], str]] = {
    "text": text, "int": number, "decimal": number, "rate": number, "date": day, "datetime": moment, "cents": euros,
}  # fmt: skip

EXPORT = Export(
    key="ods",
    suffix="ods",
    media_type=frame.MEDIA_TYPE,
    label="ODS",
    title={"fr": "Classeur ODS, cellules typées", "en": "ODS workbook, typed cells"},
    chunks=chunks,
    rank=1,
    binary=True,
)
