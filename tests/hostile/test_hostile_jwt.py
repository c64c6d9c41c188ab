"""Tokens that prove nothing (LTI.md J1 to J20)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lms.lti import http, jwks
from lms.lti.http import Outbound
from lms.lti.jwks import PlatformKeys
from lms.lti.model import LtiError
from tests.hostile.conftest import Court
from tests.platform_in_test import ABSENT, PlatformInTest, b64, jwk, rsa_key

Forge = Callable[[PlatformInTest, dict[str, Any]], str]


def hs256(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    """Signed with the public key as if it were a shared secret."""
    secret = platform.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64(json.dumps({'alg': 'HS256', 'kid': platform.kid}))}.{b64(json.dumps(claims))}"
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def unsigned(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    return f"{b64(json.dumps({'alg': 'none', 'kid': platform.kid}))}.{b64(json.dumps(claims))}."


def rs512(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, platform.key, algorithm="RS512", headers={"kid": platform.kid})


def tampered(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    head, _payload, signature = platform.sign(claims).split(".")
    return f"{head}.{b64(json.dumps({**claims, 'sub': 'the-director'}))}.{signature}"


def by_another_platform(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    other = PlatformInTest(platform.app, "other")
    return platform.sign(claims, key=other.key, header={"kid": other.kid})


def twice(name: str, platform: PlatformInTest, claims: dict[str, Any]) -> str:
    """One key repeated: two readers could each see another value."""
    return platform.sign(json.dumps(claims)[:-1] + f', "{name}": {json.dumps(claims[name])}}}')


def self_described(name: str) -> Forge:
    """The attacker's own key, offered in the header."""
    mine = rsa_key("attacker")
    offers = {"jwk": jwk(mine, "mine"), "jku": "https://evil.example.org/jwks", "x5u": "https://evil.example.org/c"}
    return lambda platform, claims: platform.sign(claims, key=mine, header={name: offers[name]})


FORGED: dict[str, Forge] = {
    "J1 one part": lambda _platform, claims: b64(json.dumps(claims)),
    "J1 two parts": lambda platform, claims: platform.sign(claims).rpartition(".")[0],
    "J1 five parts": lambda platform, claims: platform.sign(claims) + ".e30.e30",
    "J1 three empty parts": lambda _platform, _claims: "..",
    "J2 signature is not base64": lambda platform, claims: platform.sign(claims)[:-4] + "!*§é",
    "J2 payload is not base64url": lambda platform, claims: platform.sign(claims, part=lambda text: b64(text) + "!"),
    "J2 payload in lines": lambda platform, claims: platform.sign(claims, part=lambda text: b64(text) + "\n"),
    "J2 payload is no text": lambda platform, claims: platform.sign(claims, part=lambda _text: b64(b"\xff\xfe{")),
    "J3 payload is a list": lambda platform, claims: platform.sign(json.dumps([claims])),
    "J3 payload is a string": lambda platform, _claims: platform.sign('"learner-1"'),
    "J3 payload is null": lambda platform, _claims: platform.sign("null"),
    "J3 payload is no JSON": lambda platform, _claims: platform.sign("{sub: learner-1}"),
    "J3 payload is ten thousand lists": lambda platform, _claims: platform.sign("[" * 10_000),
    "J4 sub twice": lambda platform, claims: twice("sub", platform, claims),
    "J4 aud twice": lambda platform, claims: twice("aud", platform, claims),
    "J5 alg none": unsigned,
    "J5 alg none with a signature": lambda platform, claims: platform.sign(claims, header={"alg": "none"}),
    "J5 alg None": lambda platform, claims: platform.sign(claims, header={"alg": "None"}),
    "J6 HS256 keyed with the public key": hs256,
    "J7 alg RS512": rs512,
    "J7 no alg": lambda platform, claims: platform.sign(claims, header={"alg": ABSENT}),
    "J7 alg is a list": lambda platform, claims: platform.sign(claims, header={"alg": ["RS256"]}),
    "J8 no kid": lambda platform, claims: platform.sign(claims, header={"kid": ABSENT}),
    "J8 kid is a list": lambda platform, claims: platform.sign(claims, header={"kid": [platform.kid]}),
    "J8 empty kid": lambda platform, claims: platform.sign(claims, header={"kid": ""}),
    "J9 unknown kid": lambda platform, claims: platform.sign(claims, header={"kid": "unknown"}),
    "J10 right kid, wrong key": lambda platform, claims: platform.sign(claims, key=rsa_key("attacker")),
    "J11 another platform's key and kid": by_another_platform,
    "J12 jwk in the header": self_described("jwk"),
    "J12 jku in the header": self_described("jku"),
    "J12 x5u in the header": self_described("x5u"),
    "J13 crit": lambda platform, claims: platform.sign(claims, header={"crit": ["exp"]}),
    "J13 unencoded payload": lambda platform, claims: platform.sign(claims, header={"b64": False, "crit": ["b64"]}),
    "J13 b64 without crit": lambda platform, claims: platform.sign(claims, header={"b64": False}),
    "J16 payload changed": tampered,
    "J16 signature cut": lambda platform, claims: platform.sign(claims)[:-10],
    "J16 no signature": lambda platform, claims: platform.sign(claims).rpartition(".")[0] + ".",
    "J20 kid is a path": lambda platform, claims: platform.sign(claims, header={"kid": "../../../etc/passwd"}),
    "J20 kid is SQL": lambda platform, claims: platform.sign(claims, header={"kid": "' union select 1 --"}),
    "J20 kid with a NUL": lambda platform, claims: platform.sign(claims, header={"kid": platform.kid + "\x00"}),
    "J20 kid of half a character": lambda platform, claims: platform.sign(claims, header={"kid": "\ud800"}),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_refused_token(court: Court, forge: Forge) -> None:
    state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, forge(court.platform, court.platform.claims(nonce))))


def test_the_same_token_unforged_is_accepted(court: Court) -> None:
    """So that each refusal above is for its own reason."""
    court.accepts(court.launch())


def test_j9_an_unknown_kid_asks_the_platform_once(court: Court) -> None:
    court.accepts(court.launch())
    for _turn in range(3):
        state, nonce = court.platform.begin(court.browser)
        court.answer(state, court.platform.sign(court.platform.claims(nonce), header={"kid": "unknown"}))
    # One fetch for the first launch; within a minute of it no other.
    assert court.platform.network.asked == [court.platform.jwks_url]


def test_j9_a_rotated_key_is_found_after_a_minute(court: Court, clock: "Clock") -> None:
    court.accepts(court.launch())
    rotate(court.platform)
    clock.advance(61)
    court.accepts(court.launch())
    assert court.platform.network.asked == [court.platform.jwks_url] * 2


WEAK = {
    "J14 use=enc": {"use": "enc"},
    "J14 alg of the key is RS512": {"alg": "RS512"},
    "J14 kty=EC": {"kty": "EC"},
    "J14 no modulus": {"n": ""},
    "J14 modulus is a number": {"n": 5},
    "J14 even exponent": {"e": b64(b"\x02")},
}


@pytest.mark.parametrize("changes", WEAK.values(), ids=WEAK)
def test_refused_key(court: Court, changes: dict[str, Any]) -> None:
    publish(court.platform, {"keys": [jwk(court.platform.key, court.platform.kid, **changes)]})
    court.refuses(court.launch(), "lti_key_unknown")


def test_j15_rsa_under_2048_bits(court: Court) -> None:
    court.platform.key = rsa_key("short", 1024)
    court.refuses(court.launch(), "lti_key_unknown")


def test_j17_a_revoked_key_is_refused_after_the_refresh(court: Court, clock: "Clock") -> None:
    court.accepts(court.launch())
    revoked = court.platform.key
    rotate(court.platform)
    clock.advance(3601)
    court.browser.delete_cookie("mpia")
    court.before = court._kept()
    state, nonce = court.platform.begin(court.browser)
    claims = court.platform.claims(nonce)
    court.refuses(
        court.answer(state, court.platform.sign(claims, key=revoked, header={"kid": "key-of-lms"})), "lti_key_unknown"
    )


BROKEN: dict[str, Any] = {
    "J18 unreachable": LtiError("unreachable"),
    "J18 HTTP 500": LtiError("answer_status", "500"),
    "J18 HTML": LtiError("answer_not_json"),
    "J18 no keys": {},
    "J18 keys is an object": {"keys": {}},
    "J18 a list": [],
    "J18 nothing": None,
    "J18 keys of all sorts": {"keys": [None, 5, "key", [], {}, {"kid": 5}]},
}


@pytest.mark.parametrize("document", BROKEN.values(), ids=BROKEN)
def test_a_broken_key_set_is_refused(court: Court, document: Any) -> None:
    publish(court.platform, document)
    court.refuses(court.launch())


@pytest.mark.parametrize("document", list(BROKEN.values())[:-1], ids=list(BROKEN)[:-1])
def test_a_broken_key_set_is_not_kept(court: Court, document: Any) -> None:
    """The next launch asks again, and works."""
    publish(court.platform, document)
    court.launch()
    publish(court.platform, {"keys": [jwk(court.platform.key, court.platform.kid)]})
    court.accepts(court.launch())


@pytest.mark.parametrize("document", list(BROKEN.values())[:-1], ids=list(BROKEN)[:-1])
def test_known_keys_serve_while_the_platform_is_broken(court: Court, clock: "Clock", document: Any) -> None:
    court.accepts(court.launch())
    publish(court.platform, document)
    clock.advance(2 * 3600)
    court.accepts(court.launch())
    clock.advance(24 * 3600)
    answer = court.launch()
    assert answer.status_code == 400


class Stranger:
    """Key sets served over HTTP by a loopback server that misbehaves."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        from flask import Flask

        from lms.devlms import serve

        app = Flask("stranger")
        self.asked: list[str] = []

        @app.get("/<path:path>")
        def anything(path: str) -> Any:
            self.asked.append(path)
            return answer()

        self.server = serve(app, "127.0.0.1", 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/jwks"


def slow() -> Any:
    """One byte now and then, for ever: no single wait is long."""

    def drip() -> Any:
        import time

        for _turn in range(200):
            yield b" "
            time.sleep(0.05)

    return drip()


def huge() -> Any:
    return (b" " * 100_000 for _turn in range(100))


def redirecting() -> Any:
    return b"", 302, {"Location": "/private"}


def bottomless() -> Any:
    return b"[" * 1_000_000


def html() -> Any:
    return "<html><body>Maintenance</body></html>"


def no_text() -> Any:
    return b"\xff\xfe\xff", 200, {"Content-Type": "application/json"}


def failing() -> Any:
    return {"error": "down"}, 500


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        pytest.param(slow, "unreachable", id="J19 slow"),
        pytest.param(huge, "answer_too_large", id="J19 huge"),
        pytest.param(redirecting, "answer_status", id="J19 redirecting"),
        pytest.param(bottomless, "answer_not_json", id="J19 nested without end"),
        pytest.param(html, "answer_not_json", id="J18 HTML over HTTP"),
        pytest.param(no_text, "answer_not_json", id="J18 no text over HTTP"),
        pytest.param(failing, "answer_status", id="J18 500 over HTTP"),
    ],
)
def test_key_sets_over_http(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any], cause: str) -> None:
    monkeypatch.setattr(http, "DEADLINE", 0.5)
    stranger, outbound = Stranger(answer), Outbound(("127.0.0.1",))
    try:
        with pytest.raises(LtiError) as refusal:
            PlatformKeys(outbound).fetch(stranger.url)
        assert refusal.value.cause == cause
        assert stranger.asked == ["jwks"]
    finally:
        stranger.server.stop()
        outbound.close()


class Clock:
    """The time of the key cache, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(jwks, "time", made)
    return made


def publish(platform: PlatformInTest, document: Any) -> None:
    """What the platform's key set address answers from now on."""
    platform.network.answers[platform.jwks_url] = lambda: document


def rotate(platform: PlatformInTest) -> None:
    platform.key, platform.kid = rsa_key("rotated"), "key-after"
    publish(platform, {"keys": [jwk(platform.key, platform.kid)]})
