"""Platforms' key sets: what can be used is kept, and nothing that is published can break us."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.lti import jwks
from lms.lti.jwks import FRESH_SECONDS, REFETCH_SECONDS, STALE_SECONDS, KeysNeeded, PlatformKeys, parse_key_set
from lms.lti.model import LtiError
from tests.platform_in_test import Network, jwk, rsa_key

URL = "https://lms.example.org/jwks"
GOOD = jwk(rsa_key("lms"), "one")

anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text(max_size=5))
)


@given(st.dictionaries(st.sampled_from(["kty", "n", "e", "kid", "alg", "use", "d", "p", "x5c"]), anything, max_size=9))
def test_a_key_that_makes_no_sense_harms_no_other(changes: dict[str, Any]) -> None:
    found = parse_key_set({"keys": [{**GOOD, "kid": "other", **changes}, GOOD]})
    assert "one" in found


@pytest.mark.parametrize(
    "key",
    [
        {"use": "enc"}, {"alg": "RS512"}, {"kty": "EC"}, {"kid": None}, {"kid": ""}, {"n": ""}, {"e": "AA"},
        {"e": "AQ"},
    ],
)  # fmt: skip
def test_keys_that_are_left_out(key: dict[str, Any]) -> None:
    found = parse_key_set({"keys": [{**GOOD, "kid": "odd", **key}]})
    assert found == {} or key == {"kid": ""}


def test_keys_without_use_or_alg_are_for_signatures() -> None:
    bare = {name: value for name, value in GOOD.items() if name not in {"use", "alg"}}
    assert parse_key_set({"keys": [bare]}).keys() == {"one"}


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": {}}, "keys", 5])
def test_what_is_no_key_set(document: Any) -> None:
    with pytest.raises(LtiError) as refusal:
        parse_key_set(document)
    assert refusal.value.cause == "key_set_malformed"


class Clock:
    def __init__(self) -> None:
        self.now = 10_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(jwks, "time", made)
    return made


@pytest.fixture
def network() -> Network:
    made = Network()
    made.answers[URL] = {"keys": [GOOD]}
    return made


@pytest.fixture
def keys(network: Network, clock: Clock) -> PlatformKeys:
    return PlatformKeys(network)


def test_keys_are_fetched_then_kept(keys: PlatformKeys, network: Network, clock: Clock) -> None:
    with pytest.raises(KeysNeeded):
        keys.find(URL, "one")
    keys.fetch(URL)
    for _turn in range(3):
        assert keys.find(URL, "one").public_numbers() == rsa_key("lms").public_key().public_numbers()
    clock.now += FRESH_SECONDS + 1
    with pytest.raises(KeysNeeded):
        keys.find(URL, "one")
    assert network.asked == [URL]


def test_an_unknown_key_asks_again_once_a_minute(keys: PlatformKeys, network: Network, clock: Clock) -> None:
    keys.fetch(URL)
    for _turn in range(3):
        with pytest.raises(LtiError) as refusal:
            keys.find(URL, "two")
        assert refusal.value.cause == "key_unknown"
    clock.now += REFETCH_SECONDS
    with pytest.raises(KeysNeeded):
        keys.find(URL, "two")


def test_known_keys_serve_a_day_when_the_platform_is_gone(keys: PlatformKeys, network: Network, clock: Clock) -> None:
    keys.fetch(URL)
    network.answers[URL] = LtiError("unreachable")
    clock.now += STALE_SECONDS - 60
    keys.fetch(URL)
    assert keys.find(URL, "one")
    clock.now += 120
    with pytest.raises(LtiError) as refusal:
        keys.fetch(URL)
    assert refusal.value.cause == "unreachable"


def test_a_failure_is_not_kept(keys: PlatformKeys, network: Network) -> None:
    network.answers[URL] = LtiError("unreachable")
    with pytest.raises(LtiError):
        keys.fetch(URL)
    network.answers[URL] = {"keys": [GOOD]}
    with pytest.raises(KeysNeeded):
        keys.find(URL, "one")
    keys.fetch(URL)
    assert keys.find(URL, "one")


def test_a_revoked_key_goes_with_the_next_fetch(keys: PlatformKeys, network: Network, clock: Clock) -> None:
    keys.fetch(URL)
    network.answers[URL] = {"keys": [jwk(rsa_key("rotated"), "two")]}
    clock.now += REFETCH_SECONDS
    keys.fetch(URL)
    assert keys.find(URL, "two")
    with pytest.raises(LtiError):
        keys.find(URL, "one")


def test_platforms_keep_their_keys_apart(keys: PlatformKeys, network: Network) -> None:
    other = "https://other.example.org/jwks"
    network.answers[other] = {"keys": [jwk(rsa_key("other"), "one")]}
    keys.fetch(URL)
    keys.fetch(other)
    assert keys.find(URL, "one").public_numbers() != keys.find(other, "one").public_numbers()
