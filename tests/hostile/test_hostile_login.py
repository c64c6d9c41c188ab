"""Logins that must lead nowhere (LTI.md L1 to L9, L11), and what is true of the others."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from lms.models import LaunchState, Platform, db
from tests.hostile.conftest import Court
from tests.platform_in_test import ABSENT, TOOL, PlatformInTest

REFUSED: dict[str, dict[str, Any]] = {
    "L1 no issuer": {"iss": ABSENT},
    "L1 empty issuer": {"iss": ""},
    "L1 unknown issuer": {"iss": "https://elsewhere.example.org"},
    "L1 issuer with a final slash": {"iss": "https://lms.example.org/"},
    "L1 issuer in capitals": {"iss": "https://LMS.example.org"},
    "L1 issuer with a NUL": {"iss": "https://lms.example.org\x00"},
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
    "L7 issuer twice": {"iss": ["https://lms.example.org", "https://lms.example.org"]},
    "L7 target twice": {"target_link_uri": [TOOL + "/lti/launch", "https://evil.example.org"]},
    "L8 login_hint of 9 KB": {"login_hint": "a" * 9000},
    "L8 message hint of 9 KB": {"lti_message_hint": "a" * 9000},
    "L8 unknown parameter of 9 KB": {"more": "a" * 9000},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refused_login(court: Court, method: str, changes: dict[str, Any]) -> None:
    answer = court.platform.login(court.browser, method, **changes)
    court.refuses(answer)
    assert states_under_way(court.app) == 0
    assert answer.location is None


def test_l1_an_unknown_platform_can_show_the_refusal_in_its_frame(court: Court) -> None:
    """Else a new administrator would see nothing at all. Nobody is signed in on that page."""
    answer = court.platform.login(court.browser, iss="https://new.example.org")
    court.refuses(answer, "lti_issuer_unknown")
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors *")


def test_l1_who_is_signed_in_is_not_framed_by_a_stranger(court: Court) -> None:
    court.platform.launched(court.browser)
    answer = court.platform.login(court.browser, iss="https://evil.example.org")
    assert answer.status_code == 400
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors https://lms.example.org")


def test_l3_client_id_absent_and_ambiguous(court: Court) -> None:
    second = PlatformInTest(court.app, "second", issuer=court.platform.issuer)
    assert second.id != court.platform.id
    court.refuses(
        court.platform.login(court.browser, client_id=ABSENT, lti_deployment_id=ABSENT), "lti_client_ambiguous"
    )


def test_l3_client_id_absent_is_no_fault_when_one_registration_fits(court: Court) -> None:
    assert court.platform.login(court.browser, client_id=ABSENT).status_code == 302


def test_c31_login_of_a_suspended_platform(court: Court) -> None:
    suspend(court.platform)
    court.refuses(court.platform.login(court.browser), "lti_suspended")


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
    assert all("stolen" not in cookie for cookie in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("target", ["<script>alert(1)</script>", "frame of nobody"], ids=["L11 HTML", "L11 unknown"])
def test_an_unknown_storage_target_is_not_repeated(court: Court, target: str) -> None:
    answer = court.platform.login(court.browser, lti_storage_target=target)
    assert answer.status_code == 302
    assert "lti_storage_target" not in answer.location
    assert target not in answer.text


def test_only_the_registered_platform_is_ever_redirected_to(court: Court) -> None:
    answer = court.platform.login(court.browser, redirect_uri="https://evil.example.org", auth_url="https://evil")
    assert answer.location.startswith(court.platform.auth_url + "?")
    assert "evil" not in answer.location


def states_under_way(app: Flask) -> int:
    with app.app_context():
        count = db.session.query(LaunchState).count()
        db.session.remove()
    return count


def suspend(platform: PlatformInTest) -> None:
    with platform.app.app_context():
        db.session.get_one(Platform, platform.id).status = "suspended"
        db.session.commit()
        db.session.remove()
