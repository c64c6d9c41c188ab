"""Encryption of what is stored, and hashes of what must only be recognised."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


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
    """A 32-byte key for one purpose, derived from the secret key (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


def cipher(secret: str, purpose: str) -> Fernet:
    """Encryption at rest under a key derived for one purpose."""
    return Fernet(urlsafe_b64encode(derived_key(secret, purpose)))
