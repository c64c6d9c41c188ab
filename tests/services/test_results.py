"""What a result brings about: completion, the score to every column, the certificate; all or nothing."""

from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.lti.model import Launch, LaunchContext, LaunchLink, LaunchUser, Registration
from lms.models import Enrolment, OutboxJob, Participation, Person
from lms.services.launches import Arrival, arrive
from lms.services.learning import enrol, enrolment, track_progress
from lms.services.platforms import NewPlatform, add_platform, registration
from lms.services.results import best_scores, decision, gradebook_score, promise_certificates, promise_scores
from tests.learners_in_test import D1, D2, TRACK, count, new_learner, pass_all, take

RULE = TRACK.certificate
assert RULE is not None


@pytest.fixture
def platform(session: Session) -> Registration:
    row = add_platform(
        session,
        NewPlatform(
            name="LMS", issuer="https://lms.example.org", client_id="tool", auth_url="https://lms.example.org/auth",
            token_url="https://lms.example.org/token", jwks_url="https://lms.example.org/jwks", deployment_id="1",
        ),
    )  # fmt: skip
    session.commit()
    return registration(session, row.id)


def comes_through(
    session: Session, platform: Registration, link: str, column: str | None = "https://lms.example.org/1", **more: Any
) -> Arrival:
    """A learner's launch of a link; committed."""
    launch = Launch(
        registration=platform, deployment=platform.deployments["1"], user=LaunchUser("learner-1", "Ada", "Martin"),
        roles=more.pop("roles", frozenset({"learner"})), context=LaunchContext("course-1"),
        link=LaunchLink(link, track=more.pop("track", TRACK.key), lineitem_url=column, **more),
    )  # fmt: skip
    arrival = arrive(session, launch, None)
    enrol(session, arrival.person_id, TRACK)
    session.commit()
    return arrival


def followed(session: Session, arrival: Arrival) -> Enrolment:
    row = enrolment(session, arrival.person_id, TRACK.key)
    assert row is not None
    return row


def jobs(session: Session, kind: str) -> list[str]:
    return sorted(row.key for row in session.query(OutboxJob).filter_by(kind=kind))


def test_a_result_promises_the_score_to_every_column_of_the_track(session: Session, platform: Registration) -> None:
    arrival = comes_through(session, platform, "whole track")
    comes_through(session, platform, "one module", "https://lms.example.org/2", module=D1.key)
    comes_through(session, platform, "without column", None)
    comes_through(session, platform, "another track", "https://lms.example.org/3", track="agents")
    take(session, followed(session, arrival), D1)
    owed = {row.resource_link.lti_id for row in session.query(Participation) if _promised(session, row)}
    assert owed == {"whole track", "one module"}


def _promised(session: Session, row: Participation) -> bool:
    return f"participation:{row.id}" in jobs(session, "send_score")


def test_a_failed_attempt_promises_its_score_too(session: Session, platform: Registration) -> None:
    arrival = comes_through(session, platform, "link")
    take(session, followed(session, arrival), D1, mistakes=10)
    assert len(jobs(session, "send_score")) == 1
    assert jobs(session, "issue_certificate") == []


def test_one_link_alone(session: Session, platform: Registration) -> None:
    first = comes_through(session, platform, "first")
    second = comes_through(session, platform, "second", "https://lms.example.org/2")
    promise_scores(session, first.person_id, TRACK, second.link_id)
    session.commit()
    row = session.query(Participation).filter_by(resource_link_id=second.link_id).one()
    assert jobs(session, "send_score") == [f"participation:{row.id}"]


def test_the_certificate_is_promised_when_the_last_module_is_passed(session: Session) -> None:
    row = new_learner(session)
    for module in TRACK.published_modules[:-1]:
        take(session, row, module)
    assert jobs(session, "issue_certificate") == []
    assert row.completed_at is None
    take(session, row, TRACK.published_modules[-1])
    assert jobs(session, "issue_certificate") == [f"enrolment:{row.id}"]
    assert row.completed_at is not None


def test_what_a_name_was_missing_for_is_promised_again(session: Session) -> None:
    row = new_learner(session, given_name="", family_name="")
    pass_all(session, row)
    session.query(OutboxJob).update({"status": "done"})
    session.commit()
    promise_certificates(session, row.person_id, {TRACK.key: TRACK})
    session.commit()
    session.expire_all()
    assert session.query(OutboxJob).filter_by(kind="issue_certificate").one().status == "pending"


def test_a_name_promises_nothing_that_is_not_earned(session: Session) -> None:
    row = new_learner(session)
    take(session, row, D1)
    promise_certificates(session, row.person_id, {TRACK.key: TRACK})
    session.commit()
    assert jobs(session, "issue_certificate") == []


def test_the_score_of_a_module_link(session: Session) -> None:
    row = new_learner(session)
    assert gradebook_score(track_progress(session, row, TRACK), D1.key) == (None, False)
    take(session, row, D1, mistakes=4)
    assert gradebook_score(track_progress(session, row, TRACK), D1.key) == (Fraction(6, 10), False)
    assert gradebook_score(track_progress(session, row, TRACK), D2.key) == (None, False)
    assert gradebook_score(track_progress(session, row, TRACK), "gone") == (None, False)
    take(session, row, D2, mistakes=1)
    assert gradebook_score(track_progress(session, row, TRACK), D2.key) == (Fraction(9, 10), True)


def test_the_score_of_a_track_link_is_the_mean_of_what_its_certificate_asks(session: Session) -> None:
    row = new_learner(session)
    assert gradebook_score(track_progress(session, row, TRACK), None) == (None, False)
    take(session, row, D1, mistakes=2)
    assert gradebook_score(track_progress(session, row, TRACK), None) == (Fraction(8, 10) / len(RULE.modules), False)
    take(session, row, D2)
    mean = (Fraction(8, 10) + 1) / len(RULE.modules)
    assert gradebook_score(track_progress(session, row, TRACK), None) == (mean, True)


def test_the_decision_gives_its_reasons(session: Session) -> None:
    row = new_learner(session)
    take(session, row, D1, mistakes=5)
    state = track_progress(session, row, TRACK)
    award = decision(TRACK, state)
    assert award is not None
    assert not award.earned
    first = award.conditions[0]
    assert (first.module, first.have, first.met) == (D1.key, Fraction(1, 2), False)
    assert best_scores(state) == {D1.key: Fraction(1, 2)}


def test_a_new_column_owes_nothing_to_other_people(session: Session, platform: Registration) -> None:
    comes_through(session, platform, "link")
    other = Person(subject="other", email="other@example.org")
    session.add(other)
    session.flush()
    promise_scores(session, other.id, TRACK)
    assert count(session, OutboxJob) == 0
