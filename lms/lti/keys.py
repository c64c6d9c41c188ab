"""The tool's own RSA keys: made at first start, encrypted at rest, parsed once in the life of a process."""

import threading
from datetime import datetime
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
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lms.models import ToolKey, utcnow
from lms.models.secrets import cipher

PURPOSE = "lti tool keys"


class ToolKeys:
    """Access to the tool's keys. Parsing a PEM costs tens of milliseconds, so a parsed key is kept."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._parsed: dict[str, RSAPrivateKey] = {}
        self._lock = threading.Lock()

    def ensure(self, session: Session, now: datetime | None = None) -> ToolKey:
        """The current signing key, made when there is none. Two processes starting at once make one."""
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("select pg_advisory_xact_lock(7250131)"))
        current = self._current(session)
        if current is None:
            current = self._make(now or utcnow())
            session.add(current)
            session.flush()
        return current

    def signing(self, session: Session) -> tuple[str, RSAPrivateKey]:
        """(kid, private key) to sign with now."""
        key = self._current(session)
        if key is None:
            raise LookupError("The tool has no key yet: run « lms db upgrade ».")
        with self._lock:
            if key.kid not in self._parsed:
                pem = cipher(self._secret, PURPOSE).decrypt(key.private_pem.encode())
                parsed = load_pem_private_key(pem, password=None)
                assert isinstance(parsed, RSAPrivateKey)
                self._parsed[key.kid] = parsed
            return key.kid, self._parsed[key.kid]

    def public(self, session: Session) -> dict[str, Any]:
        """The key set to publish (RFC 7517), retired keys included until they are removed."""
        rows = session.scalars(select(ToolKey).order_by(ToolKey.created_at.desc()))
        return {"keys": [row.public_jwk for row in rows]}

    def _current(self, session: Session) -> ToolKey | None:
        query = select(ToolKey).where(ToolKey.retired_at.is_(None)).order_by(ToolKey.created_at.desc())
        return session.scalars(query.limit(1)).first()

    def _make(self, now: datetime) -> ToolKey:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        kid = uuid4().hex
        jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        public = {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"}
        encrypted = cipher(self._secret, PURPOSE).encrypt(pem).decode()
        return ToolKey(kid=kid, private_pem=encrypted, public_jwk=public, created_at=now)
