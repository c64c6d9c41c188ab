"""Many certificates checked at once, from the lines of a file: what each is worth today, and to whom its name is told.

Nothing is kept of the file. A holder's name is told when its holder lets everybody read it, or when they are one of the
agents of whoever asks.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from certificates.codes import read_code
from certificates.model import Record
from lms.csv_text import NOT_WINDOWS
from lms.models import AgentMatch, Certificate, Person, utcnow
from lms.services.audit import record_all
from lms.services.organisation import HELD, Scope, people_in
from lms.services.verification import state_at

#: Lines of a file, and its size in bytes.
MAX_LINES = 5000
MAX_BYTES = 1_000_000
#: Certificates asked for in one query.
PIECE = 500
SEPARATORS = ";,\t|"
_NUMBER = re.compile(r"MPIA-\d{4}-\d{6,}")


class NotLines(ValueError):
    """A file that cannot be read line by line: ``empty``, ``large``, ``lines`` (too many) or ``text`` (it is none)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Line:
    """A line of the file, from 1, and the codes and numbers it names, in their written form."""

    number: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """What a line is worth today.

    ``problem`` is None, or ``none`` (the line names no certificate), ``unknown`` (none of ours) or ``two`` (what it
    names is of several). ``holder`` is None where the name is not to be told.
    """

    line: int
    named: str
    problem: str | None
    state: str = "unknown"
    record: Record | None = None
    holder: str | None = None
    #: Whether that name is told because they are an agent of theirs alone.
    private: bool = False


def read_lines(data: bytes) -> list[Line]:
    """The lines of a CSV file with one column of codes or numbers; its heading and empty lines are left out.

    Any separator, UTF-8 or Windows-1252, or a text of one code a line. Raises ``NotLines``.
    """
    if len(data) > MAX_BYTES:
        raise NotLines("large")
    found = [(number, cells) for number, cells in _rows(_text(data)) if any(cell.strip() for cell in cells)]
    if not found:
        raise NotLines("empty")
    lines = [Line(number, _names(cells)) for number, cells in found]
    if not lines[0].names and not any(char.isdigit() for cell in found[0][1] for char in cell):
        lines = lines[1:]  # the heading: a code or a number, even a wrong one, has digits
    if len(lines) > MAX_LINES:
        raise NotLines("lines")
    return lines


def check(session: Session, lines: Sequence[Line], scope: Scope, now: datetime | None = None) -> list[Checked]:
    """What each line is worth, for whoever sees that part of the institution."""
    now = now or utcnow()
    rows: dict[str, Any] = {}
    names = sorted({name for line in lines for name in line.names})
    for start in range(0, len(names), PIECE):
        rows |= _found(session, names[start : start + PIECE], scope)
    return [_checked(line, rows, now) for line in lines]


def journal(session: Session, checked: Iterable[Checked], person_id: int) -> None:
    """Write which certificates were checked, and which names were read that are not everybody's."""
    states = {each.record.number: each for each in checked if each.record is not None}
    verified = [(number, None, {"state": each.state}) for number, each in states.items()]
    record_all(session, "certificate_verified", verified)
    private = [(number, person_id, {"what": "holder"}) for number, each in states.items() if each.private]
    record_all(session, "certificate_viewed", private)


def _text(data: bytes) -> str:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise NotLines("text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        windows = data.translate(None, NOT_WINDOWS) == data
        return data.decode("cp1252" if windows else "latin-1")


def _rows(text: str) -> Iterable[tuple[int, list[str]]]:
    """Each row with the number of its line, cut at the separator that most lines have."""
    counts = {each: sum(each in line for line in text.splitlines()[:100]) for each in SEPARATORS}
    separator = max(counts, key=lambda each: counts[each])
    reader, line = csv.reader(StringIO(text, newline=""), delimiter=separator), 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotLines("text") from error


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """The codes and numbers of a row, each once."""
    found = []
    for cell in cells:
        typed = cell.strip().upper()
        try:
            found.append(typed if _NUMBER.fullmatch(typed) else read_code(typed))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def _found(session: Session, names: Sequence[str], scope: Scope) -> dict[str, Any]:
    """Code and number → (certificate, whether its holder is an agent of theirs)."""
    declared = exists().where(AgentMatch.person_id == Person.id, AgentMatch.state.in_(HELD)).correlate(Person)
    theirs = and_(declared, people_in(scope))
    query = select(Certificate, theirs.label("theirs")).join(Person, Person.id == Certificate.person_id)
    rows = session.execute(query.where(or_(Certificate.code.in_(names), Certificate.number.in_(names)))).all()
    return {name: row for row in rows for name in (row.Certificate.code, row.Certificate.number)}


def _checked(line: Line, rows: dict[str, Any], now: datetime) -> Checked:
    named = ", ".join(line.names)
    if not line.names:
        return Checked(line.number, named, "none")
    found = {rows[name].Certificate.id: rows[name] for name in line.names if name in rows}
    if not found:
        return Checked(line.number, named, "unknown")
    if len(found) > 1 or any(name not in rows for name in line.names):
        return Checked(line.number, named, "two")
    (row,) = found.values()
    certificate, facts = row.Certificate, Record.from_dict(row.Certificate.record)
    told = certificate.name_public or row.theirs
    return Checked(
        line.number, named, None, state_at(certificate, now), facts, facts.holder if told else None,
        private=told and not certificate.name_public,
    )  # fmt: skip
