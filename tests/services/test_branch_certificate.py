"""A certificate that asks for a branch attests the common core and the branch that was passed."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Track
from curricula.write import folder_of
from lms.config import Config
from lms.models import Enrolment
from lms.services import attempts, issuing, learning
from lms.services.authority import open_authority
from lms.services.authority import publish as publish_keys
from lms.services.library import Library
from lms.services.results import gradebook_score
from lms.services.revisions import publish
from tests.branching_in_test import branching
from tests.learner_in_test import answer, learner


@pytest.fixture
def track(session: Session) -> Track:
    publish(session, folder_of(branching()), "imported")
    session.commit()
    return Library(session)["agents"]


@pytest.fixture
def row(session: Session, track: Track) -> Enrolment:
    person = learner(session).person_id
    learning.enrol(session, person, track)
    found = learning.enrolment(session, person, track.key)
    assert found is not None
    return found


def passes(session: Session, row: Enrolment, track: Track, *keys: str) -> None:
    for key in keys:
        part = track.module(key)
        assert part is not None
        attempt = attempts.start(session, row, part)
        answer(session, attempt, part)
        attempts.submit(session, attempt, track, part)
    session.commit()


def test_the_certificate_attests_the_branch_passed(
    app: Flask, config: Config, session: Session, row: Enrolment, track: Track
) -> None:
    authority = open_authority(config)
    publish_keys(session, authority)
    passes(session, row, track, "a1", "a2", "s1")
    with pytest.raises(issuing.NotIssued, match="not_earned"):
        issuing.issue(session, authority, row, track)
    passes(session, row, track, "s2")
    record = issuing.issue(session, authority, row, track).record
    assert [module["code"] for module in record["modules"]] == ["A1", "A2", "S1", "S2"]
    assert record["minutes"] == 440
    assert len(record["evidence"]) == 5  # the track, then an attempt a module


def test_the_gradebook_shows_the_core_and_the_branch_followed(session: Session, row: Enrolment, track: Track) -> None:
    passes(session, row, track, "a1", "a2")
    state = learning.track_progress(session, row, track)
    assert gradebook_score(state, None) == (pytest.approx(2 / 3), False)
    passes(session, row, track, "j1")
    state = learning.track_progress(session, row, track)
    assert gradebook_score(state, None) == (1, True)
