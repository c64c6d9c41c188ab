"""Counting a day of the past from the facts, and keeping it for the pages that ask for it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.models import CountedDay, CountedFigure, CountedUnit, utcnow
from lms.services import counted_days
from lms.services.budget_table import budget_table
from lms.services.closings import closing_of, day_end, due, promise_due, write
from lms.services.figure_facts import COUNTS, Sums, plain, units_then
from lms.services.figures import know_every_duration
from lms.services.indicators import INDICATORS_VERSION


class Read(NamedTuple):
    """What the facts say of a day: the figures, the organisation and the budget."""

    figures: Sums
    units: Sequence[Any]
    money: dict[str, Any]


def ask(session: Session, day: date, now: datetime) -> None:
    """Have a worker count that day, or close it if it is a month's end to be kept. Raises ``TooManyDays``."""
    if day in due(session, now):
        promise_due(session, now)
    else:
        counted_days.ask(session, day)


def begin(session: Session, day: date) -> int | None:
    """Say that it is being counted; None when it is kept already. To be committed, then ``read``, then ``keep``."""
    if closing_of(session, day) is not None or counted_days.counted(session, day) is not None:
        return None
    know_every_duration(session)
    session.execute(delete(CountedDay).where(CountedDay.day == day))
    row = CountedDay(day=day, version=INDICATORS_VERSION)
    session.add(row)
    session.flush()
    return row.id


def read(session: Session, day: date) -> Read:
    """Count it; reads every fact."""
    at = day_end(day)
    return Read(
        plain(session, at), session.execute(units_then(at)).mappings().all(), budget_table(session, at).as_kept()
    )


def keep(session: Session, number: int, found: Read) -> bool:
    """Keep it; False when it was forgotten since ``begin``: the facts may have changed, and it is to be read again."""
    mine = select(CountedDay).where(CountedDay.id == number).with_for_update()
    row = session.scalars(mine.execution_options(populate_existing=True)).first()
    if row is None:
        return False
    write(session, CountedUnit, ({"counted_id": number, **unit} for unit in found.units))
    write(session, CountedFigure, (
        {"counted_id": number, **cell._asdict(), **dict(zip(COUNTS, sums, strict=True))}
        for cell, sums in sorted(found.figures.items())
    ))  # fmt: skip
    row.money, row.counted_at = found.money, utcnow()
    session.flush()
    return True
