"""A certificate as SD-JWT VC: its holder shows a line of it and keeps the others, and proves to hold it.

Sources: RFC 9901 (SD-JWT), draft-ietf-oauth-sd-jwt-vc, Token Status List (the ``status`` claim), RFC 7800 (``cnf``).
Disclosures are of one level: each of :data:`DISCLOSABLE` is shown whole or not at all.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from certificates import wording
from certificates.model import Record
from certificates.sign import jsonld
from certificates.sign.compact import decoded, encoded, read_compact
from certificates.sign.did import did_web
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError, assertion_key

MEDIA_TYPE = "dc+sd-jwt"
#: What the holder may keep to themselves. The page of the certificate shows all the rest: its address is one of these.
DISCLOSABLE = (
    "holder",
    "number",
    "track",
    "track_version",
    "duration",
    "issued_on",
    "threshold",
    "results",
    "verify_url",
)
#: Claims that say what the credential is and whether it holds: they may not be hidden (draft, section 2.2.2.3).
_OPEN = {"iss", "vct", "cnf", "status", "exp", "nbf", "kind", "title", "_sd", "_sd_alg"}
_SALT = 16


def issue(record: Record, keys: Keys, holder_key: Mapping[str, str], vct: str, status_list: str) -> str:
    """The credential with all its disclosures, for the holder of the public JWK ``holder_key``.

    ``vct`` is the address of its type, ``status_list`` that of the token that says whether it is revoked. Salts are
    drawn anew: two credentials of one certificate have nothing in common that a verifier could compare.
    """
    disclosures = [
        encoded(json.dumps([encoded(secrets.token_bytes(_SALT)), name, value], ensure_ascii=False).encode())
        for name, value in _hidden(record).items()
    ]
    payload: dict[str, Any] = {
        "iss": record.base_url,
        "vct": vct,
        "cnf": {"jwk": dict(holder_key)},
        "status": {"status_list": {"idx": record.status_index, "uri": status_list}},
        "kind": record.kind,
        "title": wording.pick(record.title, record.language),
        "_sd": sorted(_digest(disclosure) for disclosure in disclosures),
        "_sd_alg": "sha-256",
    }
    if record.valid_until:
        payload["exp"] = int(record.valid_until.timestamp())
    header = {"alg": "ES256", "kid": keys.method("es256"), "typ": MEDIA_TYPE}
    text = json.dumps(payload, ensure_ascii=False)
    signed = jws.serialize_compact(header, text, keys.wallet_key, algorithms=["ES256"])
    return "~".join([signed, *disclosures, ""])


def check(text: str, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """The claims shown by a credential without key binding, its signature and each disclosure checked.

    Raises :class:`ProofError`. Whether it has expired, is revoked or held by who shows it is for the caller to see.
    """
    signed, *disclosures = text.split("~")
    if not disclosures or disclosures.pop():
        raise ProofError("proof", "not an SD-JWT without key binding")
    header, payload = read_compact(signed)
    if set(header) != {"alg", "kid", "typ"} or header["alg"] != "ES256" or header["typ"] != MEDIA_TYPE:
        raise ProofError("proof", "another algorithm or type")
    check_signature(signed, payload.get("iss"), header["kid"], did_document)
    return _disclosed(payload, disclosures)


def check_signature(token: str, issuer: object, kid: object, did_document: Mapping[str, Any]) -> None:
    """The ES256 signature of ``token`` is that of ``issuer``, an address. Raises :class:`ProofError`."""
    try:
        did = did_web(issuer) if isinstance(issuer, str) else ""
        method = assertion_key(did_document, kid, did, "JsonWebKey")
        if "x5c" in method["publicKeyJwk"]:
            raise ProofError("key", "a seal is for documents")
        key = ECKey.import_key({name: method["publicKeyJwk"][name] for name in ("kty", "crv", "x", "y")})
        jws.deserialize_compact(token, key, algorithms=["ES256"])
    except ProofError:
        raise
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ProofError("signature", "the signature does not match") from error


def _disclosed(payload: Mapping[str, Any], disclosures: list[str]) -> dict[str, Any]:
    """The open claims and those disclosed (RFC 9901, section 7.1)."""
    digests = payload.get("_sd")
    if payload.get("_sd_alg") != "sha-256" or not isinstance(digests, list) or set(payload) - _OPEN:
        raise ProofError("terms", "not of this shape")
    if len(set(map(str, digests))) != len(digests) or len(set(disclosures)) != len(disclosures):
        raise ProofError("terms", "a digest or a disclosure is given twice")
    claims = {name: value for name, value in payload.items() if name not in {"_sd", "_sd_alg"}}
    for disclosure in disclosures:
        if _digest(disclosure) not in digests:
            raise ProofError("terms", "a disclosure is not one that was signed")
        try:
            salt, name, value = jsonld.parse(decoded(disclosure))
        except (TypeError, ValueError) as error:
            raise ProofError("terms", "a disclosure cannot be read") from error
        if not isinstance(salt, str) or not isinstance(name, str) or name not in DISCLOSABLE or name in claims:
            raise ProofError("terms", "a disclosure of something else")
        claims[name] = value
    return claims


def _hidden(record: Record) -> dict[str, Any]:
    language = record.language
    return {
        "holder": record.holder,
        "number": record.number,
        "track": wording.pick(record.track_title, language),
        "track_version": record.track_version,
        "duration": f"PT{record.minutes}M",
        "issued_on": record.issued_at.date().isoformat(),
        "threshold": wording.percent(record.threshold, language),
        "results": [
            {
                "code": module.code,
                "title": wording.pick(module.title, language),
                "score": wording.percent(module.score, language),
                "achieved_on": module.achieved_on.isoformat(),
            }
            for module in record.modules
        ],
        "verify_url": record.verify_url,
    }


def _digest(disclosure: str) -> str:
    return encoded(hashlib.sha256(disclosure.encode("ascii", "replace")).digest())
