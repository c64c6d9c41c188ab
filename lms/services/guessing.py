"""Wrong passwords, counted so that nobody guesses one nor locks somebody else out (ADR 47).

A browser where an account signed in before is known to it by a cookie, and is counted for itself. All the others are
counted together, by the address typed, whether it has an account or not.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Literal

from sqlalchemy import bindparam, case, delete, update
from sqlalchemy.orm import Session

from lms.models import LocalAccount, WrongPassword, utcnow
from lms.models.base import table_of
from lms.models.secrets import derived_key
from lms.models.upsert import insert_into
from lms.services.accounts import account_named
from lms.services.audit import record

#: So many wrong passwords within ``LIFE`` of the first; passwords are then refused for ``LIFE``.
TRIES, LIFE = 10, timedelta(minutes=10)
#: Accounts that one browser is known to at most: the last ones that signed in.
ACCOUNTS = 5

Whose = Literal["browser", "others"]

_TABLE = table_of(WrongPassword)
_COOKIE = re.compile(r"[\w-]{22}(?:\.[\w-]{22}){1,5}", re.ASCII)


@dataclass(frozen=True)
class Gate:
    """A password about to be tried: where it is counted, which try it is, and for how many seconds it must wait."""

    place: str
    whose: Whose
    account_id: int | None
    number: int
    wait: int

    @property
    def held(self) -> bool:
        """Whether the password must not be looked at."""
        return self.number > TRIES

    @property
    def last(self) -> bool:
        """Whether no other may be tried if this one is wrong."""
        return self.number == TRIES


def about_to_try(session: Session, secret: str, email: str, cookie: str) -> Gate:
    """Count a password before it is looked at. ``secret``: the secret key; ``cookie``: what the browser keeps, or "".

    Commit before the password is looked at: so concurrent tries are counted exactly, and nobody waits meanwhile.
    """
    account, (nonce, *marks) = account_named(session, email), _read(cookie)
    mine = _mark(secret, account, nonce)  # worked out for unknown addresses too
    known = account is not None and any(hmac.compare_digest(mine, each) for each in marks)
    whose: Whose = "browser" if known else "others"
    place = _place(secret, whose, nonce if known else "", email)
    now = utcnow()
    connection = session.connection()
    values = {"place": place, "tries": 1, "expires_at": now + LIFE, "now": now}
    number, until = connection.execute(_counting(connection.dialect.name), values).one()
    wait = max(int((until - now).total_seconds()), 1)
    return Gate(place, whose, account.id if account else None, number, wait)


def was_right(session: Session, gate: Gate) -> None:
    """Take back the try: it was no wrong password. Those of others stay counted."""
    mine = update(_TABLE).where(_TABLE.c.place == gate.place, _TABLE.c.tries > 0)
    session.execute(mine.values(tries=_TABLE.c.tries - 1))


def was_wrong(session: Session, gate: Gate) -> None:
    """Write in the journal that passwords begin to be refused for an account, once each time."""
    if gate.last and gate.account_id is not None:
        record(session, "account.passwords_held", f"account:{gate.account_id}", browsers=gate.whose)


def let_in(session: Session, secret: str, email: str) -> bool:
    """Forget what was counted for browsers unknown to that address; whether there was anything."""
    gone = delete(_TABLE).where(_TABLE.c.place == _place(secret, "others", "", email)).returning(_TABLE.c.place)
    return session.execute(gone).first() is not None


def known_after(secret: str, account: LocalAccount, cookie: str) -> str:
    """What a browser keeps once the account signed in there; ``cookie`` is what it kept before, or "".

    It names nobody: a random text, and for each account a mark made with its password's hash, so that a new password
    ends it. It opens nothing.
    """
    nonce, *marks = _read(cookie)
    nonce = nonce or token_urlsafe(16)
    mine = _mark(secret, account, nonce)
    return ".".join([nonce, mine, *[each for each in marks if each != mine][: ACCOUNTS - 1]])


def sweep(session: Session) -> None:
    """Remove what no longer counts."""
    session.execute(delete(_TABLE).where(_TABLE.c.expires_at < utcnow()))


def _read(cookie: str) -> list[str]:
    """The random text of a browser, then its marks; an empty text alone where it keeps none of ours."""
    return cookie.split(".") if _COOKIE.fullmatch(cookie) else [""]


def _mark(secret: str, account: LocalAccount | None, nonce: str) -> str:
    said = f"mark\0{nonce}\0{account.id}\0{account.password_hash}" if account else f"nobody\0{nonce}"
    return _mac(secret, said)


def _place(secret: str, whose: Whose, nonce: str, email: str) -> str:
    # Twenty bits of each sort: whatever is typed, two million rows at most. Two addresses that share one share a wait.
    address = email.strip().lower()
    number = hmac.new(derived_key(secret, "wrong passwords"), f"{whose}\0{nonce}\0{address}".encode(), sha256)
    return f"{whose}:{number.hexdigest()[:5]}"


def _mac(secret: str, said: str) -> str:
    made = hmac.new(derived_key(secret, "known browsers"), said.encode(), sha256).digest()
    return urlsafe_b64encode(made[:16]).decode().rstrip("=")


@cache
def _counting(dialect: str) -> Any:
    """One more: begun anew once over; the last one begins the wait, and what is refused does not lengthen it."""
    new = insert_into(dialect, _TABLE).values(
        place=bindparam("place"), tries=bindparam("tries"), expires_at=bindparam("expires_at")
    )
    now = bindparam("now", type_=_TABLE.c.expires_at.type)
    over, tries = _TABLE.c.expires_at <= now, _TABLE.c.tries
    counted = {
        "tries": case((over, 1), (tries > TRIES, tries), else_=tries + 1),
        "expires_at": case(
            (over | (tries == TRIES - 1), new.excluded.expires_at), else_=_TABLE.c.expires_at
        ),
    }  # fmt: skip
    return new.on_conflict_do_update(index_elements=["place"], set_=counted).returning(tries, _TABLE.c.expires_at)
