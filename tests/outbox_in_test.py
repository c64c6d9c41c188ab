"""The outbox one job at a time, as tests look at it; workers claim, do and settle by batches."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lms.services.claiming import Claim, claim_many
from lms.services.outcomes import GiveUp, TryLater
from lms.services.performing import perform, settle


def claim(session: Session, now: datetime | None = None, leases: Mapping[str, timedelta] | None = None) -> Claim | None:
    """Take the next due job for ``LEASE``, or for what ``leases`` gives its kind; None when there is none.

    Commit before doing it.
    """
    return next(iter(claim_many(session, 1, now=now, leases=leases)), None)


def finish(session: Session, held: Claim, now: datetime | None = None) -> None:
    """Mark a job done, unless it was asked again meanwhile: then it stays pending and runs again.

    Nothing happens when the lease ran out and another worker has the job: its outcome counts.
    """
    settle(session, [(held, None)], now)


def postpone(session: Session, held: Claim, outcome: TryLater | GiveUp, now: datetime | None = None) -> None:
    """Note a failure: try again later, or give up when that was asked or the tries are spent."""
    settle(session, [(held, outcome)], now)


def work_one(
    session: Session, do: Callable[[Claim], None], leases: Mapping[str, timedelta] | None = None
) -> Claim | None:
    """Claim one job, do it, note the outcome; commits each step. Gives the job, or None when none was due."""
    held = claim(session, leases=leases)
    session.commit()
    if held is not None:
        perform(session, held, do)
    return held
