"""What waits to be delivered, for an administrator: counted, read by pages, tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from lms.models import OutboxJob, Platform, utcnow

#: Deliveries shown on a page.
PAGE = 50


@dataclass(frozen=True)
class Filter:
    """Which deliveries that are not done: those of a platform, of a cause; all of them by default."""

    platform_id: int | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Waiting:
    """One delivery that waits (``pending``) or gave up (``failed``)."""

    id: int
    kind: str
    platform: str | None
    status: str
    cause: str | None
    last_error: str | None
    tries: int
    created_at: datetime
    due_at: datetime


def counts(session: Session, platform_id: int | None = None) -> dict[str, int]:
    """Number of deliveries by state; of one platform if given, as in all that follows."""
    query = select(OutboxJob.status, func.count()).where(*_of(platform_id)).group_by(OutboxJob.status)
    rows = session.execute(query)
    return {str(status): int(number) for status, number in rows}


def oldest(session: Session, platform_id: int | None = None) -> datetime | None:
    """Since when the oldest delivery waits; None when none does."""
    return session.scalar(
        select(func.min(OutboxJob.created_at)).where(OutboxJob.status == "pending", *_of(platform_id))
    )


def causes(session: Session, platform_id: int | None = None) -> list[tuple[str, str, int]]:
    """Why deliveries that met a failure are not done: (cause, its words, how many), the most frequent first."""
    number = func.count()
    query = select(OutboxJob.cause, func.min(OutboxJob.last_error), number)
    query = query.where(_undone(), OutboxJob.cause.is_not(None), *_of(platform_id))
    rows = session.execute(query.group_by(OutboxJob.cause).order_by(number.desc(), OutboxJob.cause))
    return [(str(cause), str(why or "").partition("\n")[0], int(count)) for cause, why, count in rows]


def silent_platforms(session: Session, platform_id: int | None = None) -> Sequence[tuple[str, datetime]]:
    """Platforms whose services do not answer: (name, since when)."""
    query = select(Platform.name, Platform.silent_since).where(Platform.silent_since.is_not(None))
    if platform_id is not None:
        query = query.where(Platform.id == platform_id)
    rows = session.execute(query.order_by(Platform.silent_since))
    return [(name, since) for name, since in rows if since is not None]


def waiting(session: Session, wanted: Filter, after: tuple[datetime, int] | None = None) -> Sequence[Waiting]:
    """A page of deliveries that are not done, those asked for first before the others.

    ``after`` is the (created_at, id) of the last one of the page before. One more than a page says there is a next.
    """
    query = (
        select(
            OutboxJob.id, OutboxJob.kind, Platform.name, OutboxJob.status, OutboxJob.cause, OutboxJob.last_error,
            OutboxJob.tries, OutboxJob.created_at, OutboxJob.due_at,
        )
        .outerjoin(Platform, Platform.id == OutboxJob.platform_id)
        .where(*_conditions(wanted))
        .order_by(OutboxJob.created_at, OutboxJob.id)
        .limit(PAGE + 1)
    )  # fmt: skip
    if after is not None:
        moment, number = after
        later = (OutboxJob.created_at == moment) & (OutboxJob.id > number)
        query = query.where(or_(OutboxJob.created_at > moment, later))
    return [Waiting(*row) for row in session.execute(query)]


def replay(session: Session, job_id: int, platform_id: int | None = None) -> bool:
    """Try a failed or waiting delivery again now; False when there is none of that id to try.

    A worker that has it keeps it; it runs again after that.
    """
    return _replay(session, OutboxJob.id == job_id, _undone(), *_of(platform_id)) > 0


def replay_failed(session: Session, wanted: Filter) -> int:
    """Try again now every delivery of a filter that met a failure; gives how many."""
    return _replay(session, *_conditions(wanted), OutboxJob.cause.is_not(None))


def _replay(session: Session, *conditions: ColumnElement[bool]) -> int:
    # Whoever asks has put something right: their platforms are called at once.
    asked = select(OutboxJob.platform_id).where(*conditions)
    awake = update(Platform).where(Platform.id.in_(asked)).values(quiet_until=None)
    session.execute(awake.execution_options(synchronize_session=False))
    again = {"status": "pending", "tries": 0, "due_at": utcnow(), "version": OutboxJob.version + 1}
    query = update(OutboxJob).where(*conditions).values(again).execution_options(synchronize_session=False)
    result: Any = session.execute(query)
    return int(result.rowcount)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = [_undone()]
    if wanted.platform_id is not None:
        conditions.append(OutboxJob.platform_id == wanted.platform_id)
    if wanted.cause is not None:
        conditions.append(OutboxJob.cause == wanted.cause)
    return conditions


def _of(platform_id: int | None) -> list[ColumnElement[bool]]:
    return [] if platform_id is None else [OutboxJob.platform_id == platform_id]


def _undone() -> ColumnElement[bool]:
    return OutboxJob.status.in_(("pending", "failed"))
