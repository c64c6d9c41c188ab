"""Public keys of platforms, parsed once and kept (LTI.md R4)."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from lms.lti.http import Outbound
from lms.lti.model import LtiError

FRESH_SECONDS = 3600
REFETCH_SECONDS = 60
#: How long keys still serve when the platform no longer answers.
STALE_SECONDS = 24 * 3600


class KeysNeeded(Exception):
    """Keys must be fetched at that address first: never while a transaction is open."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass
class _Entry:
    keys: dict[str, RSAPublicKey] = field(default_factory=dict)
    fetched: float = 0.0
    asked: float = 0.0


class PlatformKeys:
    """A cache of key sets by address. An unknown key id asks again at most once a minute; errors are not kept."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def find(self, url: str, kid: str) -> RSAPublicKey:
        """The RSA key of that id at that address, without calling anybody.

        ``KeysNeeded``: fetch, then ask again. ``LtiError``: ``key_unknown``.
        """
        entry, now = self._entry(url), time.monotonic()
        fresh = entry.fetched and now - entry.fetched < FRESH_SECONDS
        may_ask = not entry.asked or now - entry.asked >= REFETCH_SECONDS
        if (not fresh or kid not in entry.keys) and may_ask:
            raise KeysNeeded(url)
        if entry.fetched and now - entry.fetched < STALE_SECONDS and kid in entry.keys:
            return entry.keys[kid]
        raise LtiError("key_unknown", "the platform publishes no such key")

    def fetch(self, url: str) -> None:
        """Ask the platform for its keys. When it fails the known ones go on serving; ``LtiError`` if there are none."""
        entry, now = self._entry(url), time.monotonic()
        entry.asked = now
        try:
            entry.keys = parse_key_set(self._outbound.json("GET", url, headers={"Accept": "application/json"}))
            entry.fetched = now
        except LtiError:
            if not entry.fetched or now - entry.fetched >= STALE_SECONDS:
                entry.asked = 0.0  # nothing to serve meanwhile: the next launch may ask again
                raise

    def _entry(self, url: str) -> _Entry:
        with self._lock:
            return self._entries.setdefault(url, _Entry())


def parse_key_set(document: Any) -> dict[str, RSAPublicKey]:
    """Key id → RSA signature key of at least 2048 bits (RFC 7517); other keys are left out."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise LtiError("key_set_malformed")
    found = {}
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
            continue
        if key.get("kty") != "RSA" or key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
            continue
        try:
            public = PyJWK(key, algorithm="RS256").key
        except (PyJWTError, ValueError, TypeError):
            continue
        if isinstance(public, RSAPublicKey) and public.key_size >= 2048:
            found[key["kid"]] = public
    return found
