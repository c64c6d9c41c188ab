"""What providers of identity, devices, wallets, browsers and programs say to us."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import webauthn
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from flask_login import LoginManager
from joserfc.jwk import ECKey
from werkzeug.datastructures import MultiDict

from certificates.sign.trust import ProofError
from certificates.wallet.proof import TYPE, holder_key
from lms import api_parameters
from lms.cookies import CookieSessions
from lms.errors import Refused
from lms.i18n import init_i18n
from lms.oidc.checks import check_id_token, check_userinfo
from lms.oidc.model import OidcError
from lms.oidc.published import read_keys
from lms.services import passkeys
from lms.services.api_resources import RESOURCES
from tests.factors_in_test import ORIGIN, RP_ID, Device
from tests.fuzz.doors.platforms import ISSUER, KEYS, PROVIDER, SECRET, dumps, parsed, signed
from tests.fuzz.target import Target
from tests.platform_in_test import b64


def _identity(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER, "aud": "tool", "sub": "s", "iat": now, "exp": now + 300, "nonce": "n", "email": "a@example.org",
        "email_verified": True, "given_name": "Ada", "usual_name": "M", "uid": "1", "siret": "13002526500013", **more,
    }  # fmt: skip


def _oidc(content: bytes) -> None:
    found = read_keys(KEYS)
    token = signed(content)
    for read in (
        lambda: check_id_token(token, PROVIDER, "n", "access", lambda: found, lambda: found),
        lambda: check_userinfo(token.encode(), "application/jwt", PROVIDER, "s", lambda: found, lambda: found),
        lambda: check_userinfo(content, "application/json", PROVIDER, "s", lambda: found, lambda: found),
        lambda: check_id_token(content.decode("latin-1"), PROVIDER, "n", "a", lambda: found, lambda: found),
    ):
        with suppress(OidcError):
            read()


@cache
def _wallet_key() -> ECKey:
    return ECKey.generate_key("P-256")


def _proofs() -> list[bytes]:
    claims = {"aud": "https://tool.example.org", "iat": int(time.time()), "nonce": "n"}
    header = {"alg": "ES256", "typ": TYPE, "jwk": _wallet_key().as_dict(private=False)}
    return dumps({"header": header, "claims": claims})


def wallet_proof(claims: Any, now: datetime, header: Any = None) -> object:
    """What is read of a proof that a wallet signed well, whatever it says."""
    ours = {"alg": "ES256", "typ": TYPE, "jwk": _wallet_key().as_dict(private=False)}
    head = b64(json.dumps(ours if header is None else header)) + "." + b64(json.dumps(claims))
    left, right = decode_dss_signature(_wallet_key().private_key.sign(head.encode(), ECDSA(SHA256())))
    signature = left.to_bytes(32, "big") + right.to_bytes(32, "big")
    return holder_key(f"{head}.{b64(signature)}", "https://tool.example.org", now)


def _proof(said: Any) -> None:
    if isinstance(said, dict):
        wallet_proof(said.get("claims"), datetime.now(UTC), said.get("header"))


DEVICE = Device()
CHALLENGE = b"c" * 32


def _passkey_seeds() -> list[bytes]:
    asked = {
        "challenge": webauthn.helpers.bytes_to_base64url(CHALLENGE),
        "user": {"id": webauthn.helpers.bytes_to_base64url(b"u")},
    }
    return [DEVICE.create(asked).encode(), DEVICE.get(asked).encode()]


class _NoRows:
    """A database in which there is no passkey."""

    def scalars(self, _query: Any) -> Any:
        return SimpleNamespace(first=lambda: None)

    def add(self, _row: Any) -> None: ...

    def flush(self) -> None: ...


def _passkey(content: bytes) -> None:
    """What the browser says a device gave, at its registration and at a sign-in."""
    text, site = content.decode("utf-8", "replace"), passkeys.Site(RP_ID, ORIGIN)
    row = SimpleNamespace(account_id=1, challenge=webauthn.helpers.bytes_to_base64url(CHALLENGE), token_hash="x")
    taken, passkeys._taken = passkeys._taken, lambda *_said: row
    try:
        with suppress(passkeys.PasskeyRefused):
            passkeys.register(_NoRows(), site, "t", SimpleNamespace(id=1), "key", text)
        with suppress(passkeys.PasskeyRefused):
            passkeys.sign_in(_NoRows(), site, SECRET, "t", text)
    finally:
        passkeys._taken = taken


@cache
def _bare() -> Flask:
    app = Flask("fuzz")
    app.secret_key = SECRET
    app.session_interface = CookieSessions(app)
    init_i18n(app)
    LoginManager(app).request_loader(lambda _request: None)
    app.add_url_rule("/", view_func=lambda: "")
    return app


def _api_seeds() -> list[bytes]:
    first = next(iter(RESOURCES.values()))
    said = [
        ("cursor", api_parameters.cursor(first, 3, datetime(2026, 11, 27, tzinfo=UTC), SECRET)), ("limit", "50"),
        ("changed_since", "2026-11-26T08:30:00Z"), ("id", "0b9d6f6e-6a52-4d8a-9d0e-0d1f5f0c5b11"), ("ok", "true"),
    ]  # fmt: skip
    return [f"{name}={value}".encode() for name, value in said]


def _api(content: bytes) -> None:
    name, _sign, text = content.decode("utf-8", "replace").partition("=")
    with _bare().test_request_context("/"):
        for resource in RESOURCES.values():
            for args in (MultiDict([(name, text)]), MultiDict([("cursor", text)]), MultiDict([("limit", text)])):
                with suppress(Refused):
                    api_parameters.asked(resource, args, SECRET, datetime(2026, 11, 27, tzinfo=UTC))
        for kind in ("string", "integer", "boolean", "date-time", "uuid"):
            with suppress(Refused):
                api_parameters.value(name, kind, text)
        with suppress(Refused):
            api_parameters.year_asked(MultiDict([("year", text)]), range(2020, 2030))


def _cookies() -> list[bytes]:
    app = _bare()
    serializer = app.session_interface.get_signing_serializer(app)
    assert serializer is not None
    return [serializer.dumps({"sid": "x" * 43, "language": "fr"}).encode()]


def _cookie(content: bytes) -> None:
    value = content.decode("latin-1").translate({10: None, 13: None, 0: None})
    with _bare().test_request_context("/", headers={"Cookie": f"session={value}"}) as context:
        context.session.get("sid")


TARGETS = [
    Target("openid answers", _oidc, (), lambda: dumps(_identity()), ("lms.oidc.checks",), "json"),
    Target("wallet proof", parsed(_proof), (ProofError,), _proofs, ("certificates.wallet.proof",), "json"),
    Target("passkey answers", _passkey, (), _passkey_seeds, ("lms.services.passkeys",), "json"),
    Target("api parameters and cursors", _api, (), _api_seeds, ("lms.api_parameters",)),
    Target("session cookie", _cookie, (), _cookies, ("lms.cookies",)),
]  # fmt: skip
