"""Files taken out: a still picture of the data to write them from, and the journal that keeps who took them."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lms.models import AuditEntry
from lms.models.database import begin_reading, end_reading
from lms.services.indicators import INDICATORS_VERSION
from lms.tables import Export, Extraction, Report, Row

#: Rows between two reports of progress.
STEP = 1000


@contextmanager
def still_picture(engine: Engine) -> Iterator[Session]:
    """A session of its own that sees one state of the data, and holds no lock, for as long as a file takes.

    A download outlives the request that began it; nothing here depends on that request.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(engine) as session:
        token = begin_reading()
        try:
            session.connection()  # the transaction begins here, as one that only reads
        finally:
            end_reading(token)
        if engine.dialect.name == "postgresql":  # a large file is one statement, as long as its reader takes
            session.execute(text("set local statement_timeout to 0"))
        yield session


def pieces(
    engine: Engine,
    report: Report,
    export: Export,
    extraction: Extraction,
    progress: Callable[[int], None] | None = None,
) -> Generator[bytes, None, None]:
    """The file piece by piece; ``progress`` is told the rows read. Left early, its cursors are closed all the same.

    Raises ``FilterError``, and ``TooManyRows`` when the format cannot hold the report.
    """
    with still_picture(engine) as session:
        table = report.table(session, extraction, INDICATORS_VERSION)
        with closing(table.rows):
            if progress is not None:
                selected = replace(table.selected, told=progress) if table.selected else None
                table = replace(table, rows=_told(table.rows, progress), selected=selected)
            yield from export.chunks(table)


def _told(rows: Iterable[Row], progress: Callable[[int], None]) -> Generator[Row, None, None]:
    number = 0
    for number, row in enumerate(rows, 1):
        if number % STEP == 0:
            progress(number)
        yield row
    progress(number)


def journal_export(
    session: Session,
    report: str,
    export: str,
    extraction: Extraction,
    person_id: int | None = None,
    purpose: str | None = None,
) -> None:
    """Keep who took which report, in which format, of whom and what for; never its content."""
    details: dict[str, Any] = {
        "author": None if person_id is not None else extraction.author,
        "platform_id": extraction.scope_filter.platform_id,
        "units": extraction.scope_filter.paths,
        "filters": dict(extraction.asked),
        "purpose": purpose,
    }
    session.add(
        AuditEntry(
            at=extraction.at,
            person_id=person_id,
            action="hr.export",
            target=f"{report}.{export}",
            details=details,
        )
    )
    session.flush()
