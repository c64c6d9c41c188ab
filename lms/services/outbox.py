"""Promises of work, written in the transaction that made them necessary; workers claim and perform them."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from lms import request_ids
from lms.models import OutboxJob, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_into

_JOB = table_of(OutboxJob)


def promise(
    session: Session,
    kind: str,
    key: str,
    payload: dict[str, Any],
    after: timedelta = timedelta(0),
    *,
    platform_id: int | None = None,
    every: timedelta | None = None,
) -> None:
    """Ask that the job be done after this transaction commits, and not before ``after`` has passed.

    ``platform_id`` is the platform it speaks to, if any.

    Asked again before it ran, it runs once with the last payload; asked again while it runs, it runs again. What
    comes round says ``every``: it is not asked for while it waits or runs, nor sooner than that after it ended, so
    that many workers which ask have it done once.
    """
    promise_all(session, kind, {key: payload}, platform_id, after, every)


def promise_all(
    session: Session,
    kind: str,
    jobs: Mapping[str, dict[str, Any]],
    platform_id: int | None = None,
    after: timedelta = timedelta(0),
    every: timedelta | None = None,
) -> None:
    """Ask for many jobs of one kind, by key, as ``promise`` does for one."""
    if not jobs:
        return
    now = utcnow()
    asked = {"kind": kind, "platform_id": platform_id, "created_at": now, "due_at": now + after}
    asked |= {"request_id": request_ids.current(), **({} if every is None else {"ended_before": now - every})}
    values = [{**asked, "key": key, "payload": payload} for key, payload in jobs.items()]
    session.flush()
    connection = session.connection()
    statement = _promise_statement(connection.dialect.name, every is not None)
    connection.execute(statement, values if len(values) > 1 else values[0])


def waits(session: Session, kind: str, key: str) -> bool:
    """Whether such a job is promised and not done, be it that an administrator must act first."""
    open_states = ("pending", "failed")
    found = select(_JOB.c.id).where(_JOB.c.kind == kind, _JOB.c.key == key, _JOB.c.status.in_(open_states))
    return session.execute(found).first() is not None


@cache
def _promise_statement(dialect: str, comes_round: bool) -> Any:
    # Every result makes promises: the statement is put together once.
    insert = insert_into(dialect, _JOB)
    ended = func.coalesce(_JOB.c.finished_at, _JOB.c.due_at)
    rested = and_(_JOB.c.status != "pending", ended < bindparam("ended_before", type_=_JOB.c.due_at.type))
    asked_again = {
        "payload": insert.excluded.payload, "platform_id": insert.excluded.platform_id,
        "due_at": insert.excluded.due_at, "version": _JOB.c.version + 1, "status": "pending", "tries": 0,
        "last_error": None, "cause": None, "finished_at": None, "request_id": insert.excluded.request_id,
    }  # fmt: skip
    return insert.on_conflict_do_update(
        index_elements=["kind", "key"], set_=asked_again, where=rested if comes_round else None
    )
