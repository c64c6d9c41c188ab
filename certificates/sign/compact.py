"""The compact form of signed JSON (RFC 7515), read in its one canonical spelling."""

import base64
import binascii
from typing import Any

from certificates.sign import jsonld
from certificates.sign.trust import ProofError


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    """What :func:`encoded` was given. Raises ValueError for any other spelling of it."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if encoded(data) != part:
        raise ValueError("not canonical base64url")
    return data


def read_compact(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and payload of a compact JWT, whose signature is not checked here. Raises :class:`ProofError`."""
    try:
        header_part, payload_part, signature_part = token.split(".")
        header, payload = (jsonld.parse(decoded(part)) for part in (header_part, payload_part))
        decoded(signature_part)
    except ValueError as error:
        raise ProofError("proof", "not a compact JWT") from error
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise ProofError("proof", "not a compact JWT")
    return header, payload
