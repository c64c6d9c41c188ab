"""Days of the past that no closing keeps: asked of a worker where there are many agents, then kept for a day.

What is kept is what the facts said when it was counted. It is forgotten, and counted again when asked for, as soon as
a fact of the past is seen to be withdrawn or to arrive late; the page says when it was counted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import Agent, CountedDay, OutboxJob, utcnow
from lms.services.indicators import INDICATORS_VERSION
from lms.services.outbox import promise

#: The job that counts a day.
KIND = "count_day"
#: Agents up to whom a page counts a day itself, in a second or two; beyond, a worker does.
MOST_AGENTS = 20_000
#: How long a day is kept once it was counted.
KEPT = timedelta(days=1)
#: Days that may wait for a worker at a time.
MOST_WAITING = 20
#: What is compared of what an agent did: what counts once, and at a date that does not move.
_ONCE = ("enrolled", "completed", "presented", "certified")

Rows = Sequence[Mapping[str, Any]]


class BeingCounted(Exception):
    """That day is to be counted by a worker first: it takes longer than a page may."""

    def __init__(self, day: date) -> None:
        super().__init__(day.isoformat())
        self.day = day


class TooManyDays(Exception):
    """So many days are waiting to be counted that another one would only wait longer."""


def counted(session: Session, day: date) -> CountedDay | None:
    """The figures of that day, where they were counted less than ``KEPT`` ago by the formulas of now."""
    fresh = CountedDay.counted_at > utcnow() - KEPT
    wanted = select(CountedDay).where(CountedDay.day == day, fresh, CountedDay.version == INDICATORS_VERSION)
    return session.scalars(wanted).first()


def many_agents(session: Session) -> bool:
    """Whether there are so many agents that no page counts a day itself; reads ``MOST_AGENTS`` rows of an index."""
    some = select(Agent.id).limit(MOST_AGENTS + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_AGENTS


def ask(session: Session, day: date) -> None:
    """Have a worker count it after this transaction, once however many ask. Raises ``TooManyDays``."""
    if counted(session, day) is not None:  # where the page reads it is not there yet
        return
    waiting = and_(OutboxJob.kind == KIND, OutboxJob.status == "pending")
    others = select(OutboxJob.id).where(waiting, OutboxJob.key != day.isoformat()).limit(MOST_WAITING)
    if len(session.scalars(others).all()) >= MOST_WAITING:
        raise TooManyDays
    promise(session, KIND, day.isoformat(), {"day": day.isoformat()}, every=timedelta(0))


def forget(session: Session) -> None:
    """A fact of the past changed: no day counted before, nor one being counted, is kept. In that transaction."""
    session.execute(delete(CountedDay))


def forget_if_past(session: Session, new: Rows, old: Rows, agents: Sequence[int]) -> None:
    """Forget the days kept if what these agents did before is no longer what it was; rows are of ``AgentFigure``.

    What is new in the year under way happened since, and changes no day that is over. A fact withdrawn lowers a count;
    one that arrives late adds to a year that is over. Of an agent who is gone, or was not counted, nothing is known.
    """
    if session.scalar(select(CountedDay.id).limit(1)) is None:
        return
    here, there = {row["agent_id"] for row in new}, {row["agent_id"] for row in old}
    left = set(agents) - here
    known = set(session.scalars(select(Agent.id).where(Agent.id.in_(left)))) if left else set[int]()
    if left - there or left - known or _changed(new, [row for row in old if row["agent_id"] in here]):
        forget(session)


def _changed(new: Rows, old: Rows) -> bool:
    year = utcnow().astimezone(ZONE).year
    before, after = _done(old), _done(new)
    for key in before.keys() | after.keys():
        *_whose, what, when = key
        change = after.get(key, 0) - before.get(key, 0)
        over = when is not None and when < year
        if what == "minutes" and over and change < 0:
            continue  # a module passed takes the minutes of its lessons to its own year: their total tells
        if change < 0 or (over and change > 0):
            return True
    return False


def _done(rows: Rows) -> dict[tuple[Any, ...], int]:
    """(agent, track, what, year) → how much; of minutes the total too, whose year is None."""
    found: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if not row["year"]:  # that they are there
            continue
        whose = (row["agent_id"], row["track_key"])
        for name in (*_ONCE, "minutes"):
            found[(*whose, name, row["year"])] = row[name]
        total = (*whose, "minutes", None)
        found[total] = found.get(total, 0) + row["minutes"]
    return found


def sweep(session: Session, now: datetime) -> None:
    """Take away the days whose time is over, and those whose worker died."""
    old = now - KEPT
    gone = or_(CountedDay.counted_at <= old, and_(CountedDay.counted_at.is_(None), CountedDay.begun_at <= old))
    session.execute(delete(CountedDay).where(gone))
