"""Sign-ins under way: server-side, single use, bound to a browser; atomic across processes."""

from datetime import timedelta

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.orm import Session

from lms.models import OidcLogin, utcnow
from lms.models.secrets import hashed
from lms.oidc.model import OidcError

#: How long somebody may take at the provider: some send a code to a telephone first.
LIFETIME = timedelta(minutes=15)
#: Sign-ins under way at once: past it no other begins until some end or expire.
CAPACITY = 50_000


def remember(own: Connection, state: str, browser: str, target: str) -> None:
    """Keep a sign-in of that browser until it comes back, to go to ``target`` then. Raises ``OidcError``: ``busy``."""
    if (own.scalar(select(func.count()).select_from(OidcLogin)) or 0) >= CAPACITY:
        raise OidcError("busy")
    values = {"browser_hash": hashed(browser), "target": target, "expires_at": utcnow() + LIFETIME}
    own.execute(insert(OidcLogin).values(state_hash=hashed(state), **values))


def consume(own: Connection, state: str, browser: str) -> str:
    """Use up the sign-in of that state and browser; gives its target. Of concurrent replays exactly one succeeds.

    Raises ``OidcError``: ``state_unknown``, whether it is used, expired, another browser's or nobody's. That of another
    browser is not used up: whoever sends somebody their own answer ends nothing.
    """
    mine = (OidcLogin.state_hash == hashed(state), OidcLogin.browser_hash == hashed(browser))
    done = delete(OidcLogin).where(*mine, OidcLogin.expires_at > utcnow()).returning(OidcLogin.target)
    target: str | None = own.scalar(done)
    if target is None:
        raise OidcError("state_unknown")
    return target


def sweep(session: Session) -> None:
    """Remove sign-ins that expired."""
    session.execute(delete(OidcLogin).where(OidcLogin.expires_at <= utcnow()))
