"""Certificates that end: told six months before, one month before and at their end, once each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from certificates.award import RENEWAL
from lms.models import Certificate, Person, Reminder
from lms.models.upsert import insert_new
from lms.services.outbox import promise

#: Each step and how long before the end it comes, the last one first.
STEPS = (("expired", timedelta(0)), ("one_month", timedelta(days=30)), ("six_months", RENEWAL))
#: How long after the end nobody is reminded any more: a service that starts must not write to everybody.
LATEST = timedelta(days=30)
#: How many are reminded in one round of the worker.
ROUND = 500


def renewal_opens(row: Certificate) -> datetime | None:
    """From when a certificate can be renewed; None for one without end."""
    return row.valid_until - RENEWAL if row.valid_until else None


def renewal_open(row: Certificate, now: datetime) -> bool:
    """Whether a certificate is near its end, or over, and was neither revoked nor suspended nor replaced."""
    opens = renewal_opens(row)
    return row.status == "valid" and opens is not None and opens <= now


def step_of(row: Certificate, now: datetime) -> str | None:
    """How near its end a valid certificate is: a key of ``STEPS``; None when it is far, or nothing is to be renewed."""
    if row.valid_until is None or not renewal_open(row, now):
        return None
    end = row.valid_until
    return next((step for step, before in STEPS if end - before <= now), None)


def ending(now: datetime) -> ColumnElement[bool]:
    """Whether a ``Certificate`` ends within six months or has ended, and no other one follows it."""
    other = aliased(Certificate)
    same = (other.person_id == Certificate.person_id, other.award_key == Certificate.award_key)
    follows = (other.cycle > Certificate.cycle,)
    return (
        (Certificate.status == "valid")
        & (Certificate.valid_until <= now + STEPS[-1][1])
        & ~exists().where(*same, *follows)
    )


def remind(session: Session, now: datetime, *, mail: bool) -> int:
    """Note whom to remind of what today, and promise each message when there is ``mail``; gives how many are new.

    Done again, or by several workers at once, it notes nothing twice.
    """
    count = 0
    for row, person in _due(session, now):
        step = step_of(row, now)
        assert step is not None
        number = insert_new(session, Reminder, {"certificate_id": row.id, "step": step}, {"created_at": now})
        if number is None:
            continue
        count += 1
        if mail and "@" in (person.email or ""):
            promise(session, "send_reminder", f"reminder:{number}", {"reminder_id": number})
    session.flush()
    return count


def _due(session: Session, now: datetime) -> Sequence[tuple[Certificate, Person]]:
    """The certificates whose step of today is not noted yet, with their holders."""
    found: list[tuple[Certificate, Person]] = []
    after = now - LATEST
    for step, before in STEPS:
        noted = exists().where(Reminder.certificate_id == Certificate.id, Reminder.step == step)
        window = (Certificate.valid_until > after, Certificate.valid_until <= now + before)
        query = select(Certificate, Person).join(Certificate.person).where(ending(now), *window, ~noted)
        found += session.execute(query.order_by(Certificate.valid_until).limit(ROUND)).tuples()
        after = now + before
    return found
