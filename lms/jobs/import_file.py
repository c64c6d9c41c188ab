"""Checks a large file of HR, or takes it in, so that no request waits for it; its page says how far it is."""

from dataclasses import asdict
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import update

from lms.cells import UnreadableFile
from lms.jobs import Tools
from lms.models import ImportFile
from lms.models.base import table_of
from lms.models.database import begin_reading, direct_transaction, end_reading
from lms.services import import_files

#: 300 000 rows take a minute or two; a worker that died is replaced after it.
LEASE = timedelta(minutes=20)
#: Between two notes of how far it is, in seconds.
TOLD = 1.0


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Do what is asked of that file, unless it was replaced or done meanwhile: it is done whole, or not at all."""
    session = tools.session
    file = import_files.at_work(session, payload["file_id"])
    if file is None:
        return
    asked, write, stream = import_files.asked_of(file), bool(file.work["write"]), import_files.stream_of(file)
    said = _Told(file.id)
    try:
        with import_files.prepare(session, file.kind, stream, asked, person_id=file.person_id, progress=said) as act:
            session.commit()
            token = begin_reading()  # the look keeps nobody from writing
            try:
                result = act.look()
                session.commit()
            finally:
                end_reading(token)
            said.looking = False
            if write:
                result = act.write(result)
            import_files.keep(session, file, result, act.report.content())
    except UnreadableFile as error:
        session.rollback()
        file.problem, file.work = asdict(error.problem), {}
    session.commit()


class _Told:
    """Notes how far the look is, beside its transaction; the writing holds the database, and notes nothing."""

    def __init__(self, file_id: int) -> None:
        self._file_id, self._last = file_id, monotonic()
        self.looking = True

    def __call__(self, share: float) -> None:
        if self.looking and monotonic() - self._last > TOLD:
            self._last = monotonic()
            table = table_of(ImportFile)
            note = update(table).where(table.c.id == self._file_id).values(progress=round(share * 1000))
            with direct_transaction() as connection:
                connection.execute(note)
