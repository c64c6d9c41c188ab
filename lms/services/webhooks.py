"""Webhooks: addresses that are told what happens, their secrets, and what became of each message (Standard Webhooks).

The text of a message is written with the act it tells; a worker signs and sends it, as often as it takes.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from lms.models import EventListener, Unit, WebhookDelivery, utcnow
from lms.models.secrets import cipher
from lms.services.audit import record
from lms.services.events import EVENTS, TEST, deliver
from lms.services.outbox import promise
from lms.services.silence import QUIET

PURPOSE = "webhooks"
PREFIX = "whsec_"
#: How long what signed before goes on signing beside what replaced it.
OVERLAP = timedelta(hours=24)
#: After how long without anything getting through nothing more is sent.
LONGEST_FAILURE = timedelta(days=5)
#: How long messages are kept.
KEPT = timedelta(days=30)


def make(
    session: Session, key: str, name: str, url: str, events: Iterable[str], unit: Unit | None, by: int | None
) -> tuple[EventListener, str]:
    """A new webhook, and the secret that signs, which is shown once. ``key`` encrypts it at rest.

    Raises ``ValueError`` for an event that does not exist, or none.
    """
    wanted = [event for event in EVENTS if event in set(events)]
    if not wanted or set(events) - set(EVENTS):
        raise ValueError("events")
    secret = _new_secret()
    row = EventListener(
        kind="webhook", name=name.strip(), url=url.strip(), events=wanted, unit=unit,
        secret=_sealed(key, secret), created_at=utcnow(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, "webhook_make", f"webhook:{row.id}", by, events=wanted, unit=unit.code if unit else "")
    return row, secret


def rotate(session: Session, key: str, row: EventListener, by: int | None) -> str:
    """Another secret, shown once; the one before signs beside it for a day, so that nothing is refused meanwhile."""
    secret = _new_secret()
    row.previous_secret, row.previous_until = row.secret, utcnow() + OVERLAP
    row.secret = _sealed(key, secret)
    record(session, "webhook_rotate", f"webhook:{row.id}", by)
    session.flush()
    return secret


def switch(session: Session, row: EventListener, on: bool, by: int | None) -> None:
    """Stop a webhook, or let it go on: what happened meanwhile was not kept for it."""
    row.disabled_at, row.disabled_why = (None, None) if on else (utcnow(), "by_hand")
    row.failing_since = row.quiet_until = None
    record(session, "webhook_resume" if on else "webhook_stop", f"webhook:{row.id}", by)
    session.flush()


def remove(session: Session, row: EventListener, by: int | None) -> None:
    """Forget a webhook and its messages."""
    record(session, "webhook_remove", f"webhook:{row.id}", by)
    session.delete(row)
    session.flush()


def test(session: Session, row: EventListener, now: datetime) -> int:
    """Send a message that tells nothing, to see it arrive; gives its number."""
    return deliver(session, row, TEST, {"id": row.id}, now)


def replay(session: Session, delivery: WebhookDelivery, by: int | None = None) -> None:
    """Send a message again, the very same: whoever has it already knows by its id."""
    key = f"delivery:{delivery.id}"
    promise(session, "send_webhook", key, {"delivery_id": delivery.id})
    record(session, "webhook_replay", f"webhook:{delivery.listener_id}", by, message=delivery.message_id)


def every(session: Session) -> Sequence[EventListener]:
    """The webhooks with their unit, by name."""
    query = select(EventListener).filter_by(kind="webhook").options(joinedload(EventListener.unit))
    return session.scalars(query.order_by(EventListener.name, EventListener.id)).all()


def one(session: Session, number: int) -> EventListener | None:
    """The webhook of that number."""
    return session.scalars(select(EventListener).filter_by(kind="webhook", id=number)).first()


def last_deliveries(session: Session, limit: int = 50) -> Sequence[WebhookDelivery]:
    """The last messages with their webhook, the last one first."""
    query = select(WebhookDelivery).options(joinedload(WebhookDelivery.listener))
    return session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit)).all()


def sweep(session: Session) -> None:
    """Remove messages of long ago."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.created_at <= utcnow() - KEPT))


def signed_headers(key: str, delivery: WebhookDelivery, now: datetime) -> dict[str, str]:
    """What goes with a message: its id, the moment, and a signature by each secret that holds now.

    Raises ``cryptography.fernet.InvalidToken`` where the service's secret key is not the one that encrypted them.
    """
    listener, moment = delivery.listener, str(int(now.timestamp()))
    held = [listener.secret]
    if listener.previous_until is not None and listener.previous_until > now:
        held.append(listener.previous_secret)
    signed = f"{delivery.message_id}.{moment}.{delivery.body}".encode()
    keys = (base64.b64decode(_opened(key, each).removeprefix(PREFIX)) for each in held)
    signatures = ("v1," + base64.b64encode(hmac.digest(each, signed, "sha256")).decode() for each in keys)
    return {
        "webhook-id": delivery.message_id, "webhook-timestamp": moment, "webhook-signature": " ".join(signatures),
        "Content-Type": "application/json",
    }  # fmt: skip


def got_through(listener: EventListener) -> None:
    """A message was taken."""
    listener.failing_since = listener.quiet_until = None


def failed(listener: EventListener, now: datetime, after: timedelta | None = None) -> None:
    """Nothing got through: it is left alone for as long as it has been failing, or asks; after days, for good."""
    listener.failing_since = listener.failing_since or now
    silent = now - listener.failing_since
    listener.quiet_until = now + (min(max(silent, QUIET[0]), QUIET[1]) if after is None else max(after, QUIET[0]))
    if silent > LONGEST_FAILURE and listener.disabled_at is None:
        listener.disabled_at, listener.disabled_why = now, "failing"


def gone(listener: EventListener, now: datetime) -> None:
    """It says that it wants no more."""
    listener.disabled_at, listener.disabled_why = now, "gone"


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _sealed(key: str, secret: str) -> str:
    return cipher(key, PURPOSE).encrypt(secret.encode()).decode()


def _opened(key: str, sealed: str) -> str:
    return cipher(key, PURPOSE).decrypt(sealed.encode()).decode()
