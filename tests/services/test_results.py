"""What a result brings about: completion once, and the value each gradebook column is owed."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import Enrolment, OutboxJob, utcnow
from lms.services import learning
from lms.services.awards import awards
from lms.services.results import after_result, gradebook_score, promise_scores
from tests.learner_in_test import TRACK, course, earn, joins, learner, module, take

COLUMN = "https://lms.example.org/items/1"


@pytest.fixture
def row(session: Session) -> Enrolment:
    return learner(session)


def scores(session: Session, row: Enrolment, module_key: str | None = None) -> tuple[Fraction | None, bool]:
    return gradebook_score(learning.track_progress(session, row, TRACK), module_key)


def promised(session: Session) -> list[str]:
    query = sa.select(OutboxJob.key).filter_by(kind="send_score").order_by(OutboxJob.id)
    return list(session.scalars(query))


def test_nothing_submitted_is_no_score(session: Session, row: Enrolment) -> None:
    learning.read_lesson(session, row, module("d1"), module("d1").lessons[0])
    assert scores(session, row) == (None, False)
    assert scores(session, row, "d1") == (None, False)


def test_zero_is_a_score(session: Session, row: Enrolment) -> None:
    take(session, row, module("d1"), correct=0)
    assert scores(session, row)[0] is not None
    assert scores(session, row, "d1")[0] is not None
    assert scores(session, row, "d2") == (None, False)


def test_a_module_link_carries_its_best_score(session: Session, row: Enrolment) -> None:
    free = module("d1")
    assert free.quiz is not None
    free = replace(free, quiz=replace(free.quiz, attempts=0, cooldown_minutes=0))
    best = take(session, row, free, correct=5).score
    take(session, row, free, correct=0)
    assert scores(session, row, "d1") == (best, False)
    take(session, row, free)
    assert scores(session, row, "d1") == (1, True)


def test_a_track_link_carries_the_mean_of_what_its_certificate_asks_for(session: Session, row: Enrolment) -> None:
    take(session, row, module("d1"))
    assert scores(session, row) == (Fraction(1, 2), False), "an untried module counts for nothing"
    take(session, row, module("d2"))
    assert scores(session, row) == (1, True)


def test_a_track_without_certificate_carries_the_mean_of_its_modules(session: Session, row: Enrolment) -> None:
    take(session, row, module("d1"))
    plain = replace(TRACK, certificate=None)
    state = learning.track_progress(session, row, plain)
    assert gradebook_score(state, None) == (Fraction(1, len(plain.published_modules)), False)
    assert awards(session, row.person_id, plain) == []


def test_a_module_that_is_no_more_owes_nothing(session: Session, row: Enrolment) -> None:
    earn(session, row)
    assert scores(session, row, "nowhere") == (None, False)


def test_completion_is_dated_once(session: Session, row: Enrolment) -> None:
    take(session, row, module("d1"))
    assert row.completed_at is None
    done = take(session, row, module("d2"))
    assert row.completed_at == done.submitted_at
    after_result(session, row, TRACK, utcnow())
    session.commit()
    session.refresh(row)
    assert row.completed_at == done.submitted_at


def test_every_column_the_learner_came_through_is_promised_its_score(session: Session, row: Enrolment) -> None:
    mine = [
        joins(session, row.person_id, course(session, number, COLUMN, **link))
        for number, link in enumerate([{}, {"module_key": "d2"}, {"track_key": None}])
    ]
    other = learner(session, 2)
    joins(session, other.person_id, course(session, 9, COLUMN))
    joins(session, row.person_id, course(session, 7, None))
    joins(session, row.person_id, course(session, 8, COLUMN, track_key="agents"))
    take(session, row, module("d1"))
    assert promised(session) == [f"participation:{each.id}" for each in mine]


def test_one_link_alone_can_be_promised(session: Session, row: Enrolment) -> None:
    joins(session, row.person_id, course(session, 1, COLUMN))
    second = joins(session, row.person_id, course(session, 2, COLUMN))
    promise_scores(session, row.person_id, TRACK, second.resource_link_id)
    assert promised(session) == [f"participation:{second.id}"]
