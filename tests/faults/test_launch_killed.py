"""A web process killed at any step of an entry: the person enters all the same, once, and nothing is half there."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Enrolment, LaunchState, Membership, Participation, Person, WebSession
from tests.faults.dying_in_test import MOST, Processes, buried
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, person


@pytest.fixture
def web(app: Flask, platform: PlatformInTest) -> Processes:
    return Processes(app, platform)


class Entry:
    """Somebody who enters for the first time, from the platform's page on."""

    def __init__(self, platform: PlatformInTest, number: int) -> None:
        self.platform, self.client, self.subject = platform, platform.app.test_client(), f"learner-{number}"
        self.claims: dict[str, Any] = person(number)

    def posted(self) -> dict[str, Any]:
        """What the browser posts to enter, for a process to answer."""
        state, nonce = self.platform.begin(self.client)
        token = self.platform.sign(self.platform.claims(nonce, **self.claims))
        cookie = self.client.get_cookie("mpia")
        assert cookie is not None
        return {
            "method": "POST", "path": "/lti/launch", "data": {"state": state, "id_token": token},
            "headers": {"Origin": self.platform.issuer, "Cookie": f"mpia={cookie.value}"},
        }  # fmt: skip


def there(session: Session, subject: str) -> tuple[int, ...]:
    """How many of each there are of that person: themselves, courses, links, tracks, sessions, lines of the journal."""
    who = sa.select(Person.id).filter_by(subject=subject)
    about = (Membership, Participation, Enrolment, WebSession, AuditEntry)
    found = (
        count(session, Person, Person.subject == subject),
        *(count(session, m, m.person_id.in_(who)) for m in about),
    )
    session.rollback()
    return found


def test_killed_at_any_step_of_an_entry(session: Session, web: Processes, platform: PlatformInTest) -> None:
    platform.launched()  # the course and its link are known, as they mostly are
    outcomes = set()
    for step in range(1, MOST):
        entry = Entry(platform, 100 + step)
        request = entry.posted()
        said = web.does("request", step, **request)
        buried(session)
        found = there(session, entry.subject)
        assert found in {(0,) * 6, (1,) * 6}, f"killed at step {step}"
        if said != "killed":
            assert (said[0], found) == (303, (1,) * 6)
            break
        # The person reloads: the very same message again, from the same browser.
        again = platform.post(entry.client, request["data"]["state"], request["data"]["id_token"])
        if found[0]:
            # It was done, and nobody was told: the message has been used up, and the page says how to go on.
            assert again.status_code == 400, again.text
            assert "a déjà servi" in again.text or "already used" in again.text
            assert platform.launch(entry.client, **entry.claims).status_code == 303
            assert there(session, entry.subject) == (1, 1, 1, 1, 2, 2)
        else:
            assert again.status_code == 303, again.text
            assert there(session, entry.subject) == (1,) * 6
        outcomes.add(found[0])
    else:
        pytest.fail("no process lived to the end")
    assert outcomes == {0, 1}, "killed before it was done, and after"
    assert step > 12
    assert count(session, LaunchState) == 0, "no message that was answered can be used again"


def test_killed_at_any_step_before_the_platform_is_asked(
    session: Session, web: Processes, platform: PlatformInTest
) -> None:
    for step in range(1, MOST):
        fields = platform.login_fields()
        said = web.does("request", step, method="POST", path="/lti/login", data=fields)
        buried(session)
        if said != "killed":
            break
        client = platform.app.test_client()
        assert platform.launch(client, **person(100 + step)).status_code == 303
        assert there(session, f"learner-{100 + step}") == (1,) * 6
    else:
        pytest.fail("no process lived to the end")
    assert said[0] == 302
    assert said[2][0].startswith("mpia=")
