"""Promises of work, written in the transaction that made them necessary, and their execution by workers."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from traceback import extract_tb
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from lms import request_ids
from lms.database_errors import FULL, trouble
from lms.models import OutboxJob, Platform, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_into
from lms.services import silence

#: A worker that has not answered for so long is taken for dead; the module of a job may give it longer (its ``LEASE``).
LEASE = timedelta(minutes=2)
#: How far ahead of ours the clock of whoever holds a job may have been, that what it holds is still believed.
AHEAD = timedelta(minutes=2)
#: Delays between tries; after the last one the job is « failed » and waits for an administrator.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 86400, 86400))

#: Marks a message for extraction; whoever shows it translates it.
N_ = str

_JOB, _PLATFORM = table_of(OutboxJob), table_of(Platform)


class TryLater(Exception):
    """The job cannot be done now. ``why`` is for the administrator; ``after`` overrides the backoff.

    ``why`` is a message to translate; a second line, if any, is a detail shown as it is. ``cause`` is the same as a
    short key. With ``counted`` False the wait is someone's decision, not a failure: it spends no try, and lasts as
    long as it must. ``everyone`` says that whatever is meant for the same platform must wait too.
    """

    def __init__(
        self, why: str, after: timedelta | None = None, *, cause: str = "", counted: bool = True, everyone: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.after, self.cause, self.counted, self.everyone = why, after, cause, counted, everyone

    def uncounted(self) -> "TryLater":
        """The same for a job that waits because of another one: it spends no try."""
        return TryLater(self.why, self.after, cause=self.cause, counted=False, everyone=self.everyone)


class GiveUp(Exception):
    """Trying again cannot help: an administrator must act first. Its text and ``cause`` are as above."""

    def __init__(self, why: str, *, cause: str = "") -> None:
        super().__init__(why)
        self.why, self.cause = why, cause


#: What became of a job: None when it is done.
Outcome = TryLater | GiveUp | None


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


def settle(session: Session, outcomes: Iterable[tuple[Claim, Outcome]], now: datetime | None = None) -> None:
    """Note what became of jobs claimed together; a handful of statements, whatever their number.

    A platform that is down for everyone is left alone: for as long as it asks, or as it has been silent.
    """
    now = now or utcnow()
    outcomes = list(outcomes)
    done: dict[tuple[datetime, int], list[int]] = defaultdict(list)
    failed: list[dict[str, Any]] = []
    leases: dict[datetime, list[int]] = defaultdict(list)
    for held, outcome in outcomes:
        leases[held.lease].append(held.id)
        if outcome is None:
            done[held.lease, held.version].append(held.id)
        else:
            failed.append(_failure(held, outcome, now))
    connection = session.connection()
    finished = {"status": "done", "finished_at": now, "last_error": None, "cause": None, "leased_until": None}
    for (lease, version), ids in done.items():
        mine = and_(_JOB.c.id.in_(ids), _JOB.c.leased_until == lease, _JOB.c.version == version)
        connection.execute(update(_JOB).where(mine).values(finished))
    if failed:
        connection.execute(_FAILURE, failed)
    for lease, ids in leases.items():
        # Asked again meanwhile: free for another run at once.
        asked_again = and_(_JOB.c.id.in_(ids), _JOB.c.leased_until == lease)
        connection.execute(update(_JOB).where(asked_again).values(leased_until=None))
    heard, quiet = set[int](), dict[int, timedelta | None]()
    for held, outcome in outcomes:
        if held.platform_id is not None and isinstance(outcome, TryLater) and outcome.everyone:
            quiet[held.platform_id] = outcome.after
        elif held.platform_id is not None:
            heard.add(held.platform_id)
    silence.note(connection, heard, quiet, now)


_FAILURE = (
    update(_JOB)
    .where(_JOB.c.id == bindparam("held"), _JOB.c.leased_until == bindparam("lease"))
    .where(_JOB.c.version == bindparam("seen"))
    .values(
        leased_until=None, status=bindparam("new_status"), tries=bindparam("spent"), due_at=bindparam("due"),
        last_error=bindparam("why"), cause=bindparam("because"),
    )
)  # fmt: skip


def _failure(held: Claim, outcome: TryLater | GiveUp, now: datetime) -> dict[str, Any]:
    after = outcome.after if isinstance(outcome, TryLater) else None
    counted = isinstance(outcome, GiveUp) or outcome.counted
    failed = became(held, outcome) == "failed"
    # However soon the answer was « try again », nobody may be hammered.
    delay = BACKOFF[min(held.tries, len(BACKOFF)) - 1] if after is None else max(after, BACKOFF[0])
    return {
        "held": held.id, "lease": held.lease, "seen": held.version, "new_status": "failed" if failed else "pending",
        "spent": held.tries if counted else held.tries - 1, "due": now + delay, "why": outcome.why[:500],
        "because": outcome.cause or "other",
    }  # fmt: skip


def became(held: Claim, outcome: Outcome) -> str:
    """The outcome of a job in a word: ``done``, ``again`` (it met a failure), ``waits`` (by decision), ``failed``."""
    if outcome is None:
        return "done"
    if isinstance(outcome, TryLater) and not outcome.counted:
        return "waits"
    return "failed" if isinstance(outcome, GiveUp) or held.tries > len(BACKOFF) else "again"


def perform(session: Session, held: Claim, do: Callable[[Claim], None]) -> Outcome:
    """Do a job that is held, note what became of it and commit.

    ``do`` runs outside the claiming transaction and commits its own changes; it must be idempotent, since a
    worker may die after doing and before noting.
    """
    outcome: Outcome = None
    try:
        do(held)
    except (TryLater, GiveUp) as failure:
        session.rollback()
        outcome = failure
    except Exception as error:  # noqa: BLE001 - a faulty job must not stop the worker; the cause is kept
        session.rollback()
        outcome = unexpected(error)
    settle(session, [(held, outcome)])
    session.commit()
    return outcome


def perform_many(
    session: Session, held: Sequence[Claim], do: Callable[[Sequence[Claim]], Mapping[int, Outcome]]
) -> Mapping[int, Outcome]:
    """Do jobs of one kind together: what ``do`` changed last and the outcomes it gives, by job, are one transaction.

    When one of them is faulty, each is done by itself, so that it spoils no other.
    """
    try:
        outcomes = do(held)
    except Exception as error:  # noqa: BLE001 - as above
        session.rollback()
        if len(held) > 1:
            return {key: value for job in held for key, value in perform_many(session, [job], do).items()}
        outcomes = {held[0].id: unexpected(error)}
    settle(session, [(job, outcomes[job.id]) for job in held])
    session.commit()
    return outcomes


def unexpected(error: Exception) -> TryLater:
    """The failure of a faulty job. The error's message is left out: it may quote a name or an answer."""
    met = trouble(error)
    if met == FULL:
        return TryLater(N_("No room is left on a disk. The delivery is tried again by itself."), cause="disk_full")
    if met is not None:
        return TryLater(
            N_("The database could not do its part. The delivery is tried again by itself."), cause="database"
        )
    where = extract_tb(error.__traceback__)[-1]
    why = N_("The delivery failed for a reason that was not expected.")
    return TryLater(f"{why}\n{type(error).__name__}, {where.filename}:{where.lineno}", cause="unexpected")
