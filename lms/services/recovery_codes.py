"""Recovery codes: ten, shown once, each standing once for a lost factor; kept as keyed hashes alone."""

import base64
import hmac
import secrets
from hashlib import sha256

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lms.models import RecoveryCode, utcnow
from lms.services.kept_keys import kept_key
from lms.services.wallet_offers import changed

COUNT = 10
#: 120 bits, enough for a plain hash (ASVS 6.5.2): twenty-four signs of base32, by fours.
_BYTES = 15


def renew(session: Session, key: str, account_id: int) -> list[str]:
    """Make new codes, which end the old ones; gives them as they are to be shown, this once."""
    forget(session, account_id)
    codes = [base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower() for _ in range(COUNT)]
    own = kept_key(session, key, "recovery codes")
    session.add_all(RecoveryCode(account_id=account_id, code_hash=_hash(own, account_id, code)) for code in codes)
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def use(session: Session, key: str, account_id: int, typed: str) -> bool:
    """Whether that is an unused code of the account, which it no longer is. Of concurrent calls one gets True."""
    own = kept_key(session, key, "recovery codes")
    plain = "".join(typed.split()).replace("-", "").lower()
    mine = update(RecoveryCode).where(
        RecoveryCode.account_id == account_id,
        RecoveryCode.code_hash == _hash(own, account_id, plain),
        RecoveryCode.used_at.is_(None),
    )
    return changed(session, mine.values(used_at=utcnow()))


def left(session: Session, account_id: int) -> int:
    """How many codes are unused."""
    query = select(func.count()).select_from(RecoveryCode).filter_by(account_id=account_id, used_at=None)
    return session.scalars(query).one()


def forget(session: Session, account_id: int) -> None:
    """End every code of an account."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _hash(own: bytes, account_id: int, code: str) -> str:
    text = f"{account_id} {code}"
    return hmac.new(own, text.encode(), sha256).hexdigest()
