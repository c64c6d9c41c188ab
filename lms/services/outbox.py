"""Promises of work, written in the transaction that made them necessary, and their execution by workers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from traceback import extract_tb
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from lms.models import OutboxJob, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_into

#: A worker that has not answered for so long is taken for dead; the module of a job may give it longer (its ``LEASE``).
LEASE = timedelta(minutes=2)
#: Delays between tries; after the last one the job is « failed » and waits for an administrator.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 86400, 86400))


#: Marks a message for extraction; whoever shows it translates it.
N_ = str


class TryLater(Exception):
    """The job cannot be done now. ``why`` is for the administrator; ``after`` overrides the backoff.

    ``why`` is a message to translate; a second line, if any, is a detail shown as it is. With ``counted`` False
    the wait is someone's decision, not a failure: it spends no try, and lasts as long as it must.
    """

    def __init__(self, why: str, after: timedelta | None = None, *, counted: bool = True) -> None:
        super().__init__(why)
        self.why, self.after, self.counted = why, after, counted


class GiveUp(Exception):
    """Trying again cannot help: an administrator must act first. Its text is as ``why`` above."""


@dataclass(frozen=True)
class Claim:
    """A job a worker holds until ``lease``: the version it saw, and what to do."""

    id: int
    version: int
    lease: datetime
    kind: str
    key: str
    payload: dict[str, Any]
    tries: int


def promise(session: Session, kind: str, key: str, payload: dict[str, Any], after: timedelta = timedelta(0)) -> None:
    """Ask that the job be done after this transaction commits, and not before ``after`` has passed.

    Asked again before it ran, it runs once with the last payload; asked again while it runs, it runs again.
    """
    now = utcnow()
    values = {"kind": kind, "key": key, "payload": payload, "created_at": now, "due_at": now + after}
    session.flush()
    connection = session.connection()
    connection.execute(_promise_statement(connection.dialect.name), values)


@cache
def _promise_statement(dialect: str) -> Any:
    # Every result makes promises: the statement is put together once.
    table = table_of(OutboxJob)
    insert = insert_into(dialect, table)
    asked_again = {
        "payload": insert.excluded.payload, "due_at": insert.excluded.due_at, "version": table.c.version + 1,
        "status": "pending", "tries": 0, "last_error": None, "finished_at": None,
    }  # fmt: skip
    return insert.on_conflict_do_update(index_elements=["kind", "key"], set_=asked_again)


def claim(session: Session, now: datetime | None = None, leases: Mapping[str, timedelta] | None = None) -> Claim | None:
    """Take the next due job for ``LEASE``, or for what ``leases`` gives its kind; None when there is none.

    Commit before doing it.
    """
    now = now or utcnow()
    due = and_(
        OutboxJob.status == "pending",
        OutboxJob.due_at <= now,
        or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < now),
    )
    query = select(OutboxJob).where(due).order_by(OutboxJob.due_at).limit(1).with_for_update(skip_locked=True)
    # As the database has it: what this session loaded before may have been asked again with another payload.
    job = session.scalars(query.execution_options(populate_existing=True)).first()
    if job is None:
        return None
    job.leased_until = lease = now + (leases or {}).get(job.kind, LEASE)
    job.tries += 1
    session.flush()
    return Claim(job.id, job.version, lease, job.kind, job.key, dict(job.payload), job.tries)


def finish(session: Session, held: Claim, now: datetime | None = None) -> None:
    """Mark a job done, unless it was asked again meanwhile: then it stays pending and runs again.

    Nothing happens when the lease ran out and another worker has the job: its outcome counts.
    """
    now = now or utcnow()
    values = {"status": "done", "finished_at": now, "last_error": None, "leased_until": None}
    _settle(session, held, values)


def postpone(
    session: Session,
    held: Claim,
    why: str,
    after: timedelta | None = None,
    now: datetime | None = None,
    *,
    give_up: bool = False,
    counted: bool = True,
) -> None:
    """Note a failure: try again later, or give up when that was asked or the tries are spent.

    ``after`` overrides the backoff, down to its first delay: whoever answers « at once » may not be hammered.
    """
    now = now or utcnow()
    delay = BACKOFF[min(held.tries, len(BACKOFF)) - 1] if after is None else max(after, BACKOFF[0])
    values: dict[str, Any] = {"leased_until": None, "last_error": why[:500], "due_at": now + delay}
    if not counted:
        values["tries"] = held.tries - 1
    elif give_up or held.tries > len(BACKOFF):
        values["status"] = "failed"
    _settle(session, held, values)


def _settle(session: Session, held: Claim, values: dict[str, Any]) -> None:
    mine = and_(OutboxJob.id == held.id, OutboxJob.leased_until == held.lease)
    session.execute(update(OutboxJob).where(mine, OutboxJob.version == held.version).values(values))
    # Asked again meanwhile: free for another run at once.
    session.execute(update(OutboxJob).where(mine).values(leased_until=None))


def work_one(
    session: Session, do: Callable[[Claim], None], leases: Mapping[str, timedelta] | None = None
) -> Claim | None:
    """Claim one job, do it, note the outcome; commits each step. Gives the job, or None when none was due.

    ``do`` runs outside the claiming transaction and commits its own changes; it must be idempotent, since a
    worker may die after doing and before noting.
    """
    held = claim(session, leases=leases)
    session.commit()
    if held is None:
        return None
    try:
        do(held)
    except TryLater as later:
        session.rollback()
        postpone(session, held, later.why, later.after, counted=later.counted)
    except GiveUp as reason:
        session.rollback()
        postpone(session, held, str(reason), give_up=True)
    except Exception as error:  # noqa: BLE001 - a faulty job must not stop the worker; the cause is kept
        session.rollback()
        # Its message is left out: it may quote a name or an answer.
        where = extract_tb(error.__traceback__)[-1]
        why = N_("The delivery failed for a reason that was not expected.")
        postpone(session, held, f"{why}\n{type(error).__name__}, {where.filename}:{where.lineno}")
    else:
        finish(session, held)
    session.commit()
    return held


def waiting(session: Session, *statuses: str, limit: int = 200) -> Sequence[OutboxJob]:
    """Jobs in these states, oldest first, for an administrator."""
    query = select(OutboxJob).where(OutboxJob.status.in_(statuses)).order_by(OutboxJob.due_at).limit(limit)
    return session.scalars(query).all()


def counts(session: Session) -> dict[str, int]:
    """Number of jobs by state."""
    rows = session.execute(select(OutboxJob.status, func.count()).group_by(OutboxJob.status))
    return {str(status): int(number) for status, number in rows}


def replay(session: Session, job_id: int) -> bool:
    """Try a failed or waiting job again now; False when there is none of that id to try.

    A worker that has the job keeps it; it runs again after that.
    """
    job = session.get(OutboxJob, job_id, with_for_update=True)
    if job is None or job.status == "done":
        return False
    job.status, job.tries, job.due_at = "pending", 0, utcnow()
    job.version += 1
    return True
