"""Pauses of a timed attempt: they stop its clock, fifteen minutes each at the longest."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assessments.clock import LONGEST_PAUSE, is_up, pause_end, time_left, unused
from lms.models import Attempt, Pause


class PauseRefused(Exception):
    """No pause can be made. ``reason``: ``none_left`` · ``untimed`` there is no clock to stop · ``closed``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def under_way(session: Session, attempt: Attempt) -> Pause | None:
    """The pause that an attempt is in, even when it has lasted too long to stop the clock; one query at most."""
    if not attempt.pauses or attempt.submitted_at is not None:
        return None
    return session.scalars(select(Pause).filter_by(attempt_id=attempt.id, ended_at=None)).first()


def pauses_left(session: Session, attempt: Attempt) -> int:
    """How many pauses may still be made; one query at most."""
    if not attempt.pauses:
        return 0
    taken = session.scalar(select(func.count()).select_from(Pause).filter_by(attempt_id=attempt.id)) or 0
    return max(0, attempt.pauses - taken)


def left(attempt: Attempt, now: datetime, pause: Pause | None = None) -> timedelta | None:
    """What is left to answer in; None without limit."""
    return time_left(attempt.due_at, now, pause.began_at if pause else None) if attempt.due_at else None


def begin(session: Session, attempt: Attempt, now: datetime) -> Pause:
    """Stop the clock; in a pause already, it goes on. Raises ``PauseRefused``."""
    _take(session, attempt)
    if attempt.submitted_at is not None or is_up(attempt.due_at, now):
        raise PauseRefused("closed")
    if attempt.due_at is None:
        raise PauseRefused("untimed")
    row = under_way(session, attempt)
    if row is not None:
        return row
    if not pauses_left(session, attempt):
        raise PauseRefused("none_left")
    row = Pause(attempt_id=attempt.id, began_at=now)
    session.add(row)
    attempt.due_at += LONGEST_PAUSE
    session.flush()
    return row


def end(session: Session, attempt: Attempt, now: datetime) -> None:
    """Let the clock run again; out of a pause, nothing changes."""
    _take(session, attempt)
    row = under_way(session, attempt)
    if row is None or attempt.due_at is None:
        return
    row.ended_at = pause_end(row.began_at, now)
    attempt.due_at -= unused(row.began_at, row.ended_at)
    session.flush()


def _take(session: Session, attempt: Attempt) -> None:
    """Lock the attempt: of two tabs that pause at once, the second sees the pause of the first."""
    session.refresh(attempt, with_for_update=True)
