"""What certificates rest on which keys: until when a key must be believed, and what to sign again without it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.sign.keyring import Ring
from certificates.status import LIFE
from lms.models import Certificate
from lms.services import outbox

#: Lists signed with a retired key are believed for a week yet.
STAYS = LIFE + timedelta(days=1)


def signatures(session: Session, key_id: str) -> list[str]:
    """The values of ``signed_with`` that name a key, or name none: those may rest on any."""
    known = session.scalars(select(Certificate.signed_with).distinct())
    return [keys for keys in known if not keys or key_id in keys.split()]


def left(session: Session, key_id: str) -> int:
    """How many certificates rest on a key."""
    resting = Certificate.signed_with.in_(signatures(session, key_id))
    return session.scalar(select(func.count()).select_from(Certificate).where(resting)) or 0


def promise_due(session: Session, ring: Ring) -> None:
    """Promise that whatever rests on a key no longer believed is signed again.

    One that was being signed while its key was withdrawn is found at the next upkeep.
    """
    for entry in ring.entries:
        if entry.revoked and left(session, entry.id) and not outbox.waits(session, "sign_again", entry.id):
            outbox.promise(session, "sign_again", entry.id, {"key": entry.id})


def ended(session: Session, ring: Ring, now: datetime) -> Collection[str]:
    """The retired keys that need not be believed any more: all they signed is out of its period of validity."""
    # What wallets hold is not in the register: the keys it rests on stay believed.
    retired = [entry for entry in ring.entries if entry.state == "retired" and entry.retired and entry.use != "es256"]
    long_ago = [entry for entry in retired if now - datetime.fromisoformat(entry.retired or "") > STAYS]
    return {entry.id for entry in long_ago if _nothing_valid(session, entry.id, now)}


def _nothing_valid(session: Session, key_id: str, now: datetime) -> bool:
    resting = Certificate.signed_with.in_(signatures(session, key_id))
    valid = Certificate.valid_until.is_(None) | (Certificate.valid_until > now)
    return session.scalar(select(Certificate.id).where(resting, valid).limit(1)) is None
