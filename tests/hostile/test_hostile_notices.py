"""Notices that are not the platform's, not for us, or brought twice (LTI.md M4)."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from lms.models import SeenNotice
from tests.hostile.browser import Answer
from tests.hostile.court import Court, case
from tests.platform_in_test import ABSENT, CLAIM, PlatformInTest, b64, merged, rsa_key

NOTICE = {"id": "n-1", "timestamp": "2026-11-25T10:00:00Z", "type": "LtiContextCopyNotice"}


def notice(platform: PlatformInTest, **changes: Any) -> dict[str, Any]:
    """The claims of a notice that a course was copied, with changes."""
    now = int(time.time())
    base = {
        "iss": platform.issuer, "aud": platform.client_id, "iat": now, "exp": now + 60, CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": platform.deployment, CLAIM + "notice": NOTICE,
        CLAIM + "context": {"id": "course-2", "title": "Copie"}, CLAIM + "origin_contexts": ["course-1"],
    }  # fmt: skip
    return merged(base, changes)


def bring(court: Court, *tokens: str, process: int | None = None) -> Answer:
    """The answer to a request of the platform that brings these."""
    body = json.dumps({"notices": [{"jwt": token} for token in tokens]}).encode()
    headers = {"Content-Type": "application/json"}
    return court.new_browser().post("/lti/notices", data=body, headers=headers, process=process)


def unsigned(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    return f"{b64(json.dumps({'alg': 'none', 'kid': platform.kid}))}.{b64(json.dumps(claims))}."


def by_the_attacker(platform: PlatformInTest, claims: dict[str, Any]) -> str:
    return platform.sign(claims, key=rsa_key("attacker"))


FORGED: dict[str, Callable[[PlatformInTest, dict[str, Any]], str]] = {
    "M4 unsigned": unsigned,
    "M4 signed by another": by_the_attacker,
    "M4 without a signature": lambda platform, claims: platform.sign(claims).rpartition(".")[0] + ".",
    "M4 with a key the platform does not publish": lambda platform, claims: platform.sign(claims, header={"kid": "x"}),
}
SAID: dict[str, dict[str, Any]] = {
    "M4 wrong audience": {"aud": "another-tool"},
    "M4 audience absent": {"aud": ABSENT},
    "M4 several audiences without azp": {"aud": ["tool-at-lms", "another-tool"]},
    "M4 unknown issuer": {"iss": "https://evil.example.org"},
    "M4 unknown deployment": {CLAIM + "deployment_id": "2"},
    "M4 expired": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 3660},
    "M4 without an end": {"exp": ABSENT},
    "M4 without an id": {CLAIM + "notice": {"type": "LtiContextCopyNotice"}},
    "M4 id is a list": {CLAIM + "notice": {**NOTICE, "id": ["n-1"]}},
    "M4 notice is a text": {CLAIM + "notice": "copied"},
}
CASES = FORGED | {
    name: (lambda platform, claims, changes=changes: platform.sign(merged(claims, changes)))
    for name, changes in SAID.items()
}


@pytest.mark.parametrize("forge", CASES.values(), ids=CASES)
def test_a_notice_that_is_not_believed(court: Court, forge: Callable[..., str]) -> None:
    court.platform.launched()
    court.network.forget()
    court.settle()
    seen = court.count(SeenNotice)
    answer = bring(court, forge(court.platform, notice(court.platform)))
    assert answer.status_code == 400
    assert json.loads(answer.text)["reference"]
    assert (court.count(SeenNotice), court.kept()) == (seen, court.before)
    assert set(court.network.asked) <= {court.platform.jwks_url}
    court.told_nothing()


@case("M4 a platform speaks for another")
def test_a_notice_of_another_platform(court: Court) -> None:
    other = court.another("other")
    court.platform.launched()
    court.settle()
    forged = notice(court.platform)
    assert bring(court, other.sign(forged), process=0).status_code == 400
    assert bring(court, other.sign(forged, header={"kid": court.platform.kid}), process=1).status_code == 400
    assert court.kept() == court.before


@case("M4 replayed, to each process")
def test_a_notice_brought_again(court: Court) -> None:
    court.platform.launched()
    token = court.platform.sign(notice(court.platform))
    assert bring(court, token, process=0).status_code == 200
    court.settle()
    for process in (0, 1):
        assert bring(court, token, process=process).status_code == 409
    assert court.kept() == court.before
    assert court.count(SeenNotice, SeenNotice.platform_id == court.platform.id) == 1
    court.told_nothing()
