"""The jobs of the outbox that a worker takes: each is held by one, until its lease ends."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, case, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from lms.models import OutboxJob, Platform, utcnow
from lms.models.base import table_of

#: A worker that has not answered for so long is taken for dead; the module of a job may give it longer (its ``LEASE``).
LEASE = timedelta(minutes=2)
#: How far ahead of ours the clock of whoever holds a job may have been, that what it holds is still believed.
AHEAD = timedelta(minutes=2)

_JOB, _PLATFORM = table_of(OutboxJob), table_of(Platform)


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
    due_at: datetime
    platform_id: int | None
    #: The request that asked for it, whose id its log lines and its calls bear.
    request_id: str | None = None


def claim_many(
    session: Session,
    limit: int,
    *,
    kinds: Collection[str] | None = None,
    without: Collection[str] = (),
    now: datetime | None = None,
    leases: Mapping[str, timedelta] | None = None,
) -> list[Claim]:
    """Take up to ``limit`` due jobs for ``LEASE``, the oldest first; of some kinds only, or of all but some.

    Commit before doing them.

    Those of a platform that is left alone for now stay where they are. With ``leases``, which say how long a job of a
    kind is held at most, one that is held for longer than that is free: whoever took it went by a clock that was ahead.
    """
    now = now or utcnow()
    lengths = leases or {}
    values = {"now": now, "most": limit, **_ends("lease", now, lengths), **_ends("farthest", now + AHEAD, lengths)}
    query = _claim_statement(
        None if kinds is None else tuple(kinds), tuple(without), None if leases is None else tuple(leases)
    )
    session.flush()
    held = [Claim(*row) for row in session.connection().execute(query, values)]
    return sorted(held, key=lambda job: (job.due_at, job.id))


def _ends(what: str, now: datetime, lengths: Mapping[str, timedelta]) -> dict[str, datetime]:
    """When leases end that begin now, by the name that ``_claim_statement`` gives each."""
    special = {f"{what}_{number}": now + length for number, length in enumerate(lengths.values())}
    return {what: now + LEASE, **special}


@cache
def _claim_statement(
    kinds: tuple[str, ...] | None, without: tuple[str, ...], leases: tuple[str, ...] | None
) -> ReturningUpdate[Any]:
    # A worker claims before each job, and many times a minute when there is none: the statement is put together once.
    ends = _JOB.c.leased_until.type
    now = bindparam("now", type_=ends)

    def end(what: str) -> Any:
        usual = bindparam(what, type_=ends)
        special = [(_JOB.c.kind == name, bindparam(f"{what}_{n}", type_=ends)) for n, name in enumerate(leases or ())]
        return case(*special, else_=usual) if special else usual

    free = [_JOB.c.leased_until.is_(None), _JOB.c.leased_until < now]
    if leases is not None:
        free.append(_JOB.c.leased_until > end("farthest"))
    quiet = select(_PLATFORM.c.id).where(_PLATFORM.c.quiet_until > now)
    due = select(_JOB.c.id).where(
        _JOB.c.status == "pending",
        _JOB.c.due_at <= now,
        or_(*free),
        or_(_JOB.c.platform_id.is_(None), _JOB.c.platform_id.not_in(quiet)),
    )
    if kinds is not None:
        due = due.where(_JOB.c.kind.in_(kinds))
    if without:
        due = due.where(_JOB.c.kind.not_in(without))
    most = bindparam("most", type_=Integer)
    # Set apart so that the database takes them once; rows that another worker is taking are passed over.
    taken = due.order_by(_JOB.c.due_at, _JOB.c.id).limit(most).with_for_update(skip_locked=True).cte("taken")
    return (
        update(_JOB)
        .where(_JOB.c.id.in_(select(taken.c.id)))
        .values(leased_until=end("lease"), tries=_JOB.c.tries + 1)
        .returning(
            _JOB.c.id, _JOB.c.version, _JOB.c.leased_until, _JOB.c.kind, _JOB.c.key, _JOB.c.payload, _JOB.c.tries,
            _JOB.c.due_at, _JOB.c.platform_id, _JOB.c.request_id,
        )
    )  # fmt: skip
