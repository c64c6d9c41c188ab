"""Files of HR as they are asked to be read, by a page or a command; those that wait, and what became of them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, undefer

from lms.models import ImportFile, ImportRun, utcnow
from lms.services.agent_imports import AgentImport
from lms.services.import_columns import Columns, guess, heading_test, save, source_of
from lms.services.imports import Progress, Result, as_json
from lms.services.outbox import promise
from lms.services.unit_imports import UnitImport
from lms.sheets import MAX_BYTES, Sheet, open_sheet

#: A larger file is checked and taken in by a worker, and none is larger than that is sent.
LARGE, LARGEST = 1_000_000, 64_000_000
#: What is asked of a file beside its columns.
WAYS = ("whole", "partial", "confirmed")
#: How long a file waits to be taken in.
LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """How a file is to be read: which sheet, as those of which source, or under which columns; and what it is."""

    sheet: str = ""
    source: str = ""
    fields: Columns | None = None
    whole: bool = False
    partial: bool = False
    confirmed: bool = False


def recognise(
    session: Session, kind: str, stream: BinaryIO, asked: Asked, max_bytes: int = MAX_BYTES
) -> tuple[Sheet, Columns]:
    """The sheet of a file, and the field of each of its columns. Raises ``UnreadableFile``."""
    source = source_of(session, kind, asked.source)
    sheet = open_sheet(stream, heading_test(kind, source), sheet=asked.sheet or None, max_bytes=max_bytes)
    said = asked.fields if asked.fields and len(asked.fields) == len(sheet.headings) else None
    return sheet, said or guess(kind, sheet.headings, source)


def prepare(
    session: Session, kind: str, stream: BinaryIO, asked: Asked, *, person_id: int | None = None,
    max_bytes: int = MAX_BYTES, progress: Progress = lambda _: None,
) -> AgentImport | UnitImport:  # fmt: skip
    """An import to look at, write and close. Raises ``UnreadableFile``."""
    sheet, columns = recognise(session, kind, stream, asked, max_bytes)
    source = source_of(session, kind, asked.source)
    if kind == "units":
        return UnitImport(
            session, sheet, columns, source=source, person_id=person_id, partial=asked.partial, progress=progress
        )
    return AgentImport(
        session, sheet, columns, source=source, person_id=person_id, whole=asked.whole, partial=asked.partial,
        confirmed=asked.confirmed, progress=progress,
    )  # fmt: skip


def receive(session: Session, kind: str, person_id: int, name: str, content: bytes, source: str = "") -> ImportFile:
    """Keep a file that somebody sent, instead of the one they sent before. Flushes."""
    session.execute(delete(ImportFile).where(ImportFile.run_id.is_(None), ImportFile.person_id == person_id))
    file = ImportFile(kind=kind, name=name[-200:], person_id=person_id, content=content, source=source)
    session.add(file)
    session.flush()
    return file


def sweep(session: Session) -> None:
    """Forget the files that nobody took in in time: they hold agents by name."""
    session.execute(delete(ImportFile).where(ImportFile.run_id.is_(None), ImportFile.sent_at < utcnow() - LIFETIME))


def sent(session: Session, file_id: int, person_id: int) -> ImportFile | None:
    """A file that somebody sent, whatever became of it."""
    return session.scalars(select(ImportFile).filter_by(id=file_id, person_id=person_id)).first()


def stream_of(file: ImportFile) -> BinaryIO:
    """What a file holds."""
    return BytesIO(file.content)


def remember(session: Session, file: ImportFile, sheet: Sheet, columns: Columns) -> None:
    """Keep the columns chosen for a file, and for its source when it has one; flushes."""
    file.fields = list(columns)
    if file.source:
        save(session, file.kind, file.source, sheet.headings, columns)
    session.flush()


def ask(session: Session, file: ImportFile, ways: Mapping[str, bool], *, write: bool) -> None:
    """Have a file checked, or taken in, in these of ``WAYS``: at once, or by a worker when it is large; flushes.

    What another tab asks, or has had done, at the same moment stays. Raises ``UnreadableFile``.
    """
    session.flush()
    there = session.get(ImportFile, file.id, populate_existing=True, with_for_update=True)
    if there is None or there.run_id is not None or there.work:
        return
    file.work = {**ways, "write": write}
    file.progress, file.problem = 0, {}
    if len(file.content) > LARGE:
        promise(session, "import_file", str(file.id), {"file_id": file.id})
    else:
        carry_out(session, file)


def carry_out(
    session: Session, file: ImportFile, looking: AbstractContextManager[None] | None = None,
    progress: Progress = lambda _: None,
) -> None:  # fmt: skip
    """Do what is asked of a file, whole or not at all; ``looking`` is around the look. Raises ``UnreadableFile``."""
    ways = {name: bool(file.work.get(name)) for name in WAYS}
    asked = Asked(sheet=file.sheet, source=file.source, fields=tuple(file.fields or ()), **ways)
    write, stream = bool(file.work["write"]), stream_of(file)
    with prepare(session, file.kind, stream, asked, person_id=file.person_id, progress=progress) as act:
        with looking or nullcontext():
            result = act.look()
        if write:
            result = act.write(result)
        keep(session, file, result, act.report.content())


def keep(session: Session, file: ImportFile, result: Result, report: bytes) -> None:
    """Keep with a file what was found of it; once it is written its content goes. Flushes."""
    file.result, file.report, file.run_id = as_json(result), report, result.run_id
    file.work = {}
    if result.written:
        file.content = b""
    session.flush()


def of_run(session: Session, run_id: int, *, report: bool = False) -> ImportFile | None:
    """The file of an import, with its report when it is asked for."""
    query = select(ImportFile).filter_by(run_id=run_id)
    return session.scalars(query.options(undefer(ImportFile.report)) if report else query).first()


def runs(session: Session, kinds: Sequence[str], limit: int) -> list[tuple[ImportRun, ImportFile | None]]:
    """The last imports of these kinds, the last one first, with the file of each."""
    query = select(ImportRun, ImportFile).outerjoin(ImportFile, ImportFile.run_id == ImportRun.id)
    query = query.where(ImportRun.kind.in_(kinds)).order_by(ImportRun.id.desc()).limit(limit)
    return [(run, file) for run, file in session.execute(query)]
