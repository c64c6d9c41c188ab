"""Credentials as JWT, signed RS256: what every Open Badges 3.0 verifier must accept.

Sources: Open Badges 3.0 section 8.2; RFC 7515, 7519; RFC 8725 for what is refused.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from certificates.sign import jsonld
from certificates.sign.compact import read_compact
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError, assertion_key

#: Claims the payload repeats from the credential; the rest of it is the credential itself.
_CLAIMS = ("iss", "jti", "sub", "nbf", "exp")
_HEADER = {"alg", "kid", "typ"}


def secure_jwt(document: Mapping[str, Any], keys: Keys, holder_key: Mapping[str, str] | None = None) -> str:
    """The credential as a compact JWT. Raises UnsafeDocumentError as the JSON-LD form would.

    With ``holder_key`` (a public JWK) it is bound to the wallet that holds it (RFC 7800, ``cnf``).
    """
    jsonld.canonize(document, [jsonld.CREDENTIALS, jsonld.OPEN_BADGES])
    header = {"alg": "RS256", "kid": keys.method("rs256"), "typ": "vc+jwt" if holder_key else "JWT"}
    bound = {"cnf": {"jwk": dict(holder_key)}} if holder_key else {}
    return jwt.encode(header, {**document, **_claims(document), **bound}, keys.jwt_key, algorithms=["RS256"])


def check_jwt(token: str, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """The credential of a JWT whose signature holds. Raises :class:`ProofError`.

    Anything in the header that could choose another key or algorithm is refused, not ignored.
    """
    header, payload = read_compact(token)
    if set(header) - _HEADER:
        raise ProofError("proof", "unexpected header")
    if header.get("alg") != "RS256" or header.get("typ") not in ("JWT", "vc+jwt"):
        raise ProofError("proof", "another algorithm or type")
    issuer = payload.get("issuer")
    issuer = issuer.get("id") if isinstance(issuer, dict) else issuer
    method = assertion_key(did_document, header.get("kid"), issuer, "JsonWebKey")
    try:
        key = RSAKey.import_key({name: method["publicKeyJwk"][name] for name in ("kty", "n", "e")})
        jwt.decode(token, key, algorithms=["RS256"])
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProofError("signature", "the signature does not match") from error
    document = {name: value for name, value in payload.items() if name not in {*_CLAIMS, "cnf"}}
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
