"""Credentials as JWT, signed RS256: what every Open Badges 3.0 verifier must accept.

Sources: Open Badges 3.0 section 8.2; RFC 7515, 7519; RFC 8725 for what is refused.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from certificates.sign import jsonld
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError, assertion_key

#: Claims the payload repeats from the credential; the rest of it is the credential itself.
_CLAIMS = ("iss", "jti", "sub", "nbf", "exp")
_HEADER = {"alg", "kid", "typ"}


def secure_jwt(document: Mapping[str, Any], keys: Keys) -> str:
    """The credential as a compact JWT. Raises UnsafeDocumentError as the JSON-LD form would."""
    jsonld.canonize(document, [jsonld.CREDENTIALS, jsonld.OPEN_BADGES])
    header = {"alg": "RS256", "kid": keys.method("rs256"), "typ": "JWT"}
    return jwt.encode(header, {**document, **_claims(document)}, keys.jwt_key, algorithms=["RS256"])


def check_jwt(token: str, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """The credential of a JWT whose signature holds. Raises :class:`ProofError`.

    Anything in the header that could choose another key or algorithm is refused, not ignored.
    """
    try:
        header_part, payload_part, signature_part = token.split(".")
        header, payload = (jsonld.parse(_decoded(part)) for part in (header_part, payload_part))
        _decoded(signature_part)
    except ValueError as error:
        raise ProofError("proof", "not a compact JWT") from error
    if not isinstance(header, dict) or not isinstance(payload, dict) or set(header) - _HEADER:
        raise ProofError("proof", "unexpected header")
    if header.get("alg") != "RS256" or header.get("typ") not in {"JWT", "vc+jwt"}:
        raise ProofError("proof", "another algorithm or type")
    issuer = payload.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    method = assertion_key(did_document, header.get("kid"), issuer, "JsonWebKey")
    try:
        key = RSAKey.import_key({name: method["publicKeyJwk"][name] for name in ("kty", "n", "e")})
        jwt.decode(token, key, algorithms=["RS256"])
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProofError("signature", "the signature does not match") from error
    document = {name: value for name, value in payload.items() if name not in _CLAIMS}
    try:
        jsonld.canonize(document, [jsonld.CREDENTIALS, jsonld.OPEN_BADGES])
        agree = _claims(document) == {name: payload[name] for name in _CLAIMS if name in payload}
    except (KeyError, TypeError, ValueError) as error:
        raise ProofError("terms", str(error)) from error
    if not agree:
        raise ProofError("terms", "claims and credential disagree")
    return document


def _claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """The registered claims a credential implies. Raises KeyError, TypeError, ValueError for a malformed one."""
    claims = {
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": _seconds(document["validFrom"]),
    }
    if "validUntil" in document:
        claims["exp"] = _seconds(document["validUntil"])
    return claims


def _seconds(text: str) -> int:
    """An instant as a NumericDate."""
    return int(datetime.fromisoformat(text).timestamp())


def _decoded(part: str) -> bytes:
    """Base64url without padding, in its one canonical spelling. Raises ValueError."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("not canonical base64url")
    return data
