"""Enrolment codes: an administrator gives one by hand to whoever must have a second factor and has none (ADR 43).

A code serves once, within a day; it is kept as a keyed hash alone, among the ceremonies, which end in the same way.
"""

import base64
import hmac
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.orm import Session

from lms.models import Ceremony, LocalAccount, utcnow
from lms.services.audit import record
from lms.services.kept_keys import kept_key

PURPOSE = "enrolment_code"
LIFE = timedelta(hours=24)
#: 120 bits, enough for a plain hash (ASVS 6.5.2): twenty-four signs of base32, by fours.
_BYTES = 15


def give(session: Session, key: str, account: LocalAccount) -> str:
    """A new code for that account, which ends the one before; as it is to be told, this once. ``key``: secret key."""
    forget(session, account.id)
    code = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    name = _hash(session, key, account.id, code)
    session.add(Ceremony(token_hash=name, purpose=PURPOSE, account_id=account.id, expires_at=utcnow() + LIFE))
    record(session, "account.enrolment_code", f"account:{account.id}")
    session.flush()
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def use(session: Session, key: str, account_id: int, typed: str) -> bool:
    """Whether that is the account's code, which it no longer is. Of concurrent calls exactly one gets True."""
    plain = "".join(typed.split()).replace("-", "").lower()
    mine = delete(Ceremony).where(
        Ceremony.token_hash == _hash(session, key, account_id, plain), Ceremony.purpose == PURPOSE,
        Ceremony.account_id == account_id, Ceremony.expires_at > utcnow(),
    )  # fmt: skip
    return cast("CursorResult[Any]", session.execute(mine)).rowcount == 1


def forget(session: Session, account_id: int) -> None:
    """End the code of an account, if it has one."""
    session.execute(delete(Ceremony).where(Ceremony.account_id == account_id, Ceremony.purpose == PURPOSE))


def _hash(session: Session, key: str, account_id: int, code: str) -> str:
    text = f"{account_id} {code}"
    return hmac.new(kept_key(session, key, "enrolment codes"), text.encode(), sha256).hexdigest()
