"""A small wallet: it takes an offer up, proves its key and collects a credential (OpenID4VCI 1.0)."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from certificates.wallet.metadata import PRE_AUTHORIZED
from lms.models import utcnow


def read_offer(link: str) -> dict[str, Any]:
    """The offer of a link."""
    parts = urlsplit(link)
    assert parts.scheme == "openid-credential-offer"
    found: dict[str, Any] = json.loads(parse_qs(parts.query)["credential_offer"][0])
    return found


def proof_of(issuer: str, nonce: str, key: ECKey | None = None, header: Any = (), claims: Any = ()) -> str:
    """A proof of a key, by default a new one; ``header`` and ``claims`` change what is in it."""
    key = key or ECKey.generate_key("P-256")
    head = {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": key.as_dict(private=False), **dict(header)}
    said = {"aud": issuer, "iat": int(utcnow().timestamp()), "nonce": nonce, **dict(claims)}
    return jws.serialize_compact(head, json.dumps(said), key, algorithms=["ES256"])


class WalletInTest:
    """Speaks to the issuer at its own addresses; every answer is kept as it came."""

    def __init__(self, client: FlaskClient, link: str) -> None:
        self.client, self.offer = client, read_offer(link)
        self.key = ECKey.generate_key("P-256")
        self.issuer: dict[str, Any] = self._read("/.well-known/openid-credential-issuer")
        self.server: dict[str, Any] = self._read("/.well-known/oauth-authorization-server")
        self.token = ""

    def _read(self, path: str) -> dict[str, Any]:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def claim(self, figures: str, **changed: str) -> TestResponse:
        """Ask for a token, and keep it."""
        code = self.offer["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
        form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code, "tx_code": figures, **changed}
        answer = self.client.post(_path(self.server["token_endpoint"]), data=form)
        if answer.status_code == 200:
            self.token = answer.get_json()["access_token"]
        return answer

    def nonce(self) -> str:
        """A fresh nonce."""
        return str(self.client.post(_path(self.issuer["nonce_endpoint"])).get_json()["c_nonce"])

    def proof(self, nonce: str | None = None, header: Any = (), claims: Any = (), key: ECKey | None = None) -> str:
        """A proof of the wallet's key; ``header`` and ``claims`` change what is in it."""
        head = {"jwk": self.key.as_dict(private=False), **dict(header)}
        nonce = self.nonce() if nonce is None else nonce
        return proof_of(self.issuer["credential_issuer"], nonce, key or self.key, head, claims)

    def ask(self, configuration: str, proof: str | None = None, token: str | None = None, **body: Any) -> TestResponse:
        """Ask for a credential."""
        wanted = {
            "credential_configuration_id": configuration,
            "proofs": {"jwt": [self.proof() if proof is None else proof]},
        }
        return self.client.post(
            _path(self.issuer["credential_endpoint"]), json={**wanted, **body}, headers=self._headers(token)
        )

    def collect(self, number: object, token: str | None = None) -> TestResponse:
        """Ask for what was signed."""
        door = _path(self.issuer["deferred_credential_endpoint"])
        return self.client.post(door, json={"transaction_id": number}, headers=self._headers(token))

    def _headers(self, token: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token if token is None else token}"}


def _path(url: str) -> str:
    return urlsplit(url).path
