"""Makes a file that was asked for, and brings it where it is to go; begun again from its first row after a death."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.orm import Session

from certificates.drawing import NotDrawn
from lms.config import Config
from lms.database_errors import trouble
from lms.exports import exports
from lms.extraction_words import extraction_of
from lms.i18n import speaking
from lms.jobs import Tools
from lms.models import ExportRun, Person, utcnow
from lms.replica import reporting_engine
from lms.reports import reports
from lms.services import exporting
from lms.services.extractions import journal_export, pieces
from lms.services.organisation import scope_of
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.sftp import NotSent, send, target
from lms.tables import Export, Extraction, FilterError, Report, TooManyRows

#: Ten million rows as CSV take a third of this; a worker that died is replaced after it.
LEASE = timedelta(minutes=30)
#: Between two notes of how far it is, in seconds.
TOLD = 1.0

NOT_SENT = {
    "host_key": N_("The SFTP server has another key than the one known."),
    "login": N_("The SFTP server refuses our key."),
    "folder": N_("The folder of the SFTP server cannot be written in."),
    "unreachable": N_("The SFTP server does not answer."),
}


class _Unwanted(Exception):
    """The run was cancelled, or another worker made its file."""


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Make the file of that run, unless it is made, then deliver it, unless it is delivered."""
    session, config = tools.session, tools.authority.config
    row = session.get(ExportRun, payload["run_id"])
    if row is None or row.state not in exporting.OPEN:
        return
    person = session.get_one(Person, row.person_id)
    lost = not exporting.still_hr(session, person)
    if row.file is not None and (lost or not exporting.seen_by(row, scope_of(session, person))):
        # Made while they saw what they no longer see, and still to be delivered.
        (config.exports / row.file).unlink(missing_ok=True)
        row.file = None
    if lost:
        _failed(session, row, N_("Whoever asked for it no longer has the human resources role."))
        return
    if row.file is None and not _make(session, config, row):
        return
    _deliver(session, config, row)


def _make(session: Session, config: Config, row: ExportRun) -> bool:
    """Write the file and note it; whether it is there."""
    report, export = reports().get(row.report), exports().get(row.format)
    person = session.get_one(Person, row.person_id)
    if report is None or export is None:
        return _failed(session, row, N_("This report or this format no longer exists."))
    with speaking(row.language):
        extraction = extraction_of(session, person, row.filters, utcnow(), mask_below=config.mask_below)
    exporting.begin(session, row, scope_of(session, person))
    journal_export(session, report.key, export.key, extraction, person.id, row.purpose)
    session.commit()
    try:
        return _written(session, config.exports, row, report, export, extraction)
    except _Unwanted:
        return False
    except FilterError:
        return _failed(session, row, N_("One of its filters is no longer possible."))
    except TooManyRows:
        return _failed(session, row, N_("It has more rows than this format holds. Narrow it, or choose CSV."))
    except NotDrawn:
        return _failed(session, row, N_("The paper could not be drawn. Choose another format."))
    except OSError as error:
        if trouble(error) is None:
            raise
        session.rollback()
        why = N_("No room is left on the disk of exports. The file is made again by itself once there is some.")
        _waits(session, row, why)
        raise TryLater(why, cause="disk_full") from error


def _written(
    session: Session, folder: Path, row: ExportRun, report: Report, export: Export, extraction: Extraction
) -> bool:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{row.id}-{secrets.token_hex(16)}.{export.suffix}"
    told, rows = monotonic(), 0

    def progress(count: int) -> None:
        nonlocal told, rows
        rows = count
        if monotonic() - told > TOLD:
            told = monotonic()
            wanted = exporting.note(session, row.id, count)
            session.commit()
            if not wanted:
                raise _Unwanted

    part = folder / f"{name}.part"
    try:
        with closing(pieces(reporting_engine(), report, export, extraction, progress)) as file:
            size, sha256 = _filled(part, file)
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    there = exporting.made(session, row.id, name, size, sha256, rows)
    session.commit()
    if not there:
        (folder / name).unlink(missing_ok=True)
    session.refresh(row)
    return there


def _filled(path: Path, pieces: Iterator[bytes]) -> tuple[int, str]:
    """Write a file that its owner alone reads; gives its bytes and their SHA-256."""
    size, digest = 0, hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def _deliver(session: Session, config: Config, row: ExportRun) -> None:
    """Put the file where it is to go, under a name that is the same when it is done again."""
    assert row.file is not None
    source = config.exports / row.file
    if not source.exists():  # another machine's, or taken away by hand
        _failed(session, row, N_("Its file is no longer there. Ask for it again."))
        return
    name = None if row.place == "download" else f"{row.report}-{row.asked_at:%Y-%m-%d}-{row.id}{source.suffix}"
    if row.place == "folder" and name:
        _put(session, config, row, source, name)
    elif row.place == "sftp" and name:
        _send(session, config, row, source, name)
    exporting.finish(session, row, utcnow(), config.export_days, name)
    session.commit()
    if name:
        source.unlink(missing_ok=True)


def _put(session: Session, config: Config, row: ExportRun, source: Path, name: str) -> None:
    part = config.export_folder / f".{name}.part"
    try:
        if config.export_folder == Path():
            raise FileNotFoundError
        shutil.copyfile(source, part)
        part.replace(config.export_folder / name)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = N_("The folder of exports cannot be written in.")
        _waits(session, row, why)
        raise TryLater(why, cause="folder") from error


def _send(session: Session, config: Config, row: ExportRun, source: Path, name: str) -> None:
    try:
        if not config.export_sftp:
            raise NotSent("unreachable", refused=True)
        send(target(config.export_sftp, config.export_sftp_key, config.export_sftp_known_hosts), source, name)
    except NotSent as error:
        why = NOT_SENT[error.why]
        _waits(session, row, why)
        raise (GiveUp(why, cause=error.why) if error.refused else TryLater(why, cause=error.why)) from error


def _waits(session: Session, row: ExportRun, why: str) -> None:
    row.error = why
    session.commit()


def _failed(session: Session, row: ExportRun, why: str) -> bool:
    exporting.fail(session, row, why, utcnow())
    session.commit()
    return False
