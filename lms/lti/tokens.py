"""Access tokens of platforms (LTI Security Framework 1.0, section 4.1): one for each registration and set of scopes.

Every process shares them through the database, encrypted, and one alone asks for the next (LTI.md R11).
"""

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import jwt
from sqlalchemy import CursorResult, Engine, or_, update
from sqlalchemy.orm import Session

from lms.lti.http import Outbound, retry_after
from lms.lti.keys import ToolKeys
from lms.lti.model import LtiError, Registration
from lms.models import AccessToken, utcnow
from lms.models.secrets import cipher
from lms.models.upsert import insert_new

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PURPOSE = "access tokens"
#: A token is left this long before it expires, in seconds, or for a quarter of its life if that is less.
MARGIN = 60
#: How long a process that asks may take before another does.
PATIENCE = timedelta(seconds=40)
#: A token asked for less than this long ago, in seconds, is not what a refusal is about.
FRESH = 60.0
#: Pause between two looks at what another process is asking for, in seconds.
PAUSE = 0.1


@dataclass(frozen=True)
class Token:
    """A bearer token, the scopes it was granted, and until when it serves."""

    value: str
    granted: frozenset[str]
    until: datetime


class Tokens:
    """Tokens by platform and scopes. Safe from any thread; never call it while a transaction is open."""

    def __init__(self, outbound: Outbound, keys: ToolKeys, secret: str, engine: Engine) -> None:
        self._outbound, self._keys, self._engine = outbound, keys, engine
        self._cipher = cipher(secret, PURPOSE)
        self._kept: dict[tuple[int, str], Token] = {}
        self._asked: dict[tuple[int, str], float] = {}
        self._locks: dict[tuple[int, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, platform: Registration, scopes: Iterable[str]) -> Token:
        """A token for these scopes, asked for when none serves. ``LtiError``: ``token_refused``, ``token_answer`` …"""
        key = (platform.platform_id, " ".join(sorted(scopes)))
        token = self._kept.get(key)
        if token is not None and token.until > utcnow():
            return token
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            token = self._kept.get(key)
            if token is None or token.until <= utcnow():
                token = self._kept[key] = self._shared(platform, key)
            return token

    def ask(self, platform: Registration, scopes: Iterable[str]) -> Token:
        """A token asked for now and kept nowhere, to see what the platform grants. Raises as ``get``."""
        with Session(self._engine) as session:
            signer = self._keys.signing(session)
        return self._ask(platform, " ".join(sorted(scopes)), signer)

    def drop(self, platform: Registration, scopes: Iterable[str], refused: Token) -> None:
        """Forget a token the platform no longer takes; one that came since stays."""
        key = (platform.platform_id, " ".join(sorted(scopes)))
        if self._kept.get(key) == refused:
            del self._kept[key]
        with Session(self._engine) as session:
            row = session.get(AccessToken, key)
            if row is not None and row.token and self._read(row) == refused:
                row.token, row.expires_at = None, None
            session.commit()

    def fresh(self, platform: Registration, scopes: Iterable[str]) -> bool:
        """Whether this process itself asked for the token in use a moment ago."""
        asked = self._asked.get((platform.platform_id, " ".join(sorted(scopes))))
        return asked is not None and time.monotonic() - asked < FRESH

    def _shared(self, platform: Registration, key: tuple[int, str]) -> Token:
        """The token the processes share, or a new one, asked for by this process alone."""
        while True:
            with Session(self._engine) as session:
                row = session.get(AccessToken, key)
                if row is not None and row.token and row.expires_at and row.expires_at > utcnow():
                    return self._read(row)
                mine = self._may_ask(session, key)
                signer = self._keys.signing(session) if mine else None
                session.commit()
            if signer is not None:
                break
            time.sleep(PAUSE)
        try:
            token = self._ask(platform, key[1], signer)
            self._asked[key] = time.monotonic()
        except LtiError:
            self._keep(key, {"asking_until": None})
            raise
        self._keep(
            key,
            {
                "token": self._cipher.encrypt(token.value.encode()).decode(), "granted": sorted(token.granted),
                "expires_at": token.until, "asking_until": None,
            },
        )  # fmt: skip
        return token

    def _may_ask(self, session: Session, key: tuple[int, str]) -> bool:
        now = utcnow()
        identity = {"platform_id": key[0], "scopes": key[1]}
        insert_new(session, AccessToken, identity, {"granted": []})
        mine = update(AccessToken).filter_by(**identity)
        # One that is to end later than any does was taken by a clock that was ahead.
        ends = AccessToken.asking_until
        free = or_(ends.is_(None), ends < now, ends > now + 2 * PATIENCE)
        # Another process may have asked and answered since this one looked.
        lacking = or_(AccessToken.token.is_(None), AccessToken.expires_at.is_(None), AccessToken.expires_at <= now)
        taken = session.execute(mine.where(free, lacking).values(asking_until=now + PATIENCE))
        return cast("CursorResult[Any]", taken).rowcount == 1

    def _keep(self, key: tuple[int, str], values: dict[str, Any]) -> None:
        with Session(self._engine) as session:
            session.execute(update(AccessToken).filter_by(platform_id=key[0], scopes=key[1]).values(**values))
            session.commit()

    def _read(self, row: AccessToken) -> Token:
        assert row.token is not None
        assert row.expires_at is not None
        value = self._cipher.decrypt(row.token.encode()).decode()
        return Token(value, frozenset(row.granted), row.expires_at)

    def _ask(self, platform: Registration, scopes: str, signer: tuple[str, Any]) -> Token:
        """Ask the platform (RFC 7523, section 2.2)."""
        kid, private = signer
        now = int(utcnow().timestamp())
        assertion = jwt.encode(
            {
                "iss": platform.client_id, "sub": platform.client_id,
                "aud": platform.token_audience or platform.token_url,
                "iat": now - 5, "exp": now + 60, "jti": str(uuid4()),
            },
            private, algorithm="RS256", headers={"kid": kid},
        )  # fmt: skip
        form = {
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion,
            "scope": scopes,
        }  # fmt: skip
        answer = self._outbound.request("POST", platform.token_url, data=form, headers={"Accept": "application/json"})
        if answer.status_code == 429:
            raise LtiError("token_refused", "429", retry_after(answer))
        return read_answer(answer.status_code, answer.content, scopes)


def read_answer(status: int, body: bytes, scopes: str) -> Token:
    """The token of a platform's answer (RFC 6749, sections 5.1 and 5.2). Raises ``LtiError``.

    ``token_refused`` carries the platform's error code, ``token_answer`` what is wrong with the answer.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not 200 <= status < 300:
        code = said.get("error") if isinstance(said, dict) else None
        raise LtiError("token_refused", code if isinstance(code, str) and code.isidentifier() else str(status))
    if not isinstance(said, dict):
        raise LtiError("token_answer", "it is no JSON object")
    if str(said.get("token_type", "")).lower() != "bearer":
        raise LtiError("token_answer", "the token is not a bearer token")
    value, lifetime, granted = said.get("access_token"), said.get("expires_in", 3600), said.get("scope", scopes)
    if isinstance(lifetime, str) and lifetime.isascii() and lifetime.isdigit():
        lifetime = int(lifetime)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise LtiError("token_answer", "it holds no token")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 < lifetime < 10**8:
        raise LtiError("token_answer", "its lifetime is no number of seconds")
    words = granted.split() if isinstance(granted, str) else []
    until = utcnow() + timedelta(seconds=lifetime - min(MARGIN, lifetime // 4))
    return Token(value, frozenset(words), until)
