"""Logins under way: server-side, single use, bound to a browser; atomic across processes (LTI.md R2)."""

import time
from datetime import timedelta
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, Engine, bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from lms.lti.model import PendingLogin
from lms.models import LaunchState, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared
from lms.models.secrets import hashed

LIFETIME = timedelta(minutes=10)
#: Logins under way at once, over all platforms: past it no other begins until some end or expire.
CAPACITY = 200_000
#: How long a count of them stands, in seconds: counting each time would itself be a way to flood us.
COUNTED_EVERY = 10.0

# Statements are made once: putting one together costs more than running it.
_TABLE = table_of(LaunchState)
_MINE = _TABLE.c.state_hash == bindparam("state")
_INSERT = Prepared(insert(_TABLE))
_CONSUME = Prepared(delete(_TABLE).where(_MINE))

_counts: WeakKeyDictionary[Engine, tuple[float, int]] = WeakKeyDictionary()


def remember(own: Session | Connection, state: str, login: PendingLogin) -> None:
    """Keep a login until its launch comes."""
    values = {
        "state_hash": hashed(state),
        "platform_id": login.platform_id,
        "deployment_id": login.deployment_id,
        "nonce": login.nonce,
        "target": login.target,
        "browser_hash": login.browser_hash,
        "login_hint": login.login_hint,
        "message_hint": login.message_hint,
        "storage_target": login.storage_target,
        "expires_at": login.expires_at,
    }
    _INSERT.run(own, values)


def consume(own: Session | Connection, state: str) -> bool:
    """Use a state up. Of concurrent replays exactly one gets True."""
    return _CONSUME.run(own, {"state": hashed(state)}) == 1


def sweep(session: Session) -> int:
    """Remove expired logins; gives how many there were."""
    done = session.execute(delete(LaunchState).where(LaunchState.expires_at < utcnow()))
    return int(cast("CursorResult[Any]", done).rowcount)


def full(own: Connection) -> bool:
    """Whether too many logins are under way, as counted a few seconds ago at most."""
    bind, now = own.engine, time.monotonic()
    counted, number = _counts.get(bind, (-COUNTED_EVERY, 0))
    if now - counted >= COUNTED_EVERY:
        number = own.scalar(select(func.count()).select_from(LaunchState)) or 0
        _counts[bind] = now, number
    return number >= CAPACITY
