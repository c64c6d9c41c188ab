"""Logins that must lead nowhere (LTI.md L1 to L11), and what is true of the others."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from lms.lti.state import CAPACITY, COUNTED_EVERY
from lms.models import LaunchState, db, utcnow
from tests.hostile.court import Court, case
from tests.hostile.service import TOOL
from tests.platform_in_test import ABSENT

REFUSED: dict[str, dict[str, Any]] = {
    "L1 no issuer": {"iss": ABSENT},
    "L1 empty issuer": {"iss": ""},
    "L1 unknown issuer": {"iss": "https://elsewhere.example.org"},
    "L1 issuer with a final slash": {"iss": lambda platform: platform.issuer + "/"},
    "L1 issuer in capitals": {"iss": lambda platform: platform.issuer.replace("lms", "LMS")},
    "L1 issuer with a NUL": {"iss": lambda platform: platform.issuer + "\x00"},
    "L2 unknown client_id": {"client_id": "another-tool"},
    "L2 client_id with SQL in it": {"client_id": "' or 1=1 --"},
    "L2 client_id with a NUL": {"client_id": "tool\x00"},
    "L4 no login_hint": {"login_hint": ABSENT},
    "L4 empty login_hint": {"login_hint": ""},
    "L5 no target": {"target_link_uri": ABSENT},
    "L5 foreign target": {"target_link_uri": "https://evil.example.org/lti/launch"},
    "L5 target that begins like ours": {"target_link_uri": TOOL + ".evil.example.org/"},
    "L5 target that hides behind us": {"target_link_uri": TOOL + "@evil.example.org/"},
    "L5 javascript target": {"target_link_uri": "javascript:alert(1)"},
    "L5 target with a NUL": {"target_link_uri": TOOL + "/lti/launch\x00"},
    "L5 target of 3000 characters": {"target_link_uri": TOOL + "/" + "a" * 3000},
    "L6 unknown deployment": {"lti_deployment_id": "2"},
    "L6 deployment of 1000 characters": {"lti_deployment_id": "1" * 1000},
    "L7 issuer twice": {"iss": lambda platform: [platform.issuer] * 2},
    "L7 target twice": {"target_link_uri": [TOOL + "/lti/launch", "https://evil.example.org"]},
    "L8 login_hint of 9 KB": {"login_hint": "a" * 9000},
    "L8 message hint of 9 KB": {"lti_message_hint": "a" * 9000},
    "L8 unknown parameter of 9 KB": {"more": "a" * 9000},
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_refused_login(court: Court, method: str, changes: dict[str, Any]) -> None:
    said = {name: value(court.platform) if callable(value) else value for name, value in changes.items()}
    answer = court.platform.login(court.browser, method, **said)
    court.refuses(answer)
    assert court.under_way() == 0
    assert answer.location is None


@case("L1 unknown issuer, in its frame")
def test_an_unknown_platform_can_show_the_refusal_in_its_frame(court: Court) -> None:
    """Else a new administrator would see nothing at all. Nobody is signed in on that page."""
    answer = court.platform.login(court.browser, iss="https://new.example.org")
    court.refuses(answer, "lti_issuer_unknown")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors *")


@case("L1 unknown issuer, in the browser of somebody signed in")
def test_who_is_signed_in_is_not_framed_by_a_stranger(court: Court) -> None:
    court.platform.launched(court.browser)
    answer = court.platform.login(court.browser, iss="https://evil.example.org")
    assert answer.status_code == 400
    assert answer.headers["Content-Security-Policy"].endswith(f"frame-ancestors https://{court.platform.host}")


@case("L3 client_id absent and ambiguous")
def test_client_id_absent_and_ambiguous(court: Court) -> None:
    second = court.another("second", issuer=court.platform.issuer)
    assert second.id != court.platform.id
    court.refuses(
        court.platform.login(court.browser, client_id=ABSENT, lti_deployment_id=ABSENT), "lti_client_ambiguous"
    )


@case("L3 client_id absent where one registration fits")
def test_client_id_absent_is_no_fault_when_one_registration_fits(court: Court) -> None:
    assert court.platform.login(court.browser, client_id=ABSENT).status_code == 302


HINTS = {
    "HTML": '"><script>alert(1)</script>',
    "CRLF": "a\r\nSet-Cookie: mpia=stolen",
    "ampersand": "a&redirect_uri=https://evil.example.org",
    "other alphabets": "élève-学生",
}


@pytest.mark.parametrize("hint", HINTS.values(), ids=[f"L9 {name}" for name in HINTS])
def test_hints_come_back_as_data(court: Court, hint: str) -> None:
    """A hint is the platform's own business: sent back verbatim, and never more than a parameter."""
    answer = court.platform.login(court.browser, login_hint=hint, lti_message_hint=hint)
    assert answer.status_code == 302
    asked = parse_qs(urlsplit(answer.location).query)
    assert asked["login_hint"] == asked["lti_message_hint"] == [hint]
    assert asked["redirect_uri"] == [TOOL + "/lti/launch"]
    assert "\r" not in answer.location
    assert "<" not in answer.location
    assert all("stolen" not in cookie for cookie in answer.set_cookies)


TARGETS = {
    "L11 HTML": "<script>alert(1)</script>",
    "L11 unknown words": "frame of nobody",
    "L11 closes the attribute": '_parent" onload="alert(1)',
    "L11 another window's name with a NUL": "_parent%00",
    "L11 _top": "_top",
    "L11 name of 9 KB": "a" * 7999,
}


@pytest.mark.parametrize("framed", [False, True], ids=["alone", "framed"])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_an_unknown_storage_target_is_not_repeated(court: Court, target: str, framed: bool) -> None:
    """The launch goes on without the platform's storage."""
    headers = {"Sec-Fetch-Dest": "iframe"} if framed else {}
    fields = court.platform.login_fields(lti_storage_target=target)
    answer = court.browser.post("/lti/login", data=fields, headers=headers)
    assert answer.status_code == (200 if framed else 302)
    assert "lti_storage_target" not in str(answer.location)
    assert "data-target" not in answer.text
    assert "alert(1)" not in answer.text
    assert "frame-ancestors" in answer.headers.get("Content-Security-Policy", "frame-ancestors")


@case("L11 known frame is told to the script alone")
def test_a_known_storage_target(court: Court) -> None:
    answer = court.platform.login(court.browser, lti_storage_target="post_message_forwarding")
    assert answer.status_code == 200
    assert 'data-target="post_message_forwarding"' in answer.text
    assert f'data-origin="https://{court.platform.host}"' in answer.text


@case("L10 flood of logins")
def test_a_flood_of_logins_is_bounded(court: Court) -> None:
    """The store of logins under way has a bound: past it nobody begins, and what was begun can end."""
    state, nonce = court.platform.begin(court.browser)
    flood(court)
    try:
        court.clock.advance(COUNTED_EVERY + 1)
        for process in (0, 1):
            fields = court.platform.login_fields()
            answer = court.new_browser().post("/lti/login", data=fields, process=process)
            assert answer.status_code == 503
            court.readable(answer)
            assert answer.location is None
        assert "lti_busy" in court.causes
        assert court.under_way() == CAPACITY + 1
        court.accepts(court.answer(state, court.platform.sign(court.platform.claims(nonce))))
    finally:
        drain(court)
    court.clock.advance(COUNTED_EVERY + 1)
    assert court.platform.login(court.browser).status_code == 302


@case("L5 only the registered platform is ever redirected to")
def test_only_the_registered_platform_is_ever_redirected_to(court: Court) -> None:
    answer = court.platform.login(court.browser, redirect_uri="https://evil.example.org", auth_url="https://evil")
    assert str(answer.location).startswith(court.platform.auth_url + "?")
    assert "evil" not in str(answer.location)


def flood(court: Court) -> None:
    """As many logins under way as the service bears, made by the database itself."""
    numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < CAPACITY))
    rows = sa.select(
        sa.literal("flood-") + sa.cast(numbers.c.n, sa.String), sa.literal(court.platform.id), sa.literal("nonce"),
        sa.literal(TOOL), sa.literal("browser"), sa.literal("hint"), sa.literal(utcnow() + timedelta(minutes=5)),
    )  # fmt: skip
    names = ["state_hash", "platform_id", "nonce", "target", "browser_hash", "login_hint", "expires_at"]
    with court.app.app_context():
        db.session.execute(sa.insert(LaunchState).from_select(names, rows))
        db.session.commit()
        db.session.remove()


def drain(court: Court) -> None:
    """The flood ends."""
    with court.app.app_context():
        db.session.execute(sa.delete(LaunchState).where(LaunchState.platform_id == court.platform.id))
        db.session.commit()
        db.session.remove()
