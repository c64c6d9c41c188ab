"""Requests to choose content: kept for one session, answered once by whoever comes first, forgotten in time."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.lti.model import DeepLinking, DeepLinkSettings, LaunchContext, LaunchUser, Registration
from lms.models import DeepLinkRequest, Deployment, Person, WebSession, utcnow
from lms.models.secrets import hashed
from lms.services.deep_links import hand_over, pending, remember, sweep, take
from tests.learner_in_test import count, course, together

SETTINGS = DeepLinkSettings(
    "https://lms.example.org/return", ("ltiResourceLink", "file"), ("iframe", "window"),
    accept_multiple=True, accept_lineitem=False, title="T", text="X", data="d\u2028é",
)  # fmt: skip
MINE, OTHER = hashed("mine"), hashed("other")


@pytest.fixture
def token(session: Session) -> str:
    """A request of the session « mine »."""
    course(session)
    person = Person(subject="trainer", email="trainer@example.org")
    session.add(person)
    session.flush()
    for key in (MINE, OTHER):
        session.add(
            WebSession(token_hash=key, person_id=person.id, roles=["trainer"], expires_at=utcnow() + timedelta(hours=1))
        )
    session.flush()
    deployment = session.query(Deployment).one()
    platform = Registration(
        deployment.platform_id, "https://lms.example.org", "c", "", "", "", {"1": deployment.id}
    )  # fmt: skip
    message = DeepLinking(
        registration=platform, deployment=deployment.id, deployment_id="1", user=LaunchUser("trainer"),
        roles=frozenset({"trainer"}), context=LaunchContext("course-1"), settings=SETTINGS,
    )  # fmt: skip
    made = remember(session.connection(), message, MINE)
    session.commit()
    return made


def test_what_was_asked_comes_back_as_it_was(session: Session, token: str) -> None:
    found = pending(session, token, MINE)
    assert found is not None
    assert found.settings == SETTINGS
    assert (found.addressee.issuer, found.addressee.client_id, found.addressee.deployment_id) == (
        "https://lms.example.org", "c", "1",
    )  # fmt: skip
    assert session.query(DeepLinkRequest).one().token_hash != token


def test_another_session_sees_nothing_of_it(session: Session, token: str) -> None:
    assert pending(session, token, OTHER) is None
    assert not take(session, token, OTHER)
    assert pending(session, token + "x", MINE) is None
    assert pending(session, token, MINE) is not None


def test_of_answers_at_the_same_instant_one_is_sent(app: Flask, token: str) -> None:
    def answer(own: Session) -> bool:
        won = take(own, token, MINE)
        own.commit()
        return won

    work: list[Callable[[Session], bool]] = [answer] * 6
    assert sorted(together(app, work)) == [False] * 5 + [True]


def test_a_session_handed_over_takes_its_request_along(session: Session, token: str) -> None:
    hand_over(session, MINE, OTHER)
    assert pending(session, token, MINE) is None
    assert pending(session, token, OTHER) is not None


def test_what_nobody_answers_is_forgotten(session: Session, token: str) -> None:
    sweep(session)
    assert count(session, DeepLinkRequest) == 1
    session.query(DeepLinkRequest).update({"expires_at": utcnow() - timedelta(seconds=1)})
    assert pending(session, token, MINE) is None
    sweep(session)
    assert count(session, DeepLinkRequest) == 0
