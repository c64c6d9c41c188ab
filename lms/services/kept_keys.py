"""Keys that outlive the secret key: what was named or hashed under them goes on when it is replaced (ADR 46).

A new installation makes them at random. One from before derives them from its secret key, until that is replaced: they
are then written down as they were.
"""

import secrets
from hashlib import sha256
from typing import Literal, get_args

from sqlalchemy.orm import Session

from lms.models import KeptKey
from lms.models.secrets import cipher, derived_key
from lms.models.upsert import insert_new

PURPOSE = "kept keys"
#: What each makes: codes of copies (``works``), handles of passkeys (``passkeys``), hashes of codes that people hold
#: (``recovery_codes``, ``enrolment_codes``), names told to a record store (``xapi``).
Kept = Literal["copies", "enrolment codes", "passkey user", "recovery codes", "xapi actor"]
KEPT: tuple[Kept, ...] = get_args(Kept)


def kept_key(session: Session, secret: str, purpose: Kept) -> bytes:
    """The key of a purpose; one query. ``secret``: the secret key.

    Raises ``cryptography.fernet.InvalidToken`` where it is sealed under another secret key.
    """
    row = session.get(KeptKey, purpose)
    return derived(secret, purpose) if row is None else cipher(secret, PURPOSE).decrypt(row.sealed.encode())


def derived(secret: str, purpose: Kept) -> bytes:
    """The key of a purpose that has none of its own: what it was before there were any."""
    if purpose != "copies":
        return derived_key(secret, purpose)
    # HMAC was given the secret key itself, and hashes a key that is longer than its block (RFC 2104, section 2).
    whole = secret.encode()
    return whole if len(whole) <= 64 else sha256(whole).digest()


def begin(session: Session, secret: str) -> None:
    """Make every key of a new installation, at random; those that are there stay."""
    for purpose in KEPT:
        keep(session, secret, purpose, secrets.token_bytes(32))


def keep(session: Session, secret: str, purpose: Kept, key: bytes) -> None:
    """Write down the key of a purpose, unless it has one."""
    insert_new(session, KeptKey, {"purpose": purpose}, {"sealed": cipher(secret, PURPOSE).encrypt(key).decode()})
