"""Encryption of what is stored, and hashes of what must only be recognised."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from functools import cache
from typing import Literal

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: What becomes of what a purpose protects when the secret key is replaced (``lms.services.secret_key``, ADR 46): it is
#: opened and sealed again; it stays, under a key of its own (``lms.services.kept_keys``); it ends, or is made anew.
Fate = Literal["sealed", "kept", "ends"]
PURPOSES: dict[str, Fate] = {
    "authenticator apps": "sealed", "kept keys": "sealed", "lti 1.1 secrets": "sealed", "lti tool keys": "sealed",
    "webhooks": "sealed",
    "enrolment codes": "kept", "passkey user": "kept", "recovery codes": "kept", "xapi actor": "kept",
    "OIDC id tokens": "ends", "OIDC nonce": "ends", "OIDC verifier": "ends", "access tokens": "ends",
    "backup fingerprint": "ends", "known browsers": "ends", "login proof": "ends", "registration form": "ends",
    "wallet figures": "ends", "wallet nonce": "ends", "wrong passwords": "ends",
}  # fmt: skip


def new_token() -> str:
    """A random token of 256 bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """SHA-256 of a token, hexadecimal: all that the database keeps of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


@cache
def derived_key(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, derived from the secret key (HKDF-SHA256, RFC 5869).

    Raises ``ValueError`` for a purpose of which ``PURPOSES`` does not say what a replacement makes of it.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"lms.models.secrets.PURPOSES does not say what becomes of « {purpose} »")
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


def cipher(secret: str, purpose: str) -> Fernet:
    """Encryption at rest under a key derived for one purpose."""
    return Fernet(urlsafe_b64encode(derived_key(secret, purpose)))
