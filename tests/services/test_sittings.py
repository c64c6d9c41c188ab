"""Sittings: who may begin when, who is in, and when the answers are explained."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lms.models import Attempt, Enrolment, ResourceLink, Sitting
from lms.services import attempts, pauses, sittings
from lms.services.sittings import LENGTH, SIGNS, SittingRefused
from tests.exam_in_test import examined
from tests.learner_in_test import TRACK, course, joins, learner

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
EXAM = examined(supervised=True, pauses=1, correction="closed")


@pytest.fixture
def link(session: Session) -> ResourceLink:
    return course(session)


@pytest.fixture
def row(session: Session, link: ResourceLink) -> Enrolment:
    found = learner(session)
    joins(session, found.person_id, link)
    return found


@pytest.fixture
def sitting(session: Session, link: ResourceLink, row: Enrolment) -> Sitting:
    return opened(session, link, NOON, NOON + HOUR, row.person_id)


def opened(session: Session, link: ResourceLink, first: datetime, last: datetime, by: int) -> Sitting:
    found = sittings.open_sitting(session, link.context_id, TRACK.key, "d1", (first, last), by, NOON - HOUR)
    session.commit()
    return found


def found_by(session: Session, row: Enrolment, code: str, now: datetime = NOON, module: str = "d1") -> int | str:
    """The sitting that a code opens, or why it opens none."""
    try:
        return sittings.for_code(session, row.person_id, TRACK.key, module, code, now).id
    except SittingRefused as refusal:
        return refusal.reason


def test_a_code_can_be_read_aloud_and_typed_anyhow(session: Session, row: Enrolment, sitting: Sitting) -> None:
    assert len(sitting.code) == LENGTH
    assert set(sitting.code) <= set(SIGNS)
    assert not set(SIGNS) & set("O0I1L5S2Z8BU")
    shown = sittings.shown_code(sitting.code)
    for typed in (shown, shown.lower(), f" {sitting.code[:2]} {sitting.code[2:]} "):
        assert found_by(session, row, typed) == sitting.id


def test_it_opens_its_assessment_to_its_course_in_its_time(
    session: Session, row: Enrolment, link: ResourceLink, sitting: Sitting
) -> None:
    code = sitting.code
    assert found_by(session, row, code, NOON - timedelta(seconds=1)) == "early"
    assert found_by(session, row, code, NOON + HOUR - timedelta(seconds=1)) == sitting.id
    assert found_by(session, row, code, NOON + HOUR) == "over"
    assert found_by(session, row, code, module="d2") == "unknown"
    stranger = learner(session, 2)
    joins(session, stranger.person_id, course(session, 2))
    assert found_by(session, stranger, code) == "unknown"
    for wrong in ("", "AAAAAA", "%", "' or 1=1", "x" * 5000):
        assert found_by(session, row, wrong) == "unknown"
    sittings.cancel(session, sitting, row.person_id, NOON + MINUTE)
    assert found_by(session, row, code, NOON + 2 * MINUTE) == "over"


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [(2 * HOUR, HOUR, "order"), (HOUR, HOUR, "order"), (-3 * HOUR, -2 * HOUR, "past"), (HOUR, 800 * HOUR, "long")],
)
def test_a_window_that_makes_no_sense_is_refused(
    session: Session, link: ResourceLink, row: Enrolment, first: timedelta, last: timedelta, reason: str
) -> None:
    with pytest.raises(SittingRefused, match=reason):
        opened(session, link, NOON + first, NOON + last, row.person_id)


def test_whoever_began_has_their_whole_time(session: Session, row: Enrolment, sitting: Sitting) -> None:
    attempt = attempts.start(session, row, EXAM, sitting=sitting, now=NOON + 59 * MINUTE)
    assert attempt.sitting_id == sitting.id
    assert attempt.due_at == NOON + 119 * MINUTE


def test_without_minutes_it_ends_with_the_sitting(session: Session, row: Enrolment, sitting: Sitting) -> None:
    untimed = examined(supervised=True, minutes=0, pauses=1)
    attempt = attempts.start(session, row, untimed, sitting=sitting, now=NOON)
    assert (attempt.minutes, attempt.pauses, attempt.due_at) == (None, 0, sitting.closes_at)


def test_who_is_in(session: Session, link: ResourceLink, row: Enrolment, sitting: Sitting) -> None:
    others = [learner(session, number) for number in (2, 3, 4)]
    begun = [attempts.start(session, each, EXAM, sitting=sitting, now=NOON) for each in (row, *others)]
    pauses.begin(session, begun[1], NOON + 10 * MINUTE)
    attempts.submit(session, begun[2], TRACK, EXAM, NOON + 20 * MINUTE)
    begun[3].due_at = NOON + 15 * MINUTE
    session.commit()
    found = sittings.present(session, sitting, NOON + 20 * MINUTE)
    assert [(each.name, each.state, each.left) for each in found] == [
        ("Ada Martin 1", "begun", 40 * MINUTE),
        ("Ada Martin 2", "paused", 50 * MINUTE),
        ("Ada Martin 3", "submitted", None),
        ("Ada Martin 4", "up", timedelta(0)),
    ]


def shown(session: Session, attempt: Attempt, correction: str, at: timedelta) -> bool:
    rules = examined(supervised=True, correction=correction).quiz
    assert rules is not None
    return sittings.answers_shown(session, attempt, rules, NOON + at)


def test_answers_are_explained_when_nobody_answers_any_more(session: Session, row: Enrolment, sitting: Sitting) -> None:
    first, second = (
        attempts.start(session, each, EXAM, sitting=sitting, now=NOON + 30 * MINUTE)
        for each in (row, learner(session, 2))
    )
    attempts.submit(session, first, TRACK, EXAM, NOON + 40 * MINUTE)
    assert shown(session, first, "after", 41 * MINUTE)
    assert not shown(session, first, "never", 900 * HOUR)
    assert not shown(session, first, "closed", 41 * MINUTE), "somebody may still begin"
    assert not shown(session, first, "closed", HOUR), "somebody is still answering"
    assert shown(session, first, "closed", 91 * MINUTE), "their time is over, closed or not"
    attempts.submit(session, second, TRACK, EXAM, NOON + 50 * MINUTE)
    assert shown(session, first, "closed", HOUR)
    assert not shown(session, first, "closed", 51 * MINUTE)
    sittings.cancel(session, sitting, row.person_id, NOON + 51 * MINUTE)
    assert shown(session, first, "closed", 52 * MINUTE)
