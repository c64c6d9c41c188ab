"""An ``id_token``, read strictly: a compact JWT signed RS256, and what it says of who, to whom and when.

Written out rather than left to a general library: the rules are few, exact, and a third of a launch's time.
"""

import json
import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from lms.lti.model import LtiError, Registration
from lms.models.clock import utcnow

#: Difference of clocks allowed, in seconds.
LEEWAY = 60
#: Oldest message, and longest life of one, in seconds.
MAX_AGE = 600
MAX_LIFE = 3600
#: Longest token read, in characters.
TOKEN_LIMIT = 64_000
#: Times past the year 9999 are not times.
LAST = 253_402_300_800

_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def strict_part(token: str, index: int) -> dict[str, Any]:
    """Header (0) or payload (1) of a compact JWT: three parts, base64url, one JSON object, no repeated key."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > TOKEN_LIMIT:
        raise LtiError("token_malformed")
    try:
        text = _decoded(parts[index]).decode()
        value = json.loads(text, object_pairs_hook=_no_repeat, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise LtiError("token_malformed") from error
    if not isinstance(value, dict):
        raise LtiError("token_malformed")
    return value


def signing_key(header: Mapping[str, Any]) -> str:
    """The id of the key a token says it is signed with. Nothing else of a header is ever believed."""
    if header.get("alg") != "RS256" or "crit" in header or "b64" in header:
        raise LtiError("algorithm_refused")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise LtiError("key_missing")
    return kid


def check_signature(token: str, key: RSAPublicKey) -> None:
    """Refuse a token that this key did not sign."""
    signed, _dot, signature = token.rpartition(".")
    if not _RS256.verify(signed.encode(), key, _decoded(signature)):
        raise LtiError("signature")


def check_claims(body: Mapping[str, Any], ours: Registration) -> None:
    """Who says it, to whom, and when (OpenID Connect Core, 3.1.3.7; LTI.md R3). Raises ``LtiError``."""
    _check_times(body)
    if body.get("iss") != ours.issuer:
        raise LtiError("issuer")
    audience = body.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or ours.client_id not in audiences:
        raise LtiError("audience")
    if (len(audiences) > 1 or "azp" in body) and body.get("azp") != ours.client_id:
        raise LtiError("azp")


def _check_times(body: Mapping[str, Any]) -> None:
    now = utcnow().timestamp()
    expires, issued = _moment(body, "exp"), _moment(body, "iat")
    begins = _moment(body, "nbf") if "nbf" in body else issued
    if expires <= now - LEEWAY:
        raise LtiError("clock", "the message has expired")
    if max(issued, begins) > now + LEEWAY:
        raise LtiError("clock", "the message comes from the future")
    if issued < now - MAX_AGE - LEEWAY:
        raise LtiError("clock", "the message is too old")
    if expires > now + MAX_LIFE + LEEWAY:
        raise LtiError("clock", "the message lives too long")


def _moment(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    # A bool is an int and infinity a float; neither is a NumericDate (RFC 7519, section 2).
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST:
        raise LtiError("token_claims", name)
    return value


def _decoded(part: str) -> bytes:
    if not _BASE64URL.fullmatch(part):
        raise LtiError("token_malformed")
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except Base64Error as error:
        raise LtiError("token_malformed") from error


def _no_repeat(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)
