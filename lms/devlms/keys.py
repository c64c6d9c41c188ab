"""The platform's RSA key: made at the first start, kept in the data directory, never elsewhere."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name under which its public half is published (RFC 7517)."""

    kid: str
    private: rsa.RSAPrivateKey

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a compact RS256 token."""
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        """The public key set."""
        public = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        # PyJWT writes key_ops, which RFC 7517 section 4.3 asks not to mix with use.
        public.pop("key_ops", None)
        return {"keys": [{**public, "kid": self.kid, "alg": "RS256", "use": "sig"}]}


def load_or_make(path: Path) -> SigningKey:
    """Read the key at ``path``, or make it there, readable by its owner alone."""
    if path.exists():
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise ValueError(f"Not an RSA key: {path}")
        return _named(private)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return _named(private)


def _named(private: rsa.RSAPrivateKey) -> SigningKey:
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(hashlib.sha256(der).hexdigest()[:16], private)
