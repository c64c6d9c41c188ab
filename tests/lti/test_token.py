"""Reading an id_token: whatever is sent, the answer is a claim set or a refusal."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt import get_algorithm_by_name

from lms.lti.launch import verify
from lms.lti.model import LtiError, PendingLogin, Registration
from lms.lti.token import LAST, LEEWAY, MAX_AGE, MAX_LIFE, check_claims, check_signature, signing_key, strict_part
from lms.models import utcnow
from tests.platform_in_test import CLAIM, b64, rsa_key

OURS = Registration(1, "https://lms.example.org", "tool", "https://lms.example.org/auth", "", "", {"1": 1})

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": OURS.issuer, "aud": "tool", "iat": now, "exp": now + 60, "nonce": "n", **changes}


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,4}", fullmatch=True))
def test_any_text_is_read_or_refused(text: str) -> None:
    for index in (0, 1):
        try:
            read = strict_part(text, index)
        except LtiError:
            continue
        assert isinstance(read, dict)


@given(anything)
def test_any_json_that_is_one_object_is_read_as_it_is(value: Any) -> None:
    token = f"e30.{b64(json.dumps(value))}.e30"
    try:
        read = strict_part(token, 1)
    except LtiError:
        return
    assert json.dumps(read) == json.dumps(value)
    assert isinstance(value, dict)


@given(st.dictionaries(st.sampled_from(["iss", "aud", "azp", "exp", "iat", "nbf"]), anything, max_size=6))
def test_any_claims_hold_or_are_refused(changes: dict[str, Any]) -> None:
    try:
        check_claims(claims(**changes), OURS)
    except LtiError:
        return
    kept = claims(**changes)
    assert kept["iss"] == OURS.issuer
    assert "tool" in kept["aud"]
    assert isinstance(kept["exp"], int | float)


@given(st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "jku", "jwk", "x5u"]), anything, max_size=4))
def test_any_header_names_a_key_or_is_refused(header: dict[str, Any]) -> None:
    try:
        kid = signing_key(header)
    except LtiError:
        return
    assert header["alg"] == "RS256"
    assert kid == header["kid"]


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", max_size=400))
def test_no_made_up_signature_holds(signature: str) -> None:
    with pytest.raises(LtiError):
        check_signature(f"e30.e30.{signature}", rsa_key("lms").public_key())


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"exp": -LEEWAY - 1}, "clock"),
        ({"exp": -LEEWAY + 5}, None),
        ({"exp": MAX_LIFE + LEEWAY + 5}, "clock"),
        ({"exp": MAX_LIFE + LEEWAY - 5}, None),
        ({"iat": LEEWAY + 5}, "clock"),
        ({"iat": LEEWAY - 5}, None),
        ({"iat": -MAX_AGE - LEEWAY - 5}, "clock"),
        ({"iat": -MAX_AGE - LEEWAY + 5}, None),
        ({"nbf": LEEWAY + 5}, "clock"),
        ({"nbf": LEEWAY - 5}, None),
        ({"nbf": -10 * MAX_AGE}, None),
    ],
)
def test_times_hold_to_the_second(changes: dict[str, int], cause: str | None) -> None:
    now = int(time.time())
    asked = claims(**{name: now + offset for name, offset in changes.items()})
    if cause is None:
        check_claims(asked, OURS)
        return
    with pytest.raises(LtiError) as refusal:
        check_claims(asked, OURS)
    assert refusal.value.cause == cause


@pytest.mark.parametrize("value", [True, "1", None, [], {}, -1, LAST, float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_a_time_is_a_number_of_this_world(name: str, value: Any) -> None:
    with pytest.raises(LtiError):
        check_claims(claims(**{name: value}), OURS)


def signed(payload: Any) -> str:
    """A token of this payload, whatever it is, that the platform's key signed."""
    text = f"{b64(json.dumps({'alg': 'RS256', 'kid': 'k'}))}.{b64(json.dumps(payload))}"
    return f"{text}.{b64(get_algorithm_by_name('RS256').sign(text.encode(), rsa_key('lms')))}"


class OneKey:
    """A cache that holds one key."""

    def find(self, _url: str, _kid: str) -> Any:
        return rsa_key("lms").public_key()


@given(st.dictionaries(st.text(max_size=60), anything, max_size=5))
def test_any_signed_message_is_a_launch_or_a_refusal(more: dict[str, Any]) -> None:
    """The platform's key proves who speaks, never that what it says makes sense."""
    base = claims(
        sub="learner-1",
        **{
            CLAIM + "version": "1.3.0", CLAIM + "message_type": "LtiResourceLinkRequest", CLAIM + "deployment_id": "1",
            CLAIM + "target_link_uri": "https://tool.example.org/x", CLAIM + "roles": [],
            CLAIM + "resource_link": {"id": "1"},
        },
    )  # fmt: skip
    for name in [*base, CLAIM + "context", CLAIM + "custom", CLAIM + "lis", CLAIM + "launch_presentation", "email"]:
        token = signed({**base, **more, name: more})
        pending = PendingLogin(1, None, "n", "https://tool.example.org/x", "", utcnow())
        try:
            launch = verify(token, pending, OURS, OneKey(), "https://tool.example.org")
        except LtiError:
            continue
        assert launch.user.subject == "learner-1"
        assert launch.roles == {"learner"}
