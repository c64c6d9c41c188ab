"""The clock of a timed attempt: how long it lasts, what is left, what a pause gives back. Given the present moment.

While a pause is under way the moment the time is up already stands where the longest pause would put it: what is in
the record never has to be corrected for time to run again. Ending a pause sooner takes back what was not used of it.
"""

from datetime import datetime, timedelta
from math import ceil

#: An answer sent when the time was up is on its way for so long at most: it is kept as if in time.
ON_ITS_WAY = timedelta(seconds=15)
#: How long a pause stops the clock at most; then it runs again by itself.
LONGEST_PAUSE = timedelta(minutes=15)


def minutes_allowed(minutes: int, extra_time: int) -> int | None:
    """Whole minutes allowed with so many hundredths of extra time, rounded up; None where there is no limit."""
    return ceil(minutes * (100 + extra_time) / 100) if minutes else None


def time_left(due_at: datetime, now: datetime, paused_since: datetime | None = None) -> timedelta:
    """What is left to answer in; a pause under way stops it for ``LONGEST_PAUSE``."""
    reference = max(now, paused_since + LONGEST_PAUSE) if paused_since else now
    return max(due_at - reference, timedelta(0))


def is_up(due_at: datetime | None, now: datetime) -> bool:
    """Whether the time is up."""
    return due_at is not None and now >= due_at


def is_over(due_at: datetime | None, now: datetime) -> bool:
    """Whether the time is up, and nothing that was sent in time can still be on its way."""
    return due_at is not None and now > due_at + ON_ITS_WAY


def pause_end(began_at: datetime, now: datetime) -> datetime:
    """When a pause that is ended now ended: after ``LONGEST_PAUSE`` at the latest."""
    return min(now, began_at + LONGEST_PAUSE)


def unused(began_at: datetime, ended_at: datetime) -> timedelta:
    """What a pause did not use of ``LONGEST_PAUSE``."""
    return LONGEST_PAUSE - (ended_at - began_at)
