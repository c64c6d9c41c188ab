"""Platforms that answer nobody are left alone: for as long as they ask, or as they have been silent."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, select, update

from lms.models import Platform
from lms.models.base import table_of

#: The shortest and longest time a platform whose services do not answer is left alone.
QUIET = (timedelta(seconds=5), timedelta(minutes=5))

_PLATFORM = table_of(Platform)


def note(connection: Connection, heard: Collection[int], silent: Mapping[int, timedelta | None], now: datetime) -> None:
    """Note the platforms that answered, and those that did not, with how long they ask to be left alone."""
    for platform_id, after in silent.items():
        mine = _PLATFORM.c.id == platform_id
        since = connection.execute(select(_PLATFORM.c.silent_since).where(mine)).scalar() or now
        until = now + (min(max(now - since, QUIET[0]), QUIET[1]) if after is None else max(after, QUIET[0]))
        connection.execute(update(_PLATFORM).where(mine).values(silent_since=since, quiet_until=until))
    answered = set(heard) - set(silent)
    back = and_(_PLATFORM.c.id.in_(answered), _PLATFORM.c.silent_since.is_not(None))
    if answered:
        connection.execute(update(_PLATFORM).where(back).values(silent_since=None, quiet_until=None))
