"""The text of a CSV file from its bytes: its encoding, its lines, its rows under a delimiter."""

import csv
import hashlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from typing import BinaryIO

from lms.cells import N_, UnreadableFile

PIECE = 1 << 20
DELIMITERS = (";", ",", "\t", "|")
#: Bytes that Windows-1252 gives no character.
NOT_WINDOWS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
#: Lines read to know the delimiter.
FIRST_LINES = 60


def measure(stream: BinaryIO, max_bytes: int) -> tuple[str, int, str]:
    """(SHA-256, size, encoding) of the stream, read once; the encoding is empty when it is not text.

    Raises ``UnreadableFile`` when it is larger than ``max_bytes``.
    """
    digest, size, windows = hashlib.sha256(), 0, True
    encoding, decoder = "", None
    stream.seek(0)
    while piece := stream.read(PIECE):
        if size == 0:
            encoding = _first_guess(piece)
            decoder = getincrementaldecoder(encoding)() if encoding else None
        size += len(piece)
        if size > max_bytes:
            raise UnreadableFile(
                N_("The file is larger than %(limit)s MB."),
                N_("Cut it in several files; each one completes what the others brought."),
                limit=max_bytes // 1_000_000,
            )
        digest.update(piece)
        windows = windows and len(piece.translate(None, NOT_WINDOWS)) == len(piece)
        if decoder is not None:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                decoder = None
    if decoder is not None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            decoder = None
    if decoder is None and encoding == "utf-8-sig":
        encoding = "cp1252" if windows else "latin-1"
    elif decoder is None:
        encoding = ""
    return digest.hexdigest(), size, encoding


def head(stream: BinaryIO, encoding: str, delimiter: str, count: int) -> list[tuple[int, list[str]]]:
    """The first rows with their lines, read with indulgence to know which delimiter is theirs."""
    with _text(stream, encoding) as text:
        lines = list(islice(_lines(text), FIRST_LINES))
    reader, found, line = csv.reader(lines, delimiter=delimiter), [], 1
    try:
        for row in islice(reader, count):
            found.append((line, row))
            line = reader.line_num + 1
    except csv.Error:
        pass
    return found


def rows(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that holds something, with the number of its first line.

    Raises ``UnreadableFile`` when a quotation mark is opened and never closed.
    """
    with _text(stream, encoding) as text:
        reader, line = csv.reader(_lines(text), delimiter=delimiter, strict=True), 1
        try:
            for row in reader:
                if any(cell and not cell.isspace() for cell in row):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(
                N_("From line %(at)s on, the file is no longer a table: a quotation mark is out of place."),
                N_("Open the file at this line, close or remove the quotation mark, and export again."),
                line,
                at=line,
            ) from error


def _first_guess(start: bytes) -> str:
    """The Unicode encoding a text that begins so may have; empty when it is no text."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start[:2000].count(0) * 50 < len(start[:2000]):  # one in a cell is that cell's problem
        return "utf-8-sig"
    even, odd = (start[at:2000:2].count(0) for at in (0, 1))
    if even == 0 and odd > len(start[1:2000:2]) // 3:
        return "utf-16-le"
    if odd == 0 and even > len(start[0:2000:2]) // 3:
        return "utf-16-be"
    return ""


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """Each line; one too long for a table is refused before it fills the memory."""
    number = 0
    while line := text.readline(PIECE):
        number += 1
        if len(line) == PIECE and line[-1] not in "\r\n":
            raise UnreadableFile(
                N_("Line %(at)s has more than a million characters: this is not a table."),
                N_("In your spreadsheet, save the sheet as XLSX, ODS or CSV (UTF-8), then send that file."),
                number,
                at=number,
            )
        yield line


@contextmanager
def _text(stream: BinaryIO, encoding: str) -> Iterator[TextIOWrapper]:
    """The stream from its start as text; it stays open afterwards."""
    stream.seek(0)
    text = TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()
