"""Tokens that prove nothing (LTI.md J1 to J20)."""

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.hostile.court import Court, case
from tests.hostile.network import Reply, drops
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


@case("J11 another platform's key and kid")
def test_the_key_of_another_platform(court: Court) -> None:
    other = court.another("other")
    state, nonce = court.platform.begin(court.browser)
    token = court.platform.sign(court.platform.claims(nonce), key=other.key, header={"kid": other.kid})
    court.refuses(court.answer(state, token), "lti_key_unknown")


@case("J9 unknown kid asks the platform once")
def test_an_unknown_kid_asks_the_platform_once(court: Court) -> None:
    """One question for the first launch of each process; within a minute of it no other."""
    for process in (0, 1):
        launched_by(court, process)
    for turn in range(6):
        state, nonce = court.platform.begin(court.browser)
        claims = court.platform.claims(nonce)
        fields = {"state": state, "id_token": court.platform.sign(claims, header={"kid": f"unknown-{turn}"})}
        assert court.browser.post("/lti/launch", data=fields, process=turn).status_code == 400
    assert court.network.asked == [court.platform.jwks_url] * 2


@case("J9 rotated key is found after a minute")
def test_a_rotated_key_is_found_after_a_minute(court: Court) -> None:
    for process in (0, 1):
        launched_by(court, process)
    rotate(court.platform)
    court.clock.advance(61)
    for process in (0, 1):
        launched_by(court, process)
    assert court.network.asked == [court.platform.jwks_url] * 4


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


@case("J15 RSA under 2048 bits")
def test_a_short_key(court: Court) -> None:
    court.platform.key = rsa_key("short", 1024)
    court.refuses(court.launch(), "lti_key_unknown")


@case("J17 revoked key is refused after the refresh")
def test_a_revoked_key_is_refused_after_the_refresh(court: Court) -> None:
    for process in (0, 1):
        launched_by(court, process)
    revoked, old_kid = court.platform.key, court.platform.kid
    rotate(court.platform)
    court.clock.advance(3601)
    court.browser = court.new_browser()
    court.settle()
    for process in (0, 1):
        state, nonce = court.platform.begin(court.browser)
        token = court.platform.sign(court.platform.claims(nonce), key=revoked, header={"kid": old_kid})
        answer = court.browser.post("/lti/launch", data={"state": state, "id_token": token}, process=process)
        court.refuses(answer, "lti_key_unknown")


def html() -> Reply:
    return Reply(200, b"<html><body>Maintenance</body></html>", {"Content-Type": "text/html"})


BROKEN: dict[str, Any] = {
    "J18 hangs up": Reply(cut=True),
    "J18 HTTP 500": Reply(500, b'{"keys": []}'),
    "J18 HTML": html(),
    "J18 no text": Reply(200, b"\xff\xfe\xff", {"Content-Type": "application/json"}),
    "J18 no keys": {},
    "J18 keys is an object": {"keys": {}},
    "J18 a list": [],
    "J18 nothing": None,
    "J18 nested without end": Reply(200, b"[" * 1_000_000),
    "J19 redirecting to a private address": Reply(302, headers={"Location": "http://169.254.169.254/"}),
    "J19 redirecting to this machine": Reply(301, headers={"Location": "/private"}),
    "J19 huge": Reply(200, lambda: (b" " * 100_000 for _turn in range(100))),
}


@pytest.mark.parametrize(
    "document",
    [*BROKEN.values(), {"keys": [None, 5, "key", [], {}, {"kid": 5}]}],
    ids=[*BROKEN, "J18 keys of all sorts"],
)
def test_a_broken_key_set_is_refused(court: Court, document: Any) -> None:
    publish(court.platform, document)
    court.refuses(court.launch())


@pytest.mark.parametrize("document", BROKEN.values(), ids=[f"{name}, is not kept" for name in BROKEN])
def test_a_broken_key_set_is_not_kept(court: Court, document: Any) -> None:
    """The next launch asks again, and works."""
    publish(court.platform, document)
    state, nonce = court.platform.begin(court.browser)
    token = court.platform.sign(court.platform.claims(nonce))
    assert court.browser.post("/lti/launch", data={"state": state, "id_token": token}, process=0).status_code == 400
    publish(court.platform, {"keys": [jwk(court.platform.key, court.platform.kid)]})
    launched_by(court, 0)


@pytest.mark.parametrize("document", BROKEN.values(), ids=[f"{name}, while keys are known" for name in BROKEN])
def test_known_keys_serve_while_the_platform_is_broken(court: Court, document: Any) -> None:
    launched_by(court, 0)
    publish(court.platform, document)
    court.clock.advance(2 * 3600)
    launched_by(court, 0)
    court.clock.advance(24 * 3600)
    state, nonce = court.platform.begin(court.browser)
    token = court.platform.sign(court.platform.claims(nonce))
    assert court.browser.post("/lti/launch", data={"state": state, "id_token": token}, process=0).status_code == 400


@case("J19 slow")
def test_a_slow_key_set_is_given_up(court: Court) -> None:
    """No single wait is long; the whole answer takes more than the time given to it. Others launch meanwhile."""
    publish(court.platform, Reply(200, drops(1000, 0.02)))
    state, nonce = court.platform.begin(court.browser)
    token = court.platform.sign(court.platform.claims(nonce))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(court.answer, state, token)
        other = PlatformInTest(court.app, "other")
        for _turn in range(4):
            other.launched()
        answer = waiting.result()
    court.network.asked[:] = [url for url in court.network.asked if url != other.jwks_url]
    court.settle()
    court.refuses(answer, "lti_unreachable")


def launched_by(court: Court, process: int) -> None:
    """A launch that this process receives."""
    state, nonce = court.platform.begin(court.browser)
    fields = {"state": state, "id_token": court.platform.sign(court.platform.claims(nonce))}
    answer = court.browser.post("/lti/launch", data=fields, process=process)
    assert answer.status_code == 303, answer.text


def publish(platform: PlatformInTest, document: Any) -> None:
    """What the platform's key set address answers from now on."""
    platform.network.answers[platform.jwks_url] = document


def rotate(platform: PlatformInTest) -> None:
    """Another key, published in place of the first."""
    platform.key, platform.kid = rsa_key("rotated"), "key-after"
    publish(platform, {"keys": [jwk(platform.key, platform.kid)]})
