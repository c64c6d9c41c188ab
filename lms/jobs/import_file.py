"""Checks a large file of HR, or takes it in, so that no request waits for it; its page says how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.cells import UnreadableFile
from lms.jobs import Tools
from lms.models import ImportFile
from lms.models.base import table_of
from lms.models.database import direct_transaction, reading
from lms.services import import_files

#: 300 000 rows take a minute or two; a worker that died is replaced after it.
LEASE = timedelta(minutes=20)
#: Between two notes of how far it is, in seconds.
TOLD = 1.0


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Do what is asked of that file, unless it was replaced or done meanwhile: it is done whole, or not at all."""
    session = tools.session
    file = session.get(ImportFile, payload["file_id"])
    if file is None or not file.work:
        return
    told = _Told(file.id)
    try:
        import_files.carry_out(session, file, told.looking(session), told)
    except UnreadableFile as error:
        session.rollback()
        file.problem, file.work = asdict(error.problem), {}
    session.commit()


class _Told:
    """Notes how far the look is, beside its transaction; the writing holds the database, and notes nothing."""

    def __init__(self, file_id: int) -> None:
        self._file_id, self._last, self._looking = file_id, monotonic(), False

    @contextmanager
    def looking(self, session: Session) -> Iterator[None]:
        """The look, which keeps nobody from writing."""
        self._looking = True
        try:
            with reading(session):
                yield
        finally:
            self._looking = False

    def __call__(self, share: float) -> None:
        if self._looking and monotonic() - self._last > TOLD:
            self._last = monotonic()
            table = table_of(ImportFile)
            note = update(table).where(table.c.id == self._file_id).values(progress=round(share * 1000))
            with direct_transaction() as connection:
                connection.execute(note)
