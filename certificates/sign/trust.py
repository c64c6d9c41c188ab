"""Which of the issuer's keys may be believed, read from its DID document."""

import base64
from collections.abc import Mapping
from typing import Any


class ProofError(ValueError):
    """A signature that does not hold. ``reason`` is a stable key: ``key``, ``signature``, ``proof``, ``terms``…"""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


def assertion_key(did_document: Mapping[str, Any], method_id: object, issuer: object, kind: str) -> dict[str, Any]:
    """The verification method ``method_id``, if ``issuer`` lets it assert.

    ``kind`` is "Multikey" or "JsonWebKey". Raises :class:`ProofError`: ``issuer`` when the document is another's,
    ``key`` when the key is not there or of another kind, ``withdrawn`` when it is there but no longer believed (absent
    from ``assertionMethod``).
    Source: Controlled Identifiers 1.0, section 3.3.
    """
    did = did_document.get("id")
    if not isinstance(did, str) or issuer != did:
        raise ProofError("issuer", "issued by someone else")
    methods = (entry for entry in _listed(did_document, "verificationMethod") if isinstance(entry, dict))
    found = [entry for entry in methods if entry.get("id") == method_id]
    if method_id not in _listed(did_document, "assertionMethod"):
        raise ProofError("withdrawn" if found else "key", "this key may not assert")
    if len(found) != 1 or found[0].get("type") != kind or found[0].get("controller") != did:
        raise ProofError("key", "no such key")
    return dict(found[0])


def _listed(did_document: Mapping[str, Any], name: str) -> list[Any]:
    """A list of a DID document, which may be a stranger's; empty where it is none."""
    value = did_document.get(name)
    return value if isinstance(value, list) else []


def anchors(did_document: Mapping[str, Any]) -> list[bytes]:
    """The certificates (DER) under which the issuer believes timestamps of its seals. Raises ValueError."""
    services = did_document.get("service", ())
    stamping = [entry["serviceEndpoint"]["x5c"] for entry in services if entry.get("type") == "TimestampAuthority"]
    return [base64.b64decode(der) for chain in stamping for der in chain]
