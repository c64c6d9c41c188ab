"""Data Integrity proofs with the cryptosuite ``eddsa-rdfc-2022``.

Source: Data Integrity EdDSA Cryptosuites v1.0, sections 3.2.1 to 3.2.7.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import base58
from cryptography.exceptions import InvalidSignature

from certificates.sign import did, jsonld
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError, assertion_key

CRYPTOSUITE = "eddsa-rdfc-2022"
_MEMBERS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}


def instant(moment: datetime) -> str:
    """An aware datetime as XML Schema writes it, in UTC: ``2026-11-12T09:30:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def secure_jsonld(document: Mapping[str, Any], keys: Keys, created: datetime | None = None) -> dict[str, Any]:
    """``document`` with its proof. ``created`` is by default its ``validFrom``.

    The same document and key then give the same bytes, so a credential can be made again identical.
    Raises :class:`~certificates.sign.jsonld.UnsafeDocumentError` if any part would stay unsigned.
    """
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": instant(created) if created else document["validFrom"],
        "verificationMethod": keys.method("ed"),
        "proofPurpose": "assertionMethod",
    }
    signature = keys.ed25519.sign(_hash_data(document, options))
    return {**document, "proof": {**options, "proofValue": "z" + base58.b58encode(signature).decode()}}


def check_jsonld(secured: Mapping[str, Any], did_document: Mapping[str, Any]) -> dict[str, Any]:
    """The document whose single proof holds, without it. Raises :class:`ProofError`."""
    document = {key: value for key, value in secured.items() if key != "proof"}
    proof = secured.get("proof")
    if not isinstance(proof, dict) or set(proof) != _MEMBERS or not all(isinstance(v, str) for v in proof.values()):
        raise ProofError("proof", "not exactly one proof of the expected shape")
    if proof["type"] != "DataIntegrityProof" or proof["cryptosuite"] != CRYPTOSUITE:
        raise ProofError("proof", "another kind of proof")
    if proof["proofPurpose"] != "assertionMethod":
        raise ProofError("purpose", "the proof was made for another purpose")
    issuer = document.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    method = assertion_key(did_document, proof["verificationMethod"], issuer, "Multikey")
    options = {key: value for key, value in proof.items() if key != "proofValue"}
    try:
        key = did.read_multikey(method["publicKeyMultibase"])
        data = _hash_data(document, options)
        key.verify(_signature(proof["proofValue"]), data)
    except jsonld.UnsafeDocumentError as error:
        raise ProofError("terms", str(error)) from error
    except (InvalidSignature, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProofError("signature", "the signature does not match") from error
    return document


def _hash_data(document: Mapping[str, Any], options: Mapping[str, str]) -> bytes:
    """What is signed: SHA-256 of the proof's options, then of the document, both canonical (section 3.2.4)."""
    contexts = document.get("@context")
    if contexts not in ([jsonld.CREDENTIALS, jsonld.OPEN_BADGES], [jsonld.CREDENTIALS]):
        raise jsonld.UnsafeDocumentError("unexpected @context")
    config = {"@context": contexts, **options}
    return b"".join(hashlib.sha256(jsonld.canonize(part, contexts)).digest() for part in (config, document))


def _signature(text: str) -> bytes:
    """The 64 bytes of a base58btc proof value. Raises ValueError."""
    raw = base58.b58decode(text[1:]) if text[:1] == "z" else b""
    if len(raw) != 64:
        raise ValueError("not an Ed25519 signature")
    return raw
