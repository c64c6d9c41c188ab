"""The present moment, the same for every process: the database's where machines share one (docs/adr/0040).

A machine's clock may be wrong by an hour, or be put right while an exam runs. So a process learns what time it is from
PostgreSQL, and from then on counts seconds that no setting of a clock changes; it asks again every half minute. On
SQLite there is one machine, and its clock is the one.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

log = structlog.get_logger()

#: How long what was learnt stands before the database is asked again, in seconds.
EVERY = 30.0
#: What is not worth changing one's mind for: the answer of the database is on its way for as long.
NEAR = timedelta(seconds=0.1)
#: Two clocks further apart are a fault to be told: docs/operation.md says what becomes of it.
APART = timedelta(seconds=5)

#: Time since the machine started, asleep or not; what a system has that counts no sleep is next to it.
_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class _Clock:
    """What this process knows: a moment of the database, and the counter then. None before it learnt any."""

    known: tuple[datetime, float] | None = None
    apart = False


def machine_now() -> datetime:
    """The present moment by this machine's own clock: to compare, and where there is no database."""
    return datetime.now(UTC)


def utcnow() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    known = _Clock.known
    return machine_now() if known is None else known[0] + timedelta(seconds=_count() - known[1])


def surely_now() -> datetime:
    """The earlier of our clock and this machine's: for what cannot be undone, and may as well be done later."""
    return min(utcnow(), machine_now())


def due() -> bool:
    """Whether the database should be asked."""
    return _Clock.known is None or _count() - _Clock.known[1] >= EVERY


def learn(connection: Any) -> None:
    """Ask the time through a connection of psycopg on which no transaction is open. Raises ``psycopg.Error``.

    A copy that only follows (a standby) is not asked: it is another machine.
    """
    before = _count()
    theirs, follows = connection.execute("select clock_timestamp(), pg_is_in_recovery()").fetchone()
    after = _count()
    connection.rollback()
    if not follows:
        believe(theirs.astimezone(UTC) + timedelta(seconds=(after - before) / 2), after)


def believe(moment: datetime, count: float | None = None) -> None:
    """Go by that moment, which was the present one at that count of seconds (by default now)."""
    count = _count() if count is None else count
    ours = utcnow() + timedelta(seconds=count - _count())
    # Nearer than that, it is ours that goes on: two moments read one after the other stay in their order.
    _Clock.known = (ours if abs(moment - ours) < NEAR else moment), count
    apart = abs(machine_now() - moment)
    if (apart > APART) != _Clock.apart:
        _Clock.apart = apart > APART
        log.warning("clock", apart=round(apart.total_seconds()))


def forget() -> None:
    """Know nothing any more, as a process that starts."""
    _Clock.known, _Clock.apart = None, False


def _count() -> float:
    return time.clock_gettime(_COUNTER)
