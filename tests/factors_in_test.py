"""What accounts sign in with beside a password, in tests: an app, and a passkey that needs no browser."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from werkzeug.test import TestResponse

from tests.account_in_test import PASSWORD
from tests.platform_in_test import form_token

ORIGIN, RP_ID = "http://localhost:8000", "localhost"
#: Flags of authenticator data (WebAuthn, section 6.1): present, verified, with a credential.
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@dataclass
class Device:
    """An authenticator with one passkey (ES256), which can be told to misbehave."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    verified: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    user: bytes = b""

    def create(self, options: dict[str, Any]) -> str:
        """What the browser gives for a new passkey, as JSON."""
        self.user = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._data(ATTESTED) + attested
        response = {"attestationObject": cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})}
        return self._sent("webauthn.create", options["challenge"], response)

    def get(self, options: dict[str, Any]) -> str:
        """What the browser gives when the passkey signs, as JSON."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {"authenticatorData": data, "signature": signature, "userHandle": self.user}
        return self._sent("webauthn.get", options["challenge"], response)

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verified else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _sent(self, kind: str, challenge: str, response: dict[str, bytes]) -> str:
        whole = {"clientDataJSON": self._client(kind, challenge), **response}
        identity = bytes_to_base64url(self.credential_id)
        encoded = {name: bytes_to_base64url(value) for name, value in whole.items()}
        return json.dumps({"id": identity, "rawId": identity, "type": "public-key", "response": encoded})


def post(browser: FlaskClient, path: str, **values: str) -> TestResponse:
    """Send a form of ours."""
    return browser.post(path, data={"csrf_token": form_token(browser.get("/verify")), **values})


def first_step(browser: FlaskClient, email: str, path: str = "/account/login") -> TestResponse:
    """Give address and password."""
    return post(browser, path, username=email, password=PASSWORD)


def set_app_up(browser: FlaskClient) -> tuple[str, list[str]]:
    """Set an app up; gives its secret and the recovery codes shown."""
    assert post(browser, "/account/factors/app", password=PASSWORD).status_code == 303
    page = browser.get("/account/factors/app/code")
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)
    assert found is not None
    secret = found[1].replace(" ", "")
    answer = post(browser, "/account/factors/app/code", code=pyotp.TOTP(secret).now())
    return secret, shown_codes(answer)


def shown_codes(page: TestResponse) -> list[str]:
    """The recovery codes of a page."""
    return re.findall(r'class="hash">([a-z2-7]{4}(?:-[a-z2-7]{4}){5})<', page.text)


def add_passkey(browser: FlaskClient, device: Device, name: str = "laptop", password: str = PASSWORD) -> TestResponse:
    """Register the passkey of a device, as the page's script does."""
    asked = post(browser, "/account/passkeys/options", name=name, password=password)
    if asked.status_code != 200:
        return asked
    return post(browser, "/account/passkeys/new", name=name, credential=device.create(asked.get_json()))


def use_passkey(browser: FlaskClient, device: Device, **more: str) -> TestResponse:
    """Sign in with the passkey of a device, as the page's script does."""
    asked = post(browser, "/account/passkeys/sign-in/options")
    return post(browser, "/account/passkeys/sign-in", credential=device.get(asked.get_json()), **more)
