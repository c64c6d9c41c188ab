"""Requests to place content that must not be answered, and answers that must not leave (LTI.md D1 to D10)."""

import re
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from lms.lti.deep_linking import Addressee, Placement, response
from lms.lti.model import DeepLinkSettings, LtiError
from lms.models import DeepLinkRequest, Deployment
from tests import choice_in_test
from tests.choice_in_test import DL_SETTINGS, Choice, request_claims
from tests.hostile.browser import Answer, Browser
from tests.hostile.court import Court, case
from tests.platform_in_test import ABSENT, MEMBERSHIP, rsa_key

RETURN = "deep_link_return_url"

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "D1 no settings": ({"claims": {DL_SETTINGS: ABSENT}}, "claim"),
    "D1 settings are null": ({"claims": {DL_SETTINGS: None}}, "claim"),
    "D1 settings are a list": ({"claims": {DL_SETTINGS: []}}, "claim"),
    "D1 settings are empty": ({"claims": {DL_SETTINGS: {}}}, "accept_types"),
    "D2 no return address": ({RETURN: ABSENT}, "claim"),
    "D2 empty return address": ({RETURN: ""}, "claim"),
    "D2 return address in a list": ({RETURN: lambda platform: [f"https://{platform.host}/return"]}, "claim"),
    "D2 return address elsewhere": ({RETURN: "https://evil.example.org/return"}, "foreign_address"),
    "D2 return address on another port": (
        {RETURN: lambda platform: f"https://{platform.host}:8443/return"},
        "foreign_address",
    ),
    "D2 return address without TLS": ({RETURN: lambda platform: f"http://{platform.host}/return"}, "foreign_address"),
    "D2 return address with a user": (
        {RETURN: lambda platform: f"https://{platform.host}@evil.example.org/"},
        "foreign_address",
    ),
    "D2 return address with a backslash": (
        {RETURN: lambda platform: f"https://evil.example.org\\@{platform.host}/"},
        "foreign_address",
    ),
    "D2 return address is a script": (
        {RETURN: lambda platform: f"javascript:alert(1)//{platform.host}"},
        "foreign_address",
    ),
    "D2 return address of the tool itself": (
        {RETURN: lambda platform: f"{platform.tool}/account/logout"},
        "foreign_address",
    ),
    "D2 return address with a NUL": ({RETURN: lambda platform: f"https://{platform.host}/return\x00"}, "claim"),
    "D2 return address without end": (
        {RETURN: lambda platform: f"https://{platform.host}/return?" + "x" * 3000},
        "claim",
    ),
    "D4 learner": ({"claims": {"roles": [MEMBERSHIP + "Learner"]}}, "role"),
    "D4 no role": ({"claims": {"roles": []}}, "role"),
    "D4 unknown role": ({"claims": {"roles": ["Boss"]}}, "role"),
    "D5 files alone": ({"accept_types": ["file", "html"]}, "accept_types"),
    "D5 no type": ({"accept_types": []}, "accept_types"),
    "D5 types absent": ({"accept_types": ABSENT}, "accept_types"),
    "D5 types in a text": ({"accept_types": "ltiResourceLink"}, "claim"),
    "D5 a type is a number": ({"accept_types": ["ltiResourceLink", 5]}, "claim"),
    "D6 several is a word": ({"accept_multiple": "many"}, "claim"),
    "D7 data is an object": ({"data": {"a": 1}}, "claim"),
    "D7 data without end": ({"data": "x" * 8001}, "claim"),
}


def waiting(court: Court) -> int:
    """How many requests of the platform wait for an answer."""
    mine = sa.select(Deployment.id).where(Deployment.platform_id == court.platform.id)
    return court.count(DeepLinkRequest, DeepLinkRequest.deployment_id.in_(mine))


def answered(court: Court, page: Answer) -> dict[str, Any]:
    """The claims of the answer on a page, as the platform reads them."""
    return choice_in_test.answered(court.app, page, court.platform.issuer)


@pytest.mark.parametrize(("changes", "cause"), REFUSED.values(), ids=REFUSED)
def test_a_hostile_request_is_refused(court: Court, changes: dict[str, Any], cause: str) -> None:
    settings = {
        name: value(court.platform) if callable(value) else value for name, value in changes.items() if name != "claims"
    }
    claims = {**request_claims(court.platform, **settings), **changes.get("claims", {})}
    court.refuses(court.launch(**claims), cause)


@pytest.mark.parametrize(
    "path",
    [
        '/"><script>alert(1)</script>',
        "/?a=1&b='><img src=x onerror=alert(1)>",
        "/&quot;><script>alert(1)</script>",
        '/" onsubmit="alert(1)',
        "/#</form><form action=//evil.example.org>",
        "/;script-src 'unsafe-inline'",
        "/\r\nSet-Cookie: a=b",
    ],
    ids=[f"D3 markup {number}" for number in range(1, 8)],
)
def test_markup_in_the_return_address_stays_text(court: Court, path: str) -> None:
    page = Choice(court.platform, **{RETURN: f"https://{court.platform.host}" + path}).cancel()
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert "<script>alert" not in page.text
    assert "onerror" not in re.sub(r'"[^"]*"', "", page.text)
    assert re.search(r'<form[^>]* action="[^"<>]*" data-auto-submit>', page.text)
    assert f"form-action https://{court.platform.host};" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers.get("Content-Security-Policy", "")
    assert "a=b" not in str(page.set_cookies)


@case("D6 one item where one is taken")
def test_one_item_where_one_is_taken(court: Court) -> None:
    choice = Choice(court.platform, accept_multiple=False)
    for page in (choice.place("decideurs", "decideurs/d1"), choice.open("/place", pick=["decideurs", "decideurs/d2"])):
        assert page.status_code == 400
        assert "<h1>" in page.text
    assert waiting(court) == 1  # the choice may still be made
    assert len(answered(court, choice.place("decideurs/d1", "decideurs/d1"))["content_items"]) == 1


@pytest.mark.parametrize("data", ["", "0", "é\u2028'\"<>&", "x" * 8000, "a\nb"], ids=lambda data: f"D7 {data[:8]!r}")
def test_data_goes_back_as_it_came(court: Court, data: str) -> None:
    assert answered(court, Choice(court.platform, data=data).cancel())["data"] == data


@pytest.mark.parametrize("data", [ABSENT, None], ids=["D7 absent", "D7 null"])
def test_data_that_did_not_come_does_not_go(court: Court, data: Any) -> None:
    assert "data" not in answered(court, Choice(court.platform, data=data).place("decideurs"))


def _another_trainer(court: Court) -> Browser:
    return Choice(court.platform).client


def _another_launch_of_the_same(court: Court) -> Browser:
    return court.platform.launched(**{**request_claims(court.platform), "message_type": "LtiDeepLinkingRequest"})


def _a_learner(court: Court) -> Browser:
    return court.platform.launched(sub="learner-9")


@pytest.mark.parametrize(
    "who", [_another_trainer, _another_launch_of_the_same, _a_learner], ids=lambda who: f"D8 {who.__name__}"
)
def test_the_choice_of_another_session_is_not_theirs(court: Court, who: Any) -> None:
    choice = Choice(court.platform)
    before = waiting(court)
    other = who(court)
    thief = choice.seen_by(other)
    for page in (
        thief.open(), thief.open("/place", pick="decideurs"), thief.open("/preview/decideurs"),
        thief.place("decideurs"), thief.cancel(),
    ):  # fmt: skip
        assert page.status_code == 410
        assert "JWT" not in page.text
    assert waiting(court) >= before
    assert answered(court, choice.place("decideurs"))["content_items"]


@case("D8 nobody signed in chooses")
def test_nobody_signed_in_chooses(court: Court) -> None:
    choice = Choice(court.platform)
    stranger = court.new_browser()
    assert stranger.get(choice.url).status_code == 401


@case("D9 a choice is sent once")
def test_a_choice_is_sent_once(court: Court) -> None:
    choice = Choice(court.platform)
    assert choice.place("decideurs").status_code == 200
    for page in (choice.place("decideurs"), choice.cancel(), choice.open(), choice.open("/place", pick="decideurs")):
        assert page.status_code == 410
        assert 'id="reference"' in page.text
        assert "JWT" not in page.text


NO_KEYS = (
    "nowhere", "decideurs/nowhere", "decideurs/d3", "decideurs/", "/d1", "decideurs/d1/x",
    "decideurs/d1\nurl=https://evil", "$User.id", "",
)  # fmt: skip


@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: f"D10 {key!r}")
def test_only_keys_of_what_exists_are_placed(court: Court, key: str) -> None:
    choice = Choice(court.platform)
    assert choice.place("decideurs", key).status_code == 400
    assert choice.open("/place", pick=key).status_code == 400
    assert choice.open(pick=key).status_code == 400
    assert waiting(court) == 1


def _items(*placements: Placement) -> list[dict[str, Any]]:
    key = rsa_key("tool in test")
    settings = DeepLinkSettings("https://lms.example.org/", ("ltiResourceLink",), ("iframe",), accept_multiple=True)
    token = response(Addressee("i", "c", "1"), settings, placements, ("kid", key), "")
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"], audience="i")
    found: list[dict[str, Any]] = claims["https://purl.imsglobal.org/spec/lti-dl/claim/content_items"]
    return found


@given(st.text(), st.text(), st.text())
def test_no_value_is_a_second_parameter_or_a_variable(key: str, title: str, text: str) -> None:
    """Whatever a track were called: a custom value holds no new line, and no variable but the two we ask for."""
    try:
        (item,) = _items(Placement(key, title, text, assessed=True))
    except LtiError:
        return  # refused as a whole: the test below says why
    for name, value in item["custom"].items():
        assert value.isprintable()
        if name not in {"context_history", "link_history"}:
            assert not value.startswith("$")
    assert len(item["title"].splitlines()) <= 1
    assert len(item["text"].splitlines()) <= 1


@pytest.mark.parametrize(
    "key", ["$User.id", "a/$User.id", "a\nb=c", "a/b\rc", "a\u2028b"], ids=lambda key: f"D10 {key!r}"
)
def test_a_key_that_says_something_else_is_not_sent(key: str) -> None:
    with pytest.raises(LtiError, match="custom"):
        _items(Placement(key, "Title", "Text", assessed=True))
