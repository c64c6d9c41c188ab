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
    #: Held by the one request that asks the platform; what it found last, for those that waited for it.
    turn: threading.Lock = field(default_factory=threading.Lock)
    asking: bool = False
    answers: int = 0
    failure: LtiError | None = None

    def serves(self, kid: str, now: float) -> bool:
        """Whether that key may still be used, fresh or not."""
        return bool(self.fetched) and now - self.fetched < STALE_SECONDS and kid in self.keys

    def may_ask(self, now: float) -> bool:
        """Whether the platform was not asked a moment ago."""
        return not self.asked or now - self.asked >= REFETCH_SECONDS


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
        if entry.serves(kid, now) and (fresh or not entry.may_ask(now)):
            return entry.keys[kid]
        # While another request asks, this one waits for what it finds: it may be this very key.
        if entry.asking or entry.may_ask(now):
            raise KeysNeeded(url)
        raise LtiError("key_unknown", "the platform publishes no such key")

    def fetch(self, url: str) -> None:
        """Ask the platform for its keys; requests that come meanwhile wait, and share what is found.

        When it fails the known keys go on serving; ``LtiError`` if there are none.
        """
        entry = self._entry(url)
        known = entry.answers
        with entry.turn:
            if entry.answers == known and entry.may_ask(time.monotonic()):
                entry.asking = True
                try:
                    self._ask(url, entry)
                finally:
                    entry.asking, entry.answers = False, entry.answers + 1
            if entry.failure is not None:
                raise entry.failure

    def _ask(self, url: str, entry: _Entry) -> None:
        now = time.monotonic()
        entry.asked, entry.failure = now, None
        try:
            entry.keys = parse_key_set(self._outbound.json("GET", url, headers={"Accept": "application/json"}))
            entry.fetched = now
        except LtiError as error:
            if not entry.fetched or now - entry.fetched >= STALE_SECONDS:
                entry.asked = 0.0  # nothing to serve meanwhile: the next launch may ask again
                entry.failure = error

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
