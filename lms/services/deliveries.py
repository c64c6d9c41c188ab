"""What waits to be delivered, for an administrator: counted, read by pages, tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, literal_column, select, tuple_, union_all, update
from sqlalchemy.orm import Session

from lms.models import OutboxJob, Platform, utcnow
from lms.models.base import UtcDateTime
from lms.services.bounded import so_many, values_of

#: Deliveries shown on a page.
PAGE = 50
#: Written out, as the indexes of what is not done have it: SQLite does not look for a given value there.
_DONE: ColumnElement[str] = literal_column("'done'")


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
    """Number of deliveries by state, where there are some; of one platform if given, as in all that follows.

    It is ``COUNTED + 1`` where there are more than ``lms.i18n.COUNTED``.
    """
    states = ("pending", "failed", "done")
    numbers = [so_many(select(OutboxJob.id).where(OutboxJob.status == each, *_of(platform_id))) for each in states]
    row = session.execute(select(*(number.label(each) for each, number in zip(states, numbers, strict=True)))).one()
    return {state: number for state, number in row._asdict().items() if number}


def oldest(session: Session, platform_id: int | None = None) -> datetime | None:
    """Since when the oldest delivery waits; None when none does."""
    query = select(OutboxJob.created_at).where(*_undone("pending"), *_of(platform_id))
    return session.scalars(query.order_by(OutboxJob.created_at, OutboxJob.id).limit(1)).first()


def causes(session: Session, platform_id: int | None = None) -> list[tuple[str, str, int]]:
    """Why deliveries that met a failure are not done: (cause, its words, how many), the most frequent first.

    Counted as ``counts`` does; the words are those of the oldest one. One query for each cause, and one.
    """
    job, found = OutboxJob, list[tuple[str, str, int]]()
    for cause in session.scalars(values_of(job.cause, job.cause.is_not(None))).all():
        theirs = [job.cause == cause, job.cause.is_not(None), job.status != _DONE, *_of(platform_id)]
        why = select(job.last_error).where(*theirs).order_by(job.created_at, job.id).limit(1).scalar_subquery()
        words, count = session.execute(select(why, so_many(select(job.id).where(*theirs)))).one()
        if count:
            found.append((cause, str(words or "").partition("\n")[0], count))
    return sorted(found, key=lambda each: (-each[2], each[0]))


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
    job = OutboxJob
    place = tuple_(job.created_at, job.id)
    conditions = [] if after is None else [place > tuple_(literal(after[0], UtcDateTime), literal(after[1]))]
    # Each state comes in the order of an index, and no page puts in order all that waits.
    lists = [
        select(job.id, job.created_at)
        .where(*_conditions(wanted, state), *conditions)
        .order_by(job.created_at, job.id)
        .limit(PAGE + 1)
        .subquery()
        for state in ("pending", "failed")
    ]
    both = union_all(*(select(each) for each in lists)).subquery()
    query = (
        select(
            job.id, job.kind, Platform.name, job.status, job.cause, job.last_error, job.tries, job.created_at,
            job.due_at,
        )
        .join(both, both.c.id == job.id)
        .outerjoin(Platform, Platform.id == job.platform_id)
        .order_by(job.created_at, job.id)
        .limit(PAGE + 1)
    )  # fmt: skip
    return [Waiting(*row) for row in session.execute(query)]


def replay(session: Session, job_id: int, platform_id: int | None = None) -> bool:
    """Try a failed or waiting delivery again now; False when there is none of that id to try.

    A worker that has it keeps it; it runs again after that.
    """
    return _replay(session, OutboxJob.id == job_id, *_undone(), *_of(platform_id)) > 0


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


def _conditions(wanted: Filter, state: str | None = None) -> list[ColumnElement[bool]]:
    conditions = [*_undone(state), *_of(wanted.platform_id)]
    if wanted.cause is not None:
        # What is done has no cause; said as the index of causes has it.
        conditions += [OutboxJob.cause == wanted.cause, OutboxJob.cause.is_not(None)]
    return conditions


def _of(platform_id: int | None) -> list[ColumnElement[bool]]:
    return [] if platform_id is None else [OutboxJob.platform_id == platform_id]


def _undone(state: str | None = None) -> list[ColumnElement[bool]]:
    """Pending or failed, or in that one of the two states."""
    states = [OutboxJob.status.in_(("pending", "failed")) if state is None else OutboxJob.status == state]
    return [*states, OutboxJob.status != _DONE]
