"""Workbooks (XLSX, ODS), read in bounded memory by a program of its own: one made to harm harms only its reading."""

import json
import subprocess  # nosec B404 # our own program is run apart: see below
import sys
import tempfile
import zlib
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from lms import workbook_reader
from lms.cells import N_, UnreadableFile, Value

_MIME = b"application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True)
class Head:
    """A sheet of a workbook: whether people see it, how many rows it has, and the first ones with their lines."""

    name: str
    seen: bool
    height: int
    rows: list[tuple[int, list[Value]]]


def kind_of(stream: BinaryIO) -> str:
    """``xlsx`` or ``ods``. Raises ``UnreadableFile``."""
    stream.seek(0)
    try:
        with ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                kind = archive.read("mimetype").strip()
                if kind == _MIME and "content.xml" in names:
                    return "ods"
    except (BadZipFile, OSError, RuntimeError, ValueError, EOFError, zlib.error) as error:
        raise _damaged() from error
    raise UnreadableFile(
        N_("This file is neither a CSV file nor a workbook XLSX or ODS."),
        N_("In your spreadsheet, save the sheet as XLSX, ODS or CSV (UTF-8), then send that file."),
    )


def heads(stream: BinaryIO) -> list[Head]:
    """Every sheet, in the order of the workbook. Raises ``UnreadableFile``."""
    with closing(_run(stream, "head")) as lines:
        return [Head(name, seen, height, [(line, cells) for line, cells in rows]) for name, seen, height, rows in lines]


def rows(stream: BinaryIO, name: str) -> Generator[tuple[int, list[Value]], None, None]:
    """Each row of a sheet that holds something, with its line. Raises ``UnreadableFile``."""
    yield from _run(stream, "rows", name)


def _run(stream: BinaryIO, *words: str) -> Generator[Any, None, None]:
    """What the program says, read as it comes; it ends with whoever stops listening."""
    program = [sys.executable, "-P", "-m", workbook_reader.__name__, *words]
    place = {"PYTHONPATH": str(Path(workbook_reader.__file__).parents[1])}  # and nothing else of our environment
    with tempfile.TemporaryFile() as copy:  # the program reads a file, and ours may be in memory
        stream.seek(0)
        copyfileobj(stream, copy)
        copy.seek(0)
        process = subprocess.Popen(  # nosec B603 # noqa: S603 - our own program, our own words
            program, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=place
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield json.loads(line, parse_float=Decimal, object_hook=_moment)
            _check(process.wait())
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _moment(found: dict[str, str]) -> date:
    words = found["day"]
    return datetime.fromisoformat(words) if "T" in words else date.fromisoformat(words)


def _check(code: int) -> None:
    if code == workbook_reader.PASSWORD:
        raise UnreadableFile(
            N_("This workbook is protected by a password."), N_("Save it without its password, then send that file.")
        )
    if code == workbook_reader.DAMAGED:
        raise _damaged()
    if code:
        raise UnreadableFile(
            N_("This workbook asks for more memory than a file is given."),
            N_("Save the sheet as CSV (UTF-8), then send that file."),
        )


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        N_("This workbook is damaged."), N_("Open it in your spreadsheet, save it again, then send that file.")
    )
