"""Sign-ins and registrations under way: kept here, named by the browser's cookie, soon over, ended once."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from lms.models import Ceremony, LocalAccount, utcnow
from lms.models.secrets import hashed, new_token

SECOND_FACTOR, NEW_PASSKEY, PASSKEY_SIGN_IN = "second_factor", "passkey_new", "passkey_sign_in"
LIFE = timedelta(minutes=10)
#: Codes that may be typed for one account within ``LIFE``, whatever the browser, the address and the process.
TRIES = 10


def begin(session: Session, purpose: str, account_id: int | None = None, challenge: str = "") -> str:
    """Begin one, for ``LIFE``; gives the token that the browser's cookie carries, which is stored hashed."""
    token = new_token()
    session.add(
        Ceremony(
            token_hash=hashed(token), purpose=purpose, account_id=account_id, challenge=challenge,
            expires_at=utcnow() + LIFE,
        )
    )  # fmt: skip
    session.flush()
    return token


def under_way(session: Session, purpose: str, token: str | None) -> Ceremony | None:
    """The one of that token and purpose, unless it is over."""
    if not token:
        return None
    query = select(Ceremony).filter_by(token_hash=hashed(token), purpose=purpose)
    return session.scalars(query.where(Ceremony.expires_at > utcnow())).first()


def end(session: Session, token_hash: str) -> bool:
    """End one. Of concurrent calls exactly one gets True."""
    done = session.execute(delete(Ceremony).where(Ceremony.token_hash == token_hash))
    return cast("CursorResult[Any]", done).rowcount == 1


def count_try(session: Session, row: Ceremony) -> bool:
    """Count a code about to be looked at; False when too many were typed for this account, and it must not be."""
    # Those who type for one account come one after the other: together, each would see the tries of none.
    account = select(LocalAccount.id).where(LocalAccount.id == row.account_id)
    session.execute(account.with_for_update(key_share=True)).first()
    same = select(func.coalesce(func.sum(Ceremony.tries), 0)).where(
        Ceremony.account_id == row.account_id, Ceremony.purpose == row.purpose, Ceremony.expires_at > utcnow()
    )
    if session.scalars(same).one() >= TRIES:
        return False
    mine = update(Ceremony).where(Ceremony.token_hash == row.token_hash).values(tries=Ceremony.tries + 1)
    session.execute(mine.execution_options(synchronize_session=False))
    return True


def sweep(session: Session) -> None:
    """Remove those that are over."""
    session.execute(delete(Ceremony).where(Ceremony.expires_at < utcnow()))
