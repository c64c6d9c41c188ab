"""Whatever is sent: never an error of ours, never a session unless all of the message holds, always a readable page."""

import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from lms.models import WebSession
from tests.hostile.browser import Answer, Browser
from tests.hostile.court import Court
from tests.platform_in_test import ABSENT, AGS, CLAIM, PlatformInTest, b64, merged, trainer

#: Few enough for half a minute; the same ones each time where a failure must not come and go.
bounded = settings(
    max_examples=40, deadline=None, derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip

DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"

#: Text as JSON can say it: halves of characters, NUL, other directions and alphabets.
words = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["", "\x00", "\ud800", "$Context.id", "a" * 256, "é" * 3000, "<script>", "javascript:alert(1)", "http://[", "‮abc"]
)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 10**400, 253_402_300_800, float("inf"), float("nan")])
scalars = st.none() | st.booleans() | numbers | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4), max_leaves=8
)


def _is_time(low: float, high: float) -> Callable[[Any, PlatformInTest], bool]:
    def within(value: Any, _platform: PlatformInTest) -> bool:
        now = time.time()  # compared and not subtracted: an integer may be larger than any float
        return type(value) in {int, float} and now + low <= value <= now + high

    return within


def _is_audience(value: Any, platform: PlatformInTest) -> bool:
    return value in (platform.client_id, [platform.client_id])


def _named(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= 255


#: What the claims that decide must be for a message to hold: written here again, from the specification.
HOLDS: dict[str, Callable[[Any, PlatformInTest], bool]] = {
    "iss": lambda value, platform: value == platform.issuer,
    "aud": _is_audience,
    "azp": lambda value, platform: value == platform.client_id,
    "exp": _is_time(-61, 3661),
    "iat": _is_time(-661, 61),
    "nbf": _is_time(-(10**12), 61),
    "nonce": lambda _value, _platform: False,
    "sub": lambda value, _platform: _named(value),
    CLAIM + "version": lambda value, _platform: value == "1.3.0",
    CLAIM + "message_type": lambda value, _platform: value == "LtiResourceLinkRequest",
    CLAIM + "deployment_id": lambda value, platform: value == platform.deployment,
    CLAIM + "target_link_uri": lambda value, platform: value == f"{platform.tool}/lti/launch",
    CLAIM + "roles": lambda value, _platform: type(value) is list and all(type(each) is str for each in value),
    CLAIM + "resource_link": lambda value, _platform: type(value) is dict and _named(value.get("id")),
}


@bounded
@given(name=st.sampled_from(sorted(HOLDS)), value=values | st.just(ABSENT))
@example(name="exp", value=True)
@example(name="iat", value=10**400)
@example(name="nbf", value=-(10**400))
@example(name="aud", value={"tool-at-lms": 1})
@example(name="sub", value="a" * 255)
def test_a_claim_that_decides(court: Court, name: str, value: Any) -> None:
    answer = launched(court, lambda claims: merged(claims, {name: value}))
    if value is ABSENT:
        assert (answer.status_code == 303) == (name in {"azp", "nbf"})
    elif not HOLDS[name](value, court.platform):
        assert answer.status_code != 303


#: Claims that carry more, each with what it may hold.
INSIDE: dict[str, list[str]] = {
    CLAIM + "context": ["id", "title", "label", "type"],
    CLAIM + "resource_link": ["id", "title", "description"],
    CLAIM + "custom": ["track", "module", "context_history", "link_history", "TRACK"],
    CLAIM + "lis": ["person_sourcedid", "course_section_sourcedid"],
    CLAIM + "launch_presentation": ["locale", "document_target", "return_url", "css_url", "width"],
    CLAIM + "tool_platform": ["guid", "product_family_code", "name"],
    CLAIM + "lti1p1": ["oauth_consumer_key", "oauth_consumer_key_sign", "user_id", "resource_link_id"],
    CLAIM + "platformnotificationservice": ["platform_notification_service_url", "notice_types_supported"],
    CLAIM + "for_user": ["user_id", "person_sourcedid", "name"],
    AGS: ["scope", "lineitem", "lineitems"],
    NRPS: ["context_memberships_url", "service_versions"],
    GROUPS: ["context_groups_url", "context_group_sets_url", "scope"],
}
PEOPLE = ["given_name", "family_name", "name", "email", "locale", "picture"]

changes = st.dictionaries(
    st.sampled_from([(claim, name) for claim, names in INSIDE.items() for name in ("", *names)])
    | st.sampled_from(PEOPLE).map(lambda name: (name, "")),
    values | st.just(ABSENT), min_size=1, max_size=4,
)  # fmt: skip


def changed(claims: dict[str, Any], wanted: dict[tuple[str, str], Any]) -> dict[str, Any]:
    """Claims with values put in their place, at the top or inside an object."""
    for (claim, name), value in sorted(wanted.items()):
        inner = claims.get(claim)
        if not name:
            claims = merged(claims, {claim: value})
        elif isinstance(inner, dict) or inner is None:
            claims = {**claims, claim: merged(inner or {}, {name: value})}
    return claims


@bounded
@given(wanted=changes)
@example(wanted={(CLAIM + "lis", "person_sourcedid"): "A" * 255})
@example(wanted={(CLAIM + "custom", "context_history"): ",".join(["a"] * 2000)})
@example(wanted={(AGS, "scope"): ["a" * 100_000]})
def test_what_a_launch_carries(court: Court, wanted: dict[tuple[str, str], Any]) -> None:
    launched(court, lambda claims: changed(claims, wanted))


REVIEWED = {CLAIM + "for_user": {"user_id": "learner-1"}}
MESSAGES: dict[str, Callable[[PlatformInTest], dict[str, Any]]] = {
    "LtiDeepLinkingRequest": lambda platform: {
        CLAIM + "resource_link": ABSENT,
        DEEP_LINKING: {
            "deep_link_return_url": f"https://{platform.host}/chosen", "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe"],
        },
    },
    "LtiSubmissionReviewRequest": lambda _platform: REVIEWED,
    "DataPrivacyLaunchRequest": lambda _platform: {
        **REVIEWED, CLAIM + "context": ABSENT, CLAIM + "resource_link": ABSENT,
        CLAIM + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"],
    },
}  # fmt: skip
SETTINGS = [
    "deep_link_return_url", "accept_types", "accept_presentation_document_targets", "accept_multiple",
    "accept_lineitem", "accept_media_types", "auto_create", "title", "text", "data",
]  # fmt: skip
asked = st.dictionaries(
    st.sampled_from([(DEEP_LINKING, name) for name in ("", *SETTINGS)])
    | st.sampled_from([(CLAIM + "for_user", name) for name in ("", *INSIDE[CLAIM + "for_user"])])
    | st.sampled_from([(AGS, "lineitem"), (CLAIM + "resource_link", "id"), (CLAIM + "roles", "")]),
    values | st.just(ABSENT), min_size=1, max_size=3,
)  # fmt: skip


@pytest.mark.parametrize("kind", MESSAGES)
@bounded
@given(wanted=asked)
@example(wanted={})
def test_what_the_other_messages_carry(court: Court, kind: str, wanted: dict[tuple[str, str], Any]) -> None:
    def message(claims: dict[str, Any]) -> dict[str, Any]:
        claims = merged(claims, {CLAIM + "message_type": kind, **MESSAGES[kind](court.platform)})
        return changed(claims, wanted)

    if not wanted:
        court.platform.launched()  # somebody to review
    answer = launched(court, message, **trainer())
    assert wanted or answer.status_code == 303, answer.text


headers = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "x5c", "cty", "enc", "zip"]) | words,
    values | st.sampled_from(["RS256", "none", "HS256", "RS512", "ES256", "rs256", ABSENT]), min_size=1, max_size=3,
)  # fmt: skip


@bounded
@given(header=headers)
@example(header={"alg": "RS256 "})
@example(header={"crit": []})
@example(header={"b64": True})
def test_the_header_of_a_token(court: Court, header: dict[str, Any]) -> None:
    """Only its algorithm and the id of the key are believed; what must be understood is refused."""
    platform = court.platform
    answer = launched(court, dict, header=header)
    said = merged({"alg": "RS256", "kid": platform.kid}, header)
    may_hold = said.get("alg") == "RS256" and said.get("kid") == platform.kid and not {"crit", "b64"} & set(said)
    assert may_hold or answer.status_code != 303


@bounded
@given(place=st.floats(0, 1, exclude_max=True), length=st.integers(0, 3), put=st.text(st.characters(), max_size=3))
def test_a_token_with_a_few_characters_changed(court: Court, place: float, length: int, put: str) -> None:
    def spoilt(token: str) -> str:
        start = int(place * len(token))
        made = token[:start] + put.encode(errors="ignore").decode() + token[start + length :]
        # The last character of a signature has spare bits: another one may say the same.
        assume(made[:-1] != token[:-1])
        return made

    assert launched(court, dict, spoil=spoilt).status_code != 303


@bounded
@given(payload=st.text(st.characters(), max_size=200) | values.map(json.dumps) | st.binary(max_size=200))
@example(payload="[" * 20_000)
@example(payload='{"a":' * 5_000 + "1" + "}" * 5_000)
@example(payload='{"exp": 1e999}')
@example(payload='{"exp": ' + "9" * 5_000 + "}")
def test_a_signed_payload_of_anything(court: Court, payload: str | bytes) -> None:
    raw = payload if isinstance(payload, bytes) else payload.encode(errors="surrogatepass")
    answer = launched(court, dict, payload=raw)
    assert answer.status_code != 303


FIELDS = [
    "iss", "login_hint", "target_link_uri", "client_id", "lti_deployment_id", "lti_message_hint", "lti_storage_target",
]  # fmt: skip
# Eight of the longest still make an address that the browser of these tests sends.
typed = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    ["", "https://tool.example.org/lti/launch", "https://tool.example.org", "//tool.example.org", "\x00", "a" * 7000]
)


@bounded
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), st.lists(typed, max_size=2), max_size=4),
    method=st.sampled_from(["GET", "POST"]), framed=st.booleans(),
)  # fmt: skip
def test_what_a_login_says(court: Court, fields: dict[str, list[str]], method: str, *, framed: bool) -> None:
    """It leads to the registered platform, or nowhere."""
    browser, said = court.new_browser(), court.platform.login_fields(**fields)
    sent = {"Sec-Fetch-Dest": "iframe"} if framed else {}
    if method == "GET":
        answer = browser.get("/lti/login", query_string=said, headers=sent)
    else:
        answer = browser.post("/lti/login", data=said, headers=sent)
    if answer.status_code == 302:
        assert str(answer.location).startswith(court.platform.auth_url + "?")
    elif answer.status_code == 200:
        assert answer.text.count("<h1>") == 1
        assert f'data-origin="https://{court.platform.host}"' in answer.text
    else:
        refused(court, answer)


KINDS = [
    "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16", "application/json",
    "multipart/form-data", "multipart/form-data; boundary=a", "multipart/form-data; boundary=" + "a" * 300,
    "text/plain", "", "application/x-www-form-urlencoded; charset=no-such", "multipart/mixed; boundary=a",
]  # fmt: skip
bodies = (
    st.binary(max_size=300)
    | st.text("abc=&%;+\r\n\x00é2fF", max_size=300).map(str.encode)
    | st.lists(st.tuples(st.sampled_from(["state", "id_token", "error", "proof", "iss"]), typed), max_size=8).map(
        lambda pairs: urlencode(pairs).encode()
    )
    | st.binary(max_size=100).map(
        lambda raw: b'--a\r\nContent-Disposition: form-data; name="state"\r\n\r\n' + raw + b"\r\n--a--\r\n"
    )
)


@bounded
@given(body=bodies, kind=st.sampled_from(KINDS), door=st.sampled_from(["/lti/launch", "/lti/login"]))
@example(body=b"state=%ff%fe&id_token=%c3%28", kind=KINDS[0], door="/lti/launch")
@example(body=b"&" * 300, kind=KINDS[0], door="/lti/launch")
@example(
    body=b'--a\r\nContent-Disposition: form-data; name="state"; filename="x"\r\n\r\nx\r\n--a--',
    kind=KINDS[4],
    door="/lti/launch",
)
def test_a_body_of_anything(court: Court, body: bytes, kind: str, door: str) -> None:
    refused(court, court.new_browser().post(door, data=body, headers={"Content-Type": kind}))


@bounded
@given(query=st.text("abc=&%;+é2fF?#<>\"'", max_size=120), door=st.sampled_from(["login", "again", "launch"]))
@example(query="state=%ff", door="again")
@example(query="iss=%00", door="login")
def test_a_query_of_anything(court: Court, query: str, door: str) -> None:
    refused(court, court.new_browser().get(f"/lti/{door}?{query.replace('#', '%23')}"))


def launched(
    court: Court,
    message: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    header: dict[str, Any] | None = None,
    spoil: Callable[[str], str] = str,
    payload: bytes | None = None,
    **who: Any,
) -> Answer:
    """The answer to a message made of an ordinary one's claims: a page and a session, or a refusal and none."""
    browser, platform = court.new_browser(), court.platform
    state, nonce = platform.begin(browser)
    claims = message(platform.claims(nonce, **who))
    part = b64 if payload is None else lambda _text: b64(payload)
    before = court.count(WebSession)
    answer = platform.post(browser, state, spoil(platform.sign(claims, header=header, part=part)))
    if answer.status_code in {200, 303}:
        assert court.count(WebSession) == before + 1
        _leads_home(browser, answer)
    else:
        refused(court, answer)
        assert court.count(WebSession) == before
    return answer


def _leads_home(browser: Browser, answer: Answer) -> None:
    if answer.status_code == 303:
        assert str(answer.location).startswith("/")
        assert not str(answer.location).startswith("//")
        assert browser.get(str(answer.location)).status_code in {200, 302, 303}


def refused(court: Court, answer: Answer) -> None:
    """A page one can read, which is no error of ours."""
    assert 400 <= answer.status_code < 500
    court.readable(answer)
