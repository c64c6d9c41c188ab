"""The documents by which a wallet learns what is issued, where and how.

Sources: OpenID for Verifiable Credential Issuance 1.0, sections 4.1 and 12.2; RFC 8414; SD-JWT VC (draft), sections
5 (keys of the issuer) and 6 (type metadata).
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from certificates.sign import sd_jwt
from certificates.wallet.proof import ALGORITHM

SD_JWT = "certificate_sd_jwt"
VC_JWT = "certificate_vc_jwt"
#: What may be asked for: one certificate in two forms.
CONFIGURATIONS = (SD_JWT, VC_JWT)
PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
#: Figures of the code typed in the wallet.
CODE_LENGTH = 6

_NAMES = {"fr": "Certificat de formation", "en": "Training certificate"}
_CLAIMS = {
    "title": {"fr": "Intitulé", "en": "Title"},
    "kind": {"fr": "Nature", "en": "Type"},
    "holder": {"fr": "Titulaire", "en": "Holder"},
    "number": {"fr": "Numéro", "en": "Number"},
    "track": {"fr": "Parcours", "en": "Track"},
    "track_version": {"fr": "Version du parcours", "en": "Version of the track"},
    "duration": {"fr": "Durée suivie", "en": "Time followed"},
    "issued_on": {"fr": "Délivré le", "en": "Issued on"},
    "threshold": {"fr": "Seuil", "en": "Threshold"},
    "results": {"fr": "Résultats", "en": "Results"},
    "verify_url": {"fr": "Page de vérification", "en": "Verification page"},
}


def vct(base_url: str) -> str:
    """The type of our SD-JWT credentials, and the address of its description."""
    return f"{base_url}/oid4vci/types/certificate"


def issuer_metadata(base_url: str, name: Mapping[str, str]) -> dict[str, Any]:
    """What is issued at ``base_url`` by the institution of that ``name``, in each language."""
    described = {
        "cryptographic_binding_methods_supported": ["jwk"],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": [ALGORITHM]}},
    }
    display = [{"name": _NAMES[language], "locale": language} for language in _NAMES]
    claims = [
        {"path": [claim], "display": [{"name": names[language], "locale": language} for language in names]}
        for claim, names in _CLAIMS.items()
    ]
    return {
        "credential_issuer": base_url,
        "credential_endpoint": f"{base_url}/oid4vci/credential",
        "deferred_credential_endpoint": f"{base_url}/oid4vci/deferred_credential",
        "nonce_endpoint": f"{base_url}/oid4vci/nonce",
        "display": [{"name": name[language], "locale": language} for language in name],
        "credential_configurations_supported": {
            SD_JWT: {
                "format": sd_jwt.MEDIA_TYPE,
                "vct": vct(base_url),
                "credential_signing_alg_values_supported": ["ES256"],
                "credential_metadata": {"display": display, "claims": claims},
                **described,
            },
            VC_JWT: {
                "format": "jwt_vc_json",
                "credential_definition": {"type": ["VerifiableCredential", "OpenBadgeCredential"]},
                "credential_signing_alg_values_supported": ["RS256"],
                "credential_metadata": {"display": display},
                **described,
            },
        },
    }


def authorization_metadata(base_url: str) -> dict[str, Any]:
    """How a token is had: with a code offered beforehand, and no other way."""
    return {
        "issuer": base_url,
        "token_endpoint": f"{base_url}/oid4vci/token",
        "grant_types_supported": [PRE_AUTHORIZED],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["none"],
        "pre-authorized_grant_anonymous_access_supported": True,
    }


def type_metadata(base_url: str) -> dict[str, Any]:
    """What the type of our SD-JWT credentials means, and which of its lines the holder may keep back."""
    return {
        "vct": vct(base_url),
        "name": _NAMES["en"],
        "display": [{"locale": language, "name": _NAMES[language]} for language in _NAMES],
        "claims": [
            {
                "path": [claim],
                "sd": "allowed" if claim in sd_jwt.DISCLOSABLE else "never",
                "display": [{"locale": language, "label": names[language]} for language in names],
            }
            for claim, names in _CLAIMS.items()
        ],
    }


def key_metadata(base_url: str, did_document: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that sign SD-JWT credentials and their lists: those the DID document lets assert, as a JWK set."""
    asserting = did_document.get("assertionMethod", ())
    keys = [
        {**method["publicKeyJwk"], "kid": method["id"], "alg": "ES256", "use": "sig"}
        for method in did_document.get("verificationMethod", ())
        if method["id"] in asserting and method.get("publicKeyJwk", {}).get("crv") == "P-256"
        if "x5c" not in method["publicKeyJwk"]  # a seal, for documents
    ]
    return {"issuer": base_url, "jwks": {"keys": keys}}


def offer_link(base_url: str, code: str) -> str:
    """The link, and the text of the QR code, by which a wallet takes a certificate up."""
    offer = {
        "credential_issuer": base_url,
        "credential_configuration_ids": list(CONFIGURATIONS),
        "grants": {
            PRE_AUTHORIZED: {
                "pre-authorized_code": code,
                "tx_code": {"input_mode": "numeric", "length": CODE_LENGTH},
            }
        },
    }
    return "openid-credential-offer://?credential_offer=" + quote(json.dumps(offer, separators=(",", ":")), safe="")
