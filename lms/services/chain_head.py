"""The end of the journal's chain, signed with the certificates' Ed25519 key: kept elsewhere, it shows a cut."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature

from certificates.sign.did import read_multikey
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError, assertion_key

_MEMBERS = {"kind", "position", "hash", "at", "key", "signature"}
_KIND, _START = "journal-head", "journal-start"


class NotAHead(ValueError):
    """Not the signed end of a journal of ours: ``shape``, ``key`` (unknown or no longer believed) or ``signature``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def signed_head(keys: Keys, position: int, last: str, now: datetime) -> dict[str, Any]:
    """What a worker vouches for: at that moment the chain had ``position`` lines, and ended with the hash ``last``."""
    return _signed(_KIND, keys, position, last, now)


def signed_start(keys: Keys, position: int, last: str, now: datetime) -> dict[str, Any]:
    """The same of where the chain begins since its first lines were purged: the last of those, and its hash.

    It says another kind than a head: a head that was kept cannot pass for a start, and hide what was removed.
    """
    return _signed(_START, keys, position, last, now)


def read_head(value: Any, did_document: Mapping[str, Any]) -> tuple[int, str]:
    """(position, hash) of a signed head. Raises ``NotAHead``."""
    return _read(_KIND, value, did_document)


def read_start(value: Any, did_document: Mapping[str, Any]) -> tuple[int, str]:
    """(position, hash) of a signed start. Raises ``NotAHead``."""
    return _read(_START, value, did_document)


def _signed(kind: str, keys: Keys, position: int, last: str, now: datetime) -> dict[str, Any]:
    said = {"kind": kind, "position": position, "hash": last, "at": now.astimezone(UTC).isoformat(),
            "key": keys.method("ed")}  # fmt: skip
    return {**said, "signature": base64.urlsafe_b64encode(keys.ed25519.sign(_bytes(said))).decode()}


def _read(kind: str, value: Any, did_document: Mapping[str, Any]) -> tuple[int, str]:
    shaped = isinstance(value, dict) and set(value) == _MEMBERS and value["kind"] == kind
    if not shaped or type(value["position"]) is not int or not all(
        isinstance(value[name], str) for name in ("hash", "at", "key", "signature")
    ):  # fmt: skip
        raise NotAHead("shape")
    said = {name: value[name] for name in value if name != "signature"}
    try:
        method = assertion_key(did_document, value["key"], did_document.get("id"), "Multikey")
        key = read_multikey(method["publicKeyMultibase"])
    except (ProofError, KeyError, ValueError) as error:
        raise NotAHead("key") from error
    try:
        key.verify(base64.urlsafe_b64decode(value["signature"]), _bytes(said))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise NotAHead("signature") from error
    return value["position"], value["hash"]


def _bytes(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
