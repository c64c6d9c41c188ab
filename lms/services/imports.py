"""Taking in HR's files: first a look at every row that writes nothing, then the changes, in one transaction.

What a look found is in a ``Plan``; writing it closes states and opens others, and keeps what undoing needs.
"""

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from lms.cells import Problem
from lms.models import ImportChange, ImportRun, ImportSource, utcnow
from lms.models.base import table_of
from lms.services import audit
from lms.services.import_rows import RefusedRow
from lms.sheets import Sheet

#: Rows compared and written at a time.
BATCH = 1000
#: Problems kept in a result; all are counted, and in the report.
KEPT_PROBLEMS = 200
#: Part of the people there beyond which leavers of a whole list are to be confirmed.
MANY_LEAVERS = 10
#: What becomes of a row.
OUTCOMES = ("created", "changed", "unchanged", "refused", "left")
#: Key of the PostgreSQL lock under which one import at a time writes, or is undone.
_LOCK = 7250131

#: Told how far the import is, from 0 to 1.
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Result:
    """What became of a file's rows, or would: ``rows`` are those of the file, ``left`` people absent from it.

    ``later`` leave on a day to come. ``units`` were made on the way. ``to_confirm``: nothing is written until somebody
    says that so many left.
    """

    kind: str
    sha256: str
    sheet: str
    rows: int
    created: int
    changed: int
    unchanged: int
    refused: int
    left: int
    units: int
    problems: tuple[Problem, ...]
    ignored: tuple[str, ...]
    later: int = 0
    to_confirm: bool = False
    written: bool = False
    run_id: int | None = None

    @property
    def changes(self) -> int:
        """How many things it changes."""
        return self.created + self.changed + self.left

    def summary(self) -> dict[str, Any]:
        """The counts, as ``ImportRun`` and the journal keep them."""
        kept = ("rows", "created", "changed", "unchanged", "refused", "left", "units")
        return {name: getattr(self, name) for name in kept}


def as_json(result: Result) -> dict[str, Any]:
    """A result as ``ImportFile`` keeps it."""
    return {**asdict(result), "problems": [asdict(each) for each in result.problems]}


def from_json(kept: dict[str, Any]) -> Result | None:
    """A result that ``ImportFile`` kept, or None when there is none yet."""
    if not kept:
        return None
    problems = tuple(Problem(**each) for each in kept["problems"])
    return Result(**{**kept, "problems": problems, "ignored": tuple(kept["ignored"])})


@dataclass(frozen=True)
class Line:
    """A line of the report: what became of a row; ``details`` are the fields changed, or why it was refused."""

    line: int
    key: str
    outcome: str
    details: list[Any]


class Report:
    """Every row and what becomes of it, written as they come to a compressed file."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._buffer = BytesIO()
        self._file = gzip.GzipFile(fileobj=self._buffer, mode="wb", compresslevel=1, mtime=0)

    def add(self, line: int, key: str, outcome: str, details: Sequence[Any] = ()) -> None:
        """One row, its outcome and the fields that change."""
        self.counts[outcome] += 1
        self._file.write(json.dumps([line, key, outcome, details], ensure_ascii=False).encode() + b"\n")

    def refuse(self, row: RefusedRow) -> None:
        """One row that is not taken in."""
        self.problems += row.problems[: KEPT_PROBLEMS - len(self.problems)]
        self.add(
            row.line, row.key, "refused", [[each.column, each.what, each.fix, each.values] for each in row.problems]
        )

    def content(self) -> bytes:
        """The file, once every row is in it."""
        self._file.close()
        return self._buffer.getvalue()


def report_lines(content: bytes) -> Iterator[Line]:
    """The lines of a report, one at a time."""
    if content:
        with gzip.open(BytesIO(content)) as file:
            for line in file:
                yield Line(*json.loads(line))


class Steps:
    """Rows that change something, put aside on disk between the look and the writing: an import fills no memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(mode="w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below

    def add(self, values: dict[str, Any]) -> None:
        """Keep the values of one."""
        self._file.write(json.dumps(values, default=datetime.isoformat) + "\n")

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """What was kept, so many at a time."""
        self._file.seek(0)
        batch = []
        for line in self._file:
            batch.append(json.loads(line))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def close(self) -> None:
        """Let them go."""
        self._file.close()


@dataclass
class Run:
    """An import that writes: its number, its moment, and what it changed."""

    session: Session
    id: int
    at: datetime

    def changed(self, table: str, changes: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Keep what rows were, each by its number, empty when they were not; moments are written as texts."""
        values = [
            {"run_id": self.id, "table_name": table, "row_id": number, "before": _plain(before)}
            for number, before in changes
        ]
        if values:
            self.session.execute(insert(table_of(ImportChange)), values)


def alone(session: Session) -> None:
    """Wait for the import that writes or is undone now, and let no other do so until the transaction ends."""
    if session.connection().dialect.name == "postgresql":  # SQLite's writer already is alone
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def begin(session: Session, kind: str, sheet: Sheet, source: ImportSource | None, person_id: int | None) -> Run:
    """Begin to write, alone; flushes."""
    alone(session)
    run = ImportRun(
        kind=kind, file_sha256=sheet.sha256, summary={}, source_id=source.id if source else None, person_id=person_id,
        created_at=utcnow(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    return Run(session, run.id, run.created_at)


def end(run: Run, result: Result, person_id: int | None) -> None:
    """Keep the counts of a run, and write the line of the journal; flushes."""
    run.session.get_one(ImportRun, run.id).summary = result.summary()
    details = {"sha256": result.sha256, **result.summary()}
    run.session.flush()
    audit.record(run.session, f"hr.import_{result.kind}", f"import_run:{run.id}", person_id, **details)


def last_run(session: Session, kind: str) -> ImportRun | None:
    """The last import of a kind that was not undone: the one that can be; none once it is too old for it."""
    query = select(ImportRun).where(ImportRun.kind == kind, ImportRun.undone_at.is_(None))
    run = session.scalars(query.order_by(ImportRun.id.desc()).limit(1)).first()
    return run if run is not None and run.settled_at is None else None


def _plain(before: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in before.items()}
