"""Jobs that are held are done, and what became of each is noted: done, tried again later, or left to somebody."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, update
from sqlalchemy.orm import Session

from lms.models import OutboxJob, utcnow
from lms.models.base import table_of
from lms.services import silence
from lms.services.claiming import Claim
from lms.services.outcomes import N_, GiveUp, Outcome, TryLater, unexpected

#: Delays between tries; after the last one the job is « failed » and waits for an administrator.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 86400, 86400))
#: Workers that may end while they do a job: a long one goes on through many restarts, and loses nothing by them.
DEATHS = 100

_JOB = table_of(OutboxJob)


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
    worker may die after doing and before noting. One that its workers die of is not done once more.
    """
    outcome: Outcome = None
    try:
        if _deadly(held):
            raise _died()
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

    When one of them is faulty, each is done by itself, so that it spoils no other. Those that their workers die of
    are not done once more.
    """
    try:
        fit = [job for job in held if not _deadly(job)]
        outcomes = {**(do(fit) if fit else {}), **{job.id: _died() for job in held if _deadly(job)}}
    except Exception as error:  # noqa: BLE001 - as above
        session.rollback()
        if len(held) > 1:
            return {key: value for job in held for key, value in perform_many(session, [job], do).items()}
        outcomes = {held[0].id: unexpected(error)}
    settle(session, [(job, outcomes[job.id]) for job in held])
    session.commit()
    return outcomes


def _deadly(held: Claim) -> bool:
    """Whether so many workers ended while they did it that none will survive it."""
    return held.tries > DEATHS


def _died() -> GiveUp:
    why = N_("Each worker that did this ended meanwhile, for want of memory perhaps. Look at its log, then try again.")
    return GiveUp(why, cause="died")
