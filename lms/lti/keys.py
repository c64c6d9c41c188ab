"""The tool's own RSA keys: encrypted at rest, parsed once in the life of a process, replaced in good time (LTI.md R8).

A new key is published a day before it signs, and stays published a week after it signed for the last time.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import Select, delete, select, text
from sqlalchemy.orm import Session

from lms.models import ToolKey, utcnow
from lms.models.secrets import cipher

PURPOSE = "lti tool keys"
#: 128-bit security, what ANSSI and NIST ask of keys used beyond 2030. Shorter ones go on until they are replaced.
BITS = 3072
#: How long a key is published before it signs: platforms keep a key set for a day at most.
AHEAD = timedelta(days=1)
#: How long one stays published after it signed for the last time: past what it signed, and every cache.
AFTER = timedelta(days=7)
#: Key of the PostgreSQL lock under which one process at a time changes them.
_LOCK = 7250142


class ToolKeys:
    """Access to the tool's keys. Parsing a PEM costs tens of milliseconds, so a parsed key is kept."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._parsed: dict[str, RSAPrivateKey] = {}
        self._lock = threading.Lock()

    def ensure(self, session: Session, now: datetime | None = None) -> ToolKey:
        """The current signing key, made when there is none. Two processes starting at once make one."""
        _alone(session)
        now = now or utcnow()
        return self.current(session, now) or self._add(session, now, now)

    def signing(self, session: Session) -> tuple[str, RSAPrivateKey]:
        """(kid, private key) to sign with now."""
        key = self.current(session)
        if key is None:
            raise LookupError("The tool has no key yet: run « lms db upgrade ».")
        return key.kid, self._opened(key)

    def public(self, session: Session) -> dict[str, Any]:
        """The key set to publish (RFC 7517): keys that sign, signed or will sign; never a revoked one."""
        query = select(ToolKey).where(ToolKey.revoked_at.is_(None)).order_by(ToolKey.created_at.desc())
        return {"keys": [row.public_jwk for row in session.scalars(query)]}

    def current(self, session: Session, now: datetime | None = None) -> ToolKey | None:
        """The key that signs now."""
        now = now or utcnow()
        signs = (ToolKey.signs_from <= now, ToolKey.retired_at.is_(None) | (ToolKey.retired_at > now))
        query = select(ToolKey).where(*signs, ToolKey.revoked_at.is_(None)).order_by(ToolKey.signs_from.desc())
        return _first(session, query)

    def every(self, session: Session) -> Sequence[ToolKey]:
        """Every key still known, the last made first."""
        return session.scalars(select(ToolKey).order_by(ToolKey.created_at.desc())).all()

    def rotate(self, session: Session, now: datetime | None = None) -> ToolKey:
        """The next key, published from now on and signing in ``AHEAD``; the one already waiting, if there is one.

        Raises ``cryptography.fernet.InvalidToken`` where the present one is sealed under another secret key: the next
        would be under ours, and nobody else could sign with it.
        """
        _alone(session)
        now = now or utcnow()
        current = self.current(session, now)
        if current is None:
            current = self._add(session, now, now)
        else:
            self._opened(current)
        waiting = self._waiting(session, now)
        if waiting is None:
            waiting = self._add(session, now, now + AHEAD)
            current.retired_at = waiting.signs_from
            session.flush()
        return waiting

    def keep_up(self, session: Session, life: timedelta, now: datetime | None = None) -> None:
        """What time asks for: the next key when the current one has signed for ``life``, old ones removed.

        Any number of workers may do it at once: one key is made.
        """
        current = self.ensure(session, now)
        now = now or utcnow()
        if now >= current.signs_from + life - AHEAD:
            self.rotate(session, now)
        gone = (ToolKey.retired_at < now - AFTER) | (ToolKey.revoked_at < now - AFTER)
        session.execute(delete(ToolKey).where(gone))

    def revoke(self, session: Session, kid: str, now: datetime | None = None) -> ToolKey | None:
        """Take a key out of what is published at once, and give the key that signs from now on; None: no such key."""
        _alone(session)
        now = now or utcnow()
        row = session.scalars(select(ToolKey).where(ToolKey.kid == kid, ToolKey.revoked_at.is_(None))).first()
        if row is None:
            return None
        signed = self.current(session, now) is row
        row.revoked_at = now
        session.flush()
        waiting = self._waiting(session, now)
        if signed and waiting is not None:
            waiting.signs_from = now  # published already: no platform waits for it
        current = self.current(session, now) or self._add(session, now, now)
        if waiting is None and current.retired_at is not None:
            current.retired_at = None  # its successor was the one revoked
        session.flush()
        return current

    def _opened(self, key: ToolKey) -> RSAPrivateKey:
        with self._lock:
            if key.kid not in self._parsed:
                pem = cipher(self._secret, PURPOSE).decrypt(key.private_pem.encode())
                parsed = load_pem_private_key(pem, password=None)
                assert isinstance(parsed, RSAPrivateKey)
                self._parsed[key.kid] = parsed
            return self._parsed[key.kid]

    def _waiting(self, session: Session, now: datetime) -> ToolKey | None:
        query = select(ToolKey).where(ToolKey.signs_from > now, ToolKey.revoked_at.is_(None))
        return _first(session, query.order_by(ToolKey.signs_from))

    def _add(self, session: Session, now: datetime, signs_from: datetime) -> ToolKey:
        key = self._make(now)
        key.signs_from = signs_from
        session.add(key)
        session.flush()
        return key

    def _make(self, now: datetime) -> ToolKey:
        private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        kid = uuid4().hex
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        public = {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"}
        encrypted = cipher(self._secret, PURPOSE).encrypt(pem).decode()
        return ToolKey(kid=kid, private_pem=encrypted, public_jwk=public, created_at=now)


def _alone(session: Session) -> None:
    """Let one process at a time change the keys; the others wait, then see what it did."""
    # The transaction begins here, and on SQLite waits for the other writers: time is read after that.
    if session.connection().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def _first(session: Session, query: Select[ToolKey]) -> ToolKey | None:
    # As the database has it: another process may have changed what this session loaded before.
    return session.scalars(query.limit(1), execution_options={"populate_existing": True}).first()
