"""Invitations: one-use addresses by which a platform is connected, kept by their hash alone (LTI.md R25)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from lms.lti.model import LtiError
from lms.models import Invitation, utcnow
from lms.models.secrets import hashed, new_token

LIFETIME = timedelta(days=7)
#: How long a used or expired one stays in the list.
KEPT = timedelta(days=30)


def invite(session: Session, platform_id: int | None = None, hosts: tuple[str, ...] = ()) -> str:
    """A new invitation; gives its secret, which is stored nowhere.

    With ``platform_id`` it reconnects that platform, whose people and courses stay. ``hosts`` are those the
    platform may use beside its issuer's.
    """
    token, now = new_token(), utcnow()
    row = Invitation(
        token_hash=hashed(token), platform_id=platform_id, hosts=list(hosts), created_at=now, expires_at=now + LIFETIME
    )
    session.add(row)
    session.flush()
    return token


def address(base_url: str, token: str) -> str:
    """The address to paste in the platform."""
    return f"{base_url}/lti/register?invite={token}"


def usable(session: Session, token: str) -> Invitation:
    """The invitation of that secret. ``LtiError``: ``invitation_unknown``, ``…_used``, ``…_expired``."""
    row = session.get(Invitation, hashed(token), populate_existing=True)
    if row is None:
        raise LtiError("invitation_unknown")
    if row.used_at is not None:
        raise LtiError("invitation_used")
    if row.expires_at <= utcnow():
        raise LtiError("invitation_expired")
    return row


def use_up(session: Session, row: Invitation) -> None:
    """Use an invitation up. Of concurrent uses exactly one passes; the others get ``LtiError``: ``invitation_used``."""
    free = (Invitation.token_hash == row.token_hash, Invitation.used_at.is_(None), Invitation.expires_at > utcnow())
    done = session.execute(update(Invitation).where(*free).values(used_at=utcnow()))
    if cast("CursorResult[Any]", done).rowcount != 1:
        raise LtiError("invitation_used", "at the same moment by another request")


def give_back(session: Session, token_hash: str) -> None:
    """Let an invitation be used again: nothing was connected with it."""
    session.execute(update(Invitation).where(Invitation.token_hash == token_hash).values(used_at=None))


def cancel(session: Session, token_hash: str) -> bool:
    """Remove an unused invitation; False when there is none."""
    mine = (Invitation.token_hash == token_hash, Invitation.used_at.is_(None))
    return cast("CursorResult[Any]", session.execute(delete(Invitation).where(*mine))).rowcount == 1


def end_reconnections(session: Session, platform_id: int) -> None:
    """Let no invitation reconnect that platform, not even one in use at this moment that would be given back."""
    mine = (Invitation.platform_id == platform_id, Invitation.expires_at > utcnow())
    session.execute(update(Invitation).where(*mine).values(expires_at=utcnow()))


def all_invitations(session: Session) -> Sequence[Invitation]:
    """Those still of interest, the last made first."""
    query = select(Invitation).where(Invitation.expires_at > utcnow() - KEPT).order_by(Invitation.created_at.desc())
    return session.scalars(query).all()


def sweep(session: Session) -> None:
    """Remove those that ended long ago."""
    session.execute(delete(Invitation).where(Invitation.expires_at <= utcnow() - KEPT))
