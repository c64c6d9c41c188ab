"""Logins under way: server-side, single use, bound to a browser; atomic across processes (LTI.md R2)."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, insert, select
from sqlalchemy.orm import Session

from lms.lti.model import LtiError, PendingLogin
from lms.models import LaunchState, utcnow
from lms.models.secrets import hashed

LIFETIME = timedelta(minutes=10)
#: Logins under way at once, over all platforms: past it the oldest ended ones are removed or login refused.
CAPACITY = 200_000

_TABLE = LaunchState.__table__


def remember(session: Session, state: str, login: PendingLogin) -> None:
    """Keep a login until its launch comes."""
    values = {
        "state_hash": hashed(state),
        "platform_id": login.platform_id,
        "deployment_id": login.deployment_id,
        "nonce": login.nonce,
        "target": login.target,
        "browser_hash": login.browser_hash,
        "expires_at": login.expires_at,
    }
    session.execute(insert(LaunchState), values)


def pending(session: Session, state: str) -> PendingLogin:
    """The login of that state, still unconsumed. ``LtiError``: ``state_unknown``."""
    row = session.execute(select(*_TABLE.c).where(LaunchState.state_hash == hashed(state))).first()
    if row is None or row.expires_at < utcnow():
        raise LtiError("state_unknown", "already used, expired, or never begun here")
    return PendingLogin(row.platform_id, row.deployment_id, row.nonce, row.target, row.browser_hash, row.expires_at)


def consume(session: Session, state: str) -> bool:
    """Use a state up. Of concurrent replays exactly one gets True."""
    done = session.execute(delete(LaunchState).where(LaunchState.state_hash == hashed(state)))
    return cast("CursorResult[Any]", done).rowcount == 1


def sweep(session: Session) -> int:
    """Remove expired logins; gives how many there were."""
    done = session.execute(delete(LaunchState).where(LaunchState.expires_at < utcnow()))
    return int(cast("CursorResult[Any]", done).rowcount)


def full(session: Session) -> bool:
    """Whether too many logins are under way."""
    return (session.scalar(select(func.count()).select_from(LaunchState)) or 0) >= CAPACITY
