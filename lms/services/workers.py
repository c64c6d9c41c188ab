"""What workers say of themselves in the database: that they live, and what became of their jobs.

A worker answers no address: whoever operates the service learns it from any web process (``lms.metrics``).
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lms.models import JobTally, WorkerSign
from lms.models.base import table_of
from lms.models.upsert import insert_into, put

#: A worker that has given no sign for so long is not counted: it gives one every twenty seconds or so.
ALIVE = timedelta(minutes=2)
#: How long the sign of one that ended is kept, to say since when there is none.
KEPT = timedelta(days=7)
#: Bounds of the durations that are counted apart, in seconds; what takes longer than the last one comes after it.
BUCKETS = (0.1, 0.5, 2.0, 10.0, 60.0, 600.0)

_TALLY = table_of(JobTally)

#: How many jobs, and how many seconds they took together, by kind, outcome and place in ``BUCKETS``.
Counts = Mapping[tuple[str, str, int], tuple[int, float]]


@dataclass(frozen=True)
class Life:
    """How many workers live, and when one last gave a sign; None when none ever did, or long ago."""

    alive: int
    seen_at: datetime | None


def sign(session: Session, name: str, started_at: datetime, now: datetime) -> None:
    """Note that the worker of that name is at work."""
    put(session, WorkerSign, {"name": name}, {"started_at": started_at, "seen_at": now})


def leave(session: Session, name: str, now: datetime) -> None:
    """Note that the worker of that name ends because it was asked to: it is counted no more at once."""
    session.execute(update(WorkerSign).where(WorkerSign.name == name).values(ended_at=now))


def life(session: Session, now: datetime) -> Life:
    """Whether anybody does what was promised; one query."""
    at_work = (WorkerSign.seen_at > now - ALIVE) & WorkerSign.ended_at.is_(None)
    alive, seen = session.execute(select(func.count().filter(at_work), func.max(WorkerSign.seen_at))).one()
    return Life(alive, seen)


def sweep(session: Session, now: datetime) -> None:
    """Forget the workers of long ago."""
    session.execute(delete(WorkerSign).where(WorkerSign.seen_at < now - KEPT))


class Tally:
    """What became of a worker's jobs, kept in memory between two of its signs; safe from any thread.

    A row a job would be written by every worker, each waiting for the others. Killed, a worker loses what it had not
    written down: the figures of its last seconds, never a job.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[tuple[str, str, int], tuple[int, float]] = defaultdict(lambda: (0, 0.0))

    def add(self, kind: str, outcome: str, seconds: float) -> None:
        """Count one job, and how long it took."""
        self._put({(kind[:50], outcome, bisect_left(BUCKETS, seconds)): (1, seconds)})

    def write(self, session: Session) -> None:
        """Add what was counted to the figures of all workers, and commit; kept for another time when that fails."""
        with self._lock:
            taken, self._counts = dict(self._counts), defaultdict(lambda: (0, 0.0))
        try:
            if taken:
                _add(session, taken)
            session.commit()
        except BaseException:
            self._put(taken)
            raise

    def _put(self, counts: Counts) -> None:
        with self._lock:
            for key, (jobs, seconds) in counts.items():
                known = self._counts[key]
                self._counts[key] = (known[0] + jobs, known[1] + seconds)


def tallied(session: Session) -> Counts:
    """What became of the jobs of every worker since the first one."""
    rows = session.execute(select(_TALLY.c.kind, _TALLY.c.outcome, _TALLY.c.bucket, _TALLY.c.jobs, _TALLY.c.seconds))
    return {(kind, outcome, bucket): (jobs, seconds) for kind, outcome, bucket, jobs, seconds in rows}


def _add(session: Session, counts: Counts) -> None:
    # In one order, so that two workers never wait for each other.
    values = [
        {"kind": kind, "outcome": outcome, "bucket": bucket, "jobs": jobs, "seconds": seconds}
        for (kind, outcome, bucket), (jobs, seconds) in sorted(counts.items())
    ]
    connection = session.connection()
    connection.execute(_add_statement(connection.dialect.name), values)


@cache
def _add_statement(dialect: str) -> Any:
    insert = insert_into(dialect, _TALLY)
    more = {name: _TALLY.c[name] + insert.excluded[name] for name in ("jobs", "seconds")}
    return insert.on_conflict_do_update(index_elements=["kind", "outcome", "bucket"], set_=more)
