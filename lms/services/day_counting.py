"""A day of the past asked of a worker, and what the facts say of it kept for the pages that ask for it."""

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lms.models import CountedDay, CountedFigure, CountedUnit, utcnow
from lms.services import counted_days
from lms.services.closings import Read, closing_of, due, promise_due, write
from lms.services.figures import know_every_duration
from lms.services.indicators import INDICATORS_VERSION


def ask(session: Session, day: date, now: datetime) -> None:
    """Have a worker count that day, or close it if it is a month's end to be kept. Raises ``TooManyDays``."""
    if day in due(session, now):
        promise_due(session, now)
    else:
        counted_days.ask(session, day)


def begin(session: Session, day: date) -> int | None:
    """Say that it is being counted; None when it is kept already. Committed, ``closings.read`` and ``keep`` follow."""
    if closing_of(session, day) is not None or counted_days.counted(session, day) is not None:
        return None
    know_every_duration(session)
    session.execute(delete(CountedDay).where(CountedDay.day == day))
    row = CountedDay(day=day, version=INDICATORS_VERSION)
    session.add(row)
    session.flush()
    return row.id


def keep(session: Session, number: int, found: Read) -> bool:
    """Keep it; False when it was forgotten since ``begin``: the facts may have changed, and it is to be read again."""
    mine = select(CountedDay).where(CountedDay.id == number).with_for_update()
    row = session.scalars(mine.execution_options(populate_existing=True)).first()
    if row is None:
        return False
    write(session, (CountedUnit, CountedFigure), {"counted_id": number}, found)
    row.money, row.counted_at = found.money, utcnow()
    session.flush()
    return True
