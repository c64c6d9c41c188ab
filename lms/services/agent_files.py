"""Reading a CSV file of agents: its encoding, its delimiter, its columns; nothing is trusted, nothing is kept."""

import csv
import hashlib
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_SET, TextIOWrapper
from typing import BinaryIO

from lms.cells import N_, UnreadableFile, plain
from lms.csv_text import NOT_WINDOWS

MAX_COLUMNS = 200
MAX_BYTES = 200_000_000
PIECE = 1 << 20

#: Field of ``Agent`` → names its column may have, without accents, case or punctuation; the first is the French one.
HEADINGS: dict[str, tuple[str, ...]] = {
    "number": ("identifiant agent", "identifiant", "matricule", "agent number"),
    "family_name": ("nom", "nom de famille", "nom usuel", "family name"),
    "given_name": ("prenom", "given name"),
    "branch": ("versant", "branch"),
    "ministry": ("ministere", "ministry"),
    "directorate": ("direction", "directorate"),
    "service": ("service",),
    "siret": ("siret",),
    "category": ("categorie", "grade", "category"),
    "corps": ("corps emploi", "corps", "emploi"),
    "email": ("courriel", "adresse electronique", "mail", "e mail", "email"),
}
REQUIRED = ("number", "family_name", "given_name", "branch")
#: How the columns are called when a message names one.
FRENCH = {
    "number": "identifiant agent", "family_name": "nom", "given_name": "prénom", "branch": "versant",
    "ministry": "ministère", "directorate": "direction", "service": "service", "siret": "SIRET",
    "category": "catégorie", "corps": "corps/emploi", "email": "courriel",
}  # fmt: skip


@dataclass(frozen=True)
class AgentFile:
    """A file as recognised: ``fields`` gives, for each of its columns, the field of ``Agent`` or None."""

    sha256: str
    size: int
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    fields: tuple[str | None, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that mean nothing here."""
        pairs = zip(self.headings, self.fields, strict=True)
        return tuple(heading for heading, name in pairs if name is None and heading.strip())


def recognise(stream: BinaryIO, max_bytes: int = MAX_BYTES) -> AgentFile:
    """Read the stream once to know it. Raises ``UnreadableFile``; the stream must be seekable."""
    sha256, size, encoding = _measure(stream, max_bytes)
    with _text(stream, encoding) as text:
        first = text.readline(PIECE)
    if not first.strip():
        raise UnreadableFile(N_("The file is empty."), N_("Export it again with its header and its rows."))
    delimiter, headings = _header(first)
    fields = tuple(_field(heading) for heading in headings)
    if len(headings) > MAX_COLUMNS:
        raise UnreadableFile(
            N_("The file has %(count)s columns; %(limit)s are read at most."),
            N_("Keep the columns of the model and export again."),
            count=len(headings),
            limit=MAX_COLUMNS,
        )
    _check_columns(fields)
    return AgentFile(sha256, size, encoding, delimiter, headings, fields)


def raw_rows(stream: BinaryIO, file: AgentFile) -> Iterator[tuple[int, list[str]]]:
    """Each row after the header with the number of its first line; empty rows are left out.

    Raises ``UnreadableFile`` when a quotation mark is opened and never closed.
    """
    with _text(stream, file.encoding) as text:
        reader = csv.reader(text, delimiter=file.delimiter, strict=True)
        line = 1
        try:
            for number, row in enumerate(reader):
                if number and any(cell.strip() for cell in row):
                    yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(
                N_("From line %(at)s on, the file is no longer a table: a quotation mark is out of place."),
                N_("Open the file at this line, close or remove the quotation mark, and export again."),
                line,
                at=line,
            ) from error


def _measure(stream: BinaryIO, max_bytes: int) -> tuple[str, int, str]:
    """(SHA-256, size, encoding) of the stream."""
    digest, size, encoding = hashlib.sha256(), 0, "utf-8-sig"
    decoder, windows = getincrementaldecoder("utf-8")(), True
    stream.seek(0, SEEK_SET)
    while piece := stream.read(PIECE):
        if size == 0:
            _refuse_other_formats(piece)
        size += len(piece)
        if size > max_bytes:
            raise UnreadableFile(
                N_("The file is larger than %(limit)s MB."),
                N_("Cut it in several files; each one completes what the others brought."),
                limit=max_bytes // 1_000_000,
            )
        digest.update(piece)
        windows = windows and len(piece.translate(None, NOT_WINDOWS)) == len(piece)
        if encoding == "utf-8-sig":
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                encoding = "other"
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        encoding = "other"
    if encoding == "other":
        encoding = "cp1252" if windows else "latin-1"
    return digest.hexdigest(), size, encoding


def _header(line: str) -> tuple[str, tuple[str, ...]]:
    """(delimiter, headings): the delimiter under which most headings are known, else most cells appear."""
    found = []
    for delimiter in (";", ",", "\t"):
        try:
            headings = tuple(next(csv.reader([line], delimiter=delimiter)))
        except csv.Error:
            continue
        known = sum(_field(heading) is not None for heading in headings)
        found.append((known, len(headings), delimiter, headings))
    if not found:
        raise UnreadableFile(
            N_("The first line of the file is not a header."),
            N_("Put the headings of the columns on the first line and export again."),
        )
    return max(found, key=lambda candidate: candidate[:2])[2:]


def _refuse_other_formats(start: bytes) -> None:
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise UnreadableFile(
            N_("This is not a CSV file but a workbook or a document."),
            N_("In your spreadsheet, save the sheet as CSV (UTF-8), then send that file."),
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:2]:
        raise UnreadableFile(
            N_("The text of this file is in UTF-16, or is not text."),
            N_("In your spreadsheet, save the sheet as CSV (UTF-8), then send that file."),
        )


def _check_columns(fields: tuple[str | None, ...]) -> None:
    twice = sorted({name for name in fields if name is not None and fields.count(name) > 1})
    if twice:
        raise UnreadableFile(
            N_("Two columns are read as the same one: %(names)s."),
            N_("Keep one column for each and export again."),
            names=", ".join(FRENCH[name] for name in twice),
        )
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise UnreadableFile(
            N_("Columns are missing: %(names)s."),
            N_("Put these headings on the first line; the order of the columns is free."),
            names=", ".join(FRENCH[name] for name in missing),
        )


@contextmanager
def _text(stream: BinaryIO, encoding: str) -> Iterator[TextIOWrapper]:
    """The stream from its start as text; it stays open afterwards."""
    stream.seek(0, SEEK_SET)
    text = TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.detach()


def _field(heading: str) -> str | None:
    name = plain(heading.removeprefix("\ufeff"))
    return next((field for field, names in HEADINGS.items() if name in names), None)
