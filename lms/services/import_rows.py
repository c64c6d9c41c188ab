"""From rows of a sheet to values: every cell is checked, and every refusal says where and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lms.cells import N_, CellRefused, Problem, Value, text
from lms.services.import_columns import Columns
from lms.services.import_fields import KINDS
from lms.sheets import Sheet


@dataclass(frozen=True)
class Row:
    """A row whose cells can be read: ``key`` names what it is about, ``values`` are of the file's fields."""

    line: int
    key: str
    values: dict[str, Any]


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be taken in, and why; ``key`` may be empty."""

    line: int
    key: str
    problems: tuple[Problem, ...]


class Reading:
    """The rows of a sheet under its columns."""

    def __init__(self, kind: str, sheet: Sheet, columns: Columns) -> None:
        fields = KINDS[kind]
        self.sheet = sheet
        self.fields = [field for field in columns if field is not None]
        self._read = [(at, field, fields[field].read) for at, field in enumerate(columns) if field is not None]
        self._heading = {field: sheet.headings[at] for at, field, _ in self._read}
        self._key = next(iter(fields))
        self._key_at = columns.index(self._key)

    def rows(self) -> Iterator[Row | RefusedRow]:
        """Each row, in order; the second of one key is refused. Raises ``UnreadableFile``."""
        first_seen: dict[str, int] = {}
        for line, cells in self.sheet.rows():
            row = self._one(line, cells)
            if isinstance(row, Row):
                before = first_seen.setdefault(row.key, line)
                if before != line:
                    what, fix = N_("« %(key)s » is already on line %(before)s."), N_("Keep one line for each.")
                    row = self.refused(row, self._key, CellRefused(what, fix, key=row.key, before=before))
            yield row

    def refused(self, row: Row, field: str, why: CellRefused) -> RefusedRow:
        """That row, refused for one of its cells."""
        return RefusedRow(row.line, row.key, (self._problem(row.line, self._heading.get(field, ""), why),))

    def _one(self, line: int, cells: list[Value]) -> Row | RefusedRow:
        if self.sheet.kind == "csv" and (len(cells) != len(self.sheet.headings) or None in cells):
            why = CellRefused(
                N_("The row has %(count)s cells and the header %(width)s."),
                N_("Check the delimiters and the quotation marks of this line."),
                count=len(cells) - cells.count(None),
                width=len(self.sheet.headings),
            )
            return RefusedRow(line, "", (self._problem(line, "", why),))
        values: dict[str, Any] = {}
        problems = []
        for at, field, read in self._read:
            try:
                values[field] = read(cells[at])
            except CellRefused as refusal:
                problems.append(self._problem(line, self._heading[field], refusal))
        if not problems:
            return Row(line, values[self._key], values)
        try:
            key = text(cells[self._key_at])[:200]
        except CellRefused:
            key = ""
        return RefusedRow(line, key, tuple(problems))

    def _problem(self, line: int, heading: str, why: CellRefused) -> Problem:
        return Problem(line, heading, why.what, why.fix, why.values, self.sheet.name)
