"""Exports that a worker makes: asked for, kept under a name, made by themselves on their day, kept for some days.

A file is of one state of the data (``extractions.still_picture``). Whoever makes it may die: it is then begun again
from its first row, for going on in another state would double rows or lose some.
"""

import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as hour
from pathlib import Path

import structlog
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from lms.config_checks import LONGEST_EXPORT_DAYS
from lms.i18n import ZONE
from lms.models import ExportRun, LocalAccount, Person, SavedExport, WebSession
from lms.models.exporting import PLACES, SCHEDULES
from lms.services.organisation import Scope
from lms.services.outbox import promise

log = structlog.get_logger()

#: What a run goes through before it ends.
OPEN = ("waiting", "running", "delivering")
#: Exports make themselves early in the day, as it is in France.
HOUR = hour(5, 0)
#: How long what became of a run is kept; who took what out stays in the journal.
KEPT = timedelta(days=LONGEST_EXPORT_DAYS)
#: A file being written by a worker that has died is taken away after so long.
ABANDONED = timedelta(days=1)
#: Runs that one person may have waiting at a time.
MOST_WAITING = 20


class TooManyWaiting(Exception):
    """So many exports of that person are waiting that another one would only wait longer."""


@dataclass(frozen=True)
class Order:
    """What is to be made: a report in a format, narrowed by filters as typed, for a purpose, and where it goes."""

    report: str
    format: str
    filters: Mapping[str, str]
    language: str
    purpose: str
    place: str = "download"


def ask(session: Session, person_id: int, order: Order, saved_id: int | None = None) -> ExportRun:
    """Have a worker make it after this transaction. Raises ``TooManyWaiting``."""
    assert order.place in PLACES
    waiting = select(ExportRun.id).where(ExportRun.person_id == person_id, ExportRun.state.in_(OPEN))
    if len(session.scalars(waiting.limit(MOST_WAITING)).all()) >= MOST_WAITING:
        raise TooManyWaiting
    run = ExportRun(
        saved_id=saved_id, person_id=person_id, report=order.report, format=order.format, filters=dict(order.filters),
        language=order.language, purpose=order.purpose, place=order.place,
    )  # fmt: skip
    session.add(run)
    session.flush()
    promise(session, "export_report", f"run:{run.id}", {"run_id": run.id})
    return run


def save(session: Session, person_id: int, name: str, order: Order, schedule: str, now: datetime) -> SavedExport:
    """Keep an export under a name, to be made again by hand or on its days."""
    assert schedule in SCHEDULES
    row = SavedExport(
        person_id=person_id, name=name, report=order.report, format=order.format, filters=dict(order.filters),
        language=order.language, purpose=order.purpose, place=order.place, schedule=schedule,
        next_at=next_time(schedule, now),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def ask_again(session: Session, saved: SavedExport) -> ExportRun:
    """Have a saved export made now. Raises ``TooManyWaiting``."""
    order = Order(saved.report, saved.format, saved.filters, saved.language, saved.purpose, saved.place)
    return ask(session, saved.person_id, order, saved.id)


def next_time(schedule: str, now: datetime) -> datetime | None:
    """The next day of a schedule: each day, each Monday, the first of each month, early."""
    if schedule == "none":
        return None
    day = now.astimezone(ZONE).date()
    moment = datetime.combine(day, HOUR, ZONE)
    while moment <= now or (schedule == "weekly" and day.weekday() != 0) or (schedule == "monthly" and day.day != 1):
        day += timedelta(days=1)
        moment = datetime.combine(day, HOUR, ZONE)
    return moment


def promise_due(session: Session, now: datetime) -> int:
    """Ask for every saved export whose day has come, once whoever else looks; gives how many.

    Those of a closed account are asked for by nobody until it is opened again.
    """
    count = 0
    closed = set(session.scalars(select(LocalAccount.person_id).where(LocalAccount.closed_at.is_not(None))))
    due = select(SavedExport).where(SavedExport.next_at <= now).order_by(SavedExport.id)
    for saved in session.scalars(due).all():
        mine = update(SavedExport).where(SavedExport.id == saved.id, SavedExport.next_at == saved.next_at)
        if not _changed(session, mine.values(next_at=next_time(saved.schedule, now))):
            continue  # another worker has just asked
        under_way = select(ExportRun.id).where(ExportRun.saved_id == saved.id, ExportRun.state.in_(OPEN))
        if saved.person_id not in closed and session.scalar(under_way.limit(1)) is None:
            with suppress(TooManyWaiting):  # it comes again on its next day
                ask_again(session, saved)
                count += 1
    return count


def still_hr(session: Session, person: Person) -> bool:
    """Whether they have HR's role now: by their open account, or by a session that their platform opened as such."""
    account = session.scalars(select(LocalAccount).filter_by(person_id=person.id)).first()
    if account is not None:
        return account.closed_at is None and "hr" in account.roles
    return any("hr" in roles for roles in session.scalars(select(WebSession.roles).filter_by(person_id=person.id)))


def begin(session: Session, run: ExportRun, scope: Scope) -> None:
    """Note that a worker is at it, for what its owner sees now."""
    run.state, run.rows, run.error = "running", 0, None
    run.scope = {"paths": None if scope.paths is None else list(scope.paths), "platform_id": scope.platform_id}
    session.flush()


def note(session: Session, run_id: int, rows: int) -> bool:
    """Note how far it is; whether it is still wanted."""
    wanted = update(ExportRun).where(ExportRun.id == run_id, ExportRun.state == "running")
    return _changed(session, wanted.values(rows=rows))


def made(session: Session, run_id: int, file: str, size: int, sha256: str, rows: int) -> bool:
    """Note that the file is whole; False when the run was cancelled, or another worker was quicker."""
    wanted = update(ExportRun).where(ExportRun.id == run_id, ExportRun.state == "running")
    values = {"state": "delivering", "file": file, "size": size, "sha256": sha256, "rows": rows}
    return _changed(session, wanted.values(**values))


def finish(session: Session, run: ExportRun, now: datetime, days: int, delivered_as: str | None = None) -> None:
    """Note that it is where it was to go; what was delivered elsewhere is not kept here. Of one given up, nothing."""
    if not _still_open(session, run):
        return
    run.state, run.finished_at, run.error = "done", now, None
    if delivered_as is None:
        run.expires_at = now + timedelta(days=days)
    else:
        run.delivered_as, run.file = delivered_as, None
    session.flush()


def fail(session: Session, run: ExportRun, why: str, now: datetime) -> None:
    """Note that it cannot be made as it was asked, and why (a message to translate). Of one given up, nothing."""
    if not _still_open(session, run):
        return
    run.state, run.error, run.finished_at = "failed", why, now
    session.flush()


def remove(session: Session, run: ExportRun, folder: Path, now: datetime) -> None:
    """Give it up, or take its file away before its time."""
    session.refresh(run, with_for_update=True)  # a worker may have ended it since it was read
    if run.file is not None:
        (folder / run.file).unlink(missing_ok=True)
    run.state = "cancelled" if run.state in OPEN else "expired"
    run.file, run.finished_at = None, run.finished_at or now
    session.flush()


def seen_by(run: ExportRun, scope: Scope) -> bool:
    """Whether the file holds nothing beyond what its owner sees today."""
    paths, platform_id = run.scope.get("paths"), run.scope.get("platform_id")
    if scope.whole:
        return True
    if scope.paths is None:
        return paths is None and platform_id == scope.platform_id
    return paths is not None and all(path.startswith(scope.paths) for path in paths)


def runs_of(session: Session, person_id: int, limit: int) -> Sequence[ExportRun]:
    """The last runs of a person, the newest first."""
    mine = select(ExportRun).filter_by(person_id=person_id)
    return session.scalars(mine.order_by(ExportRun.id.desc()).limit(limit)).all()


def saved_of(session: Session, person_id: int) -> Sequence[SavedExport]:
    """What a person keeps, by name."""
    return session.scalars(select(SavedExport).filter_by(person_id=person_id).order_by(SavedExport.name)).all()


def sweep(session: Session, folder: Path, now: datetime) -> None:
    """Take away the files whose time is over, those that no run names, and the runs of long ago.

    Where files cannot be reached, theirs go another time, and that is logged.
    """
    session.execute(delete(ExportRun).where(ExportRun.finished_at < now - KEPT))
    try:
        _take_away(session, folder, now)
    except OSError as error:  # no access, or a volume that does not answer: all else that comes round goes on
        log.warning("exports_not_swept", cause=type(error).__name__)


def _take_away(session: Session, folder: Path, now: datetime) -> None:
    over = select(ExportRun).where(ExportRun.state == "done", ExportRun.expires_at <= now)
    for run in session.scalars(over).all():
        remove(session, run, folder, now)
    if not folder.is_dir():
        return
    known = set(session.scalars(select(ExportRun.file).where(ExportRun.file.is_not(None))))
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another worker ends an export, or does the same, at this moment
            found = path.lstat()
            old = found.st_mtime < (now - ABANDONED).timestamp()
            if path.name not in known and old and stat.S_ISREG(found.st_mode):
                path.unlink()


def _still_open(session: Session, run: ExportRun) -> bool:
    """Whether nobody has ended a run since it was read; nobody does until the commit."""
    session.flush()
    session.refresh(run, with_for_update=True)
    return run.state in OPEN


def _changed(session: Session, statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)
