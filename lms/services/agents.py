"""Taking in the agents HR declares: all or nothing by default, the same file twice changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AuditEntry, ImportRun, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_into
from lms.services import matching
from lms.services.agent_files import MAX_BYTES, AgentFile, Problem, recognise
from lms.services.agent_rows import AgentRow, read_rows

#: Rows compared and written at a time.
BATCH = 1000
#: Problems kept in a result; all are counted.
KEPT_PROBLEMS = 1000
DEFAULTS: dict[str, str | None] = {
    "email": None, "ministry": "", "directorate": "", "service": "", "siret": None, "category": "non renseigné",
    "corps": "",
}  # fmt: skip


@dataclass(frozen=True)
class ImportResult:
    """What became of a file's rows. Nothing is written unless ``written``; ``run_id`` is then the ImportRun's.

    ``accepted`` rows are created, changed or unchanged; without writing they are those that would be.
    """

    file: AgentFile
    rows: int
    created: int
    changed: int
    unchanged: int
    refused: int
    problems: tuple[Problem, ...]
    written: bool
    run_id: int | None = None

    @property
    def accepted(self) -> int:
        return self.created + self.changed + self.unchanged

    def summary(self) -> dict[str, Any]:
        """The counts, as ImportRun and the journal keep them."""
        return {
            "rows": self.rows,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "encoding": self.file.encoding,
            "bytes": self.file.size,
        }


def import_agents(
    session: Session,
    stream: BinaryIO,
    *,
    person_id: int | None = None,
    partial: bool = False,
    dry_run: bool = False,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Take in a CSV file of agents from a seekable stream, in bounded memory; flushes, never commits.

    A refused row refuses the file unless ``partial``. A column that is absent leaves what is known; an empty cell
    clears it. Agents absent from the file stay. ``progress`` is told the bytes read, up to twice the file's size.
    Raises ``UnreadableFile``.
    """
    file = recognise(stream, max_bytes)
    rows, refused, problems = 0, 0, list[Problem]()
    for found in _told(stream, file, progress, 0):
        rows += 1
        if not isinstance(found, AgentRow):
            refused += 1
            problems += found[: KEPT_PROBLEMS - len(problems)]
    write = not dry_run and (partial or not refused) and rows > refused
    run = ImportRun(kind="agents", file_sha256=file.sha256, summary={})
    if write:
        session.add(run)
        session.flush()
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    good = (row for row in _told(stream, file, progress, file.size) if isinstance(row, AgentRow))
    for batch in _batches(good):
        _take(session, batch, run.id if write else None, counts)
    run_id = run.id if write else None
    result = ImportResult(file, rows, refused=refused, problems=tuple(problems), written=write, run_id=run_id, **counts)
    if write:
        run.summary = result.summary()
        details = {"sha256": file.sha256, **result.summary()}
        target = f"import_run:{run.id}"
        session.add(AuditEntry(person_id=person_id, action="hr.import_agents", target=target, details=details))
        session.flush()
        matching.ask(session)
    return result


def _take(session: Session, batch: Sequence[AgentRow], run_id: int | None, counts: dict[str, int]) -> None:
    """Compare a batch with what is known, add to the counts, and write it for a run."""
    fields = list(batch[0].values)
    columns = [getattr(Agent, field) for field in fields]
    query = select(*columns).where(Agent.number.in_([row.number for row in batch]))
    position = fields.index("number")
    known = {row[position]: tuple(row) for row in session.execute(query)}
    new = [row for row in batch if row.number not in known]
    changed = [
        row for row in batch if row.number in known and known[row.number] != tuple(row.values[f] for f in fields)
    ]
    counts["created"] += len(new)
    counts["changed"] += len(changed)
    counts["unchanged"] += len(batch) - len(new) - len(changed)
    if run_id is None or not (new or changed):
        return
    stamp = {"import_id": run_id, "updated_at": utcnow()}
    insert = insert_into(session.connection().dialect.name, table_of(Agent))
    # Another import may create an agent between our look and our write: the last one wins, field by field.
    replaced = {name: insert.excluded[name] for name in [*fields, *stamp] if name != "number"}
    values = [{**DEFAULTS, **row.values, **stamp} for row in new + changed]
    session.execute(insert.on_conflict_do_update(index_elements=["number"], set_=replaced), values)


def _batches(rows: Iterator[AgentRow]) -> Iterator[list[AgentRow]]:
    batch: list[AgentRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _told(
    stream: BinaryIO, file: AgentFile, progress: Callable[[int], None] | None, before: int
) -> Iterator[AgentRow | list[Problem]]:
    for number, row in enumerate(read_rows(stream, file)):
        if progress and number % BATCH == 0:
            progress(before + stream.tell())
        yield row
