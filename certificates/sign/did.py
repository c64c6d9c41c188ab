"""did:web identifiers and documents, with keys in the forms verifiers read.

Sources: did:web Method Specification (W3C CCG), Controlled Identifiers 1.0 (Multikey, JsonWebKey), RFC 7517.
"""

import base64
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import base58
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519_PREFIX = b"\xed\x01"  # multicodec ed25519-pub
CONTEXT = (
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
)

PublicKey = ed25519.Ed25519PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def did_web(base_url: str) -> str:
    """The did:web of a site: a port is written ``%3A``, a path as further ``:`` segments.

    Raises ValueError when ``base_url`` names no host.
    """
    parts = urlsplit(base_url)
    if not parts.hostname:
        raise ValueError(f"no host in {base_url!r}")
    host = parts.hostname + (f"%3A{parts.port}" if parts.port else "")
    segments = [quote(unquote(segment), safe="") for segment in parts.path.split("/") if segment]
    return ":".join(["did:web", host, *segments])


def did_url(did: str) -> str:
    """Where the document of a did:web is published. Raises ValueError for another method.

    The method asks for https; a site on this very machine is read over http, as it is served.
    """
    if not did.startswith("did:web:") or not (rest := did.removeprefix("did:web:")):
        raise ValueError(f"not a did:web identifier: {did!r}")
    host, *segments = (unquote(part) for part in rest.split(":"))
    scheme = "http" if host.split(":")[0] in {"localhost", "127.0.0.1"} else "https"
    path = "/".join(quote(segment, safe="") for segment in segments) if segments else ".well-known"
    return f"{scheme}://{host}/{path}/did.json"


def multikey(key: ed25519.Ed25519PublicKey) -> str:
    """An Ed25519 public key in Multikey form (base58btc, multibase ``z``)."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return "z" + base58.b58encode(_ED25519_PREFIX + raw).decode()


def read_multikey(text: str) -> ed25519.Ed25519PublicKey:
    """The Ed25519 key of a Multikey. Raises ValueError for anything else."""
    raw = base58.b58decode(text[1:]) if text[:1] == "z" else b""
    if not raw.startswith(_ED25519_PREFIX) or len(raw) != len(_ED25519_PREFIX) + 32:
        raise ValueError("not an Ed25519 Multikey")
    return ed25519.Ed25519PublicKey.from_public_bytes(raw[len(_ED25519_PREFIX) :])


def jwk(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, **more: object) -> dict[str, object]:
    """The public key as a JWK (RFC 7517, 7518), with the members of ``more``."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e), "alg": "RS256", **more}
    point = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _integer(point.x, 32), "y": _integer(point.y, 32), **more}


def method(did: str, key_id: str, key: PublicKey, chain: Iterable[bytes] = ()) -> dict[str, Any]:
    """One entry of ``verificationMethod``; ``chain`` holds a seal's DER certificates (RFC 7517 x5c)."""
    entry: dict[str, Any] = {"id": f"{did}#{key_id}", "controller": did}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return entry | {"type": "Multikey", "publicKeyMultibase": multikey(key)}
    x5c = _x5c(chain)
    return entry | {"type": "JsonWebKey", "publicKeyJwk": jwk(key, **({"x5c": x5c} if x5c else {}))}


def document(
    did: str,
    methods: Iterable[Mapping[str, Any]],
    asserting: Iterable[str],
    stamping: Mapping[str, Iterable[bytes]] = MappingProxyType({}),
) -> dict[str, Any]:
    """A DID document: every key ever published, and the identifiers of those that may still be believed.

    ``stamping`` are the certificates (DER) under which timestamps of our seals are believed, by identifier; they are
    others' keys, so a service (DID Core, section 5.4) and no verification method.
    """
    services = [
        {"id": f"{did}#{name}", "type": "TimestampAuthority", "serviceEndpoint": {"x5c": _x5c(chain)}}
        for name, chain in stamping.items()
    ]
    return {
        "@context": list(CONTEXT),
        "id": did,
        "verificationMethod": [dict(entry) for entry in methods],
        "assertionMethod": [f"{did}#{key_id}" for key_id in asserting],
        **({"service": services} if services else {}),
    }


def seal_in_use(document: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The certificates (DER) of the seal that signs, in a document of ours: the last believed; empty without a seal."""
    chains = [
        entry["publicKeyJwk"]["x5c"]
        for entry in document["verificationMethod"]
        if entry["id"] in document["assertionMethod"] and "x5c" in entry.get("publicKeyJwk", {})
    ]
    return tuple(base64.b64decode(der) for der in chains[-1]) if chains else ()


def _x5c(chain: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(der).decode() for der in chain]


def _integer(value: int, length: int | None = None) -> str:
    """``value`` as base64url of its big-endian bytes (RFC 7518 Base64urlUInt)."""
    raw = value.to_bytes(length or (value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
