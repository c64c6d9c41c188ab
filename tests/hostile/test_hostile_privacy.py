"""Requests about somebody's personal data, by who may not make them (LTI.md M3)."""

from typing import Any

import pytest

from tests.hostile.court import Court, case
from tests.platform_in_test import ABSENT, CLAIM, MEMBERSHIP, SYSTEM_ADMIN, administrator, person, trainer

FOR_USER = CLAIM + "for_user"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


def request_about(about: Any = "learner-1", **changes: Any) -> dict[str, Any]:
    """The claims of a request of the platform's administrator about that person, with changes."""
    claims = {
        **administrator(), "message_type": "DataPrivacyLaunchRequest", "resource_link": ABSENT, "ags": ABSENT,
        "custom": ABSENT, "context": ABSENT, FOR_USER: {"user_id": about},
    }  # fmt: skip
    return {**claims, **changes}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "M3 learner": ({"roles": [MEMBERSHIP + "Learner"]}, "role"),
    "M3 trainer": (trainer(), "role"),
    "M3 administrator of the course only": ({"roles": [MEMBERSHIP + "Administrator"]}, "role"),
    "M3 manager of the course": ({"roles": [MEMBERSHIP + "Manager"]}, "role"),
    "M3 staff of the institution": ({"roles": [INSTITUTION + "Staff"]}, "role"),
    "M3 short name of the role": ({"roles": ["Administrator"]}, "role"),
    "M3 role that begins like an administrator's": ({"roles": [SYSTEM_ADMIN + "istrator"]}, "role"),
    "M3 no role": ({"roles": []}, "role"),
    "M3 about themselves": ({**person(1), "sub": "learner-1", "roles": [MEMBERSHIP + "Learner"]}, "role"),
    "M3 from inside a course": ({"context": {"id": "course-1"}}, "message"),
    "M3 about nobody": ({FOR_USER: ABSENT}, "claim"),
    "M3 about a list": ({FOR_USER: {"user_id": ["learner-1"]}}, "claim"),
    "M3 about an empty id": ({FOR_USER: {"user_id": ""}}, "claim"),
}


@pytest.mark.parametrize(("changes", "cause"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_is_refused(court: Court, changes: dict[str, Any], cause: str) -> None:
    court.platform.launched()
    court.network.forget()
    court.settle()
    court.refuses(court.launch(**request_about(**changes)), cause)


@case("M3 administrator of another platform")
def test_another_platforms_administrator_finds_nobody(court: Court) -> None:
    court.platform.launched()
    other = court.another("other")
    browser = court.new_browser()
    answer = other.launch(browser, **request_about())
    assert answer.status_code == 303
    assert "Martin" not in browser.get(str(answer.location)).text
    court.no_fault()


def test_an_administrators_request_is_served(court: Court) -> None:
    """The cases above differ from this one by what makes them hostile."""
    court.platform.launched()
    answer = court.launch(**request_about())
    assert answer.status_code == 303
    assert "Ada Martin" in court.browser.get(str(answer.location)).text
