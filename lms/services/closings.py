"""What the figures were at the end of each month: computed once, dated, kept whatever becomes of the facts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import AgentState, Closing, ClosingFigure, ClosingUnit
from lms.models.base import Base, table_of
from lms.services.budget_table import budget_table
from lms.services.figure_facts import COUNTS, Sums, plain, units_then
from lms.services.figures import know_every_duration
from lms.services.indicators import INDICATORS_VERSION
from lms.services.outbox import promise

#: Rows written at a time.
BATCH = 5000
#: Months closed at most by themselves, when the service was not there at their end.
MOST = 36


class Read(NamedTuple):
    """What the facts say of a day: the figures, the organisation and the budget."""

    figures: Sums
    units: Sequence[Any]
    money: dict[str, Any]


def day_end(day: date) -> datetime:
    """The last moment of a day, as lived in France."""
    following = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE)
    return following.astimezone(UTC) - timedelta(microseconds=1)


def month_ends(first: date, now: datetime) -> list[date]:
    """The last days of the months that are over, from the month of ``first`` on."""
    today, ends, month = now.astimezone(ZONE).date(), list[date](), first.replace(day=1)
    while (following := (month + timedelta(days=32)).replace(day=1)) <= today:
        ends.append(following - timedelta(days=1))
        month = following
    return ends


def due(session: Session, now: datetime) -> list[date]:
    """The months that are over and not closed, the last ``MOST`` of them, the oldest first; two queries."""
    first = session.scalar(select(func.min(AgentState.since)))
    if first is None:  # nobody to count
        return []
    closed = set(session.scalars(select(Closing.day)))
    return [day for day in month_ends(first.astimezone(ZONE).date(), now)[-MOST:] if day not in closed]


def promise_due(session: Session, now: datetime) -> None:
    """Promise that they be closed, once however many workers ask."""
    if due(session, now):
        promise(session, "close_figures", "all", {}, every=timedelta(minutes=10))


def close(session: Session, day: date) -> Closing:
    """Keep the figures, the organisation and the budget as they were at the end of that day; once for all."""
    kept = closing_of(session, day)
    if kept is not None:
        return kept
    know_every_duration(session)
    found = read(session, day)
    row = Closing(day=day, version=INDICATORS_VERSION, money=found.money)
    session.add(row)
    session.flush()
    write(session, (ClosingUnit, ClosingFigure), {"closing_id": row.id}, found)
    return row


def closing_of(session: Session, day: date) -> Closing | None:
    """The closing of that day; None when it is no month's end, or none was kept."""
    return session.scalars(select(Closing).where(Closing.day == day)).first()


def read(session: Session, day: date) -> Read:
    """What the facts say of the end of a day; reads every one of them."""
    at = day_end(day)
    units = session.execute(units_then(at)).mappings().all()
    return Read(plain(session, at), units, budget_table(session, at).as_kept())


def write(session: Session, tables: tuple[type[Base], type[Base]], whose: dict[str, int], found: Read) -> None:
    """Keep the organisation and the figures of a day in those tables, in rows that are ``whose``."""
    units, figures = tables
    _add(session, units, ({**whose, **unit} for unit in found.units))
    _add(session, figures, (
        {**whose, **cell._asdict(), **dict(zip(COUNTS, sums, strict=True))}
        for cell, sums in sorted(found.figures.items())
    ))  # fmt: skip


def _add(session: Session, model: type[Base], rows: Iterable[dict[str, object]]) -> None:
    """Add those rows, so many at a time."""
    batch: list[dict[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            session.execute(table_of(model).insert(), batch)
            batch = []
    if batch:
        session.execute(table_of(model).insert(), batch)
