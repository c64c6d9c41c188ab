"""A timed attempt: its time, its pauses, and its closing when nobody submits it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assessments.clock import LONGEST_PAUSE
from lms.models import Attempt, AuditEntry, Enrolment, Grading, OutboxJob, Pause, utcnow
from lms.services import accommodations, attempts, pauses
from lms.services.accommodations import Granted
from lms.services.attempts import AttemptRefused
from lms.services.pauses import PauseRefused
from lms.worker import Worker
from tests.exam_in_test import examined, examinee, publish_exam
from tests.learner_in_test import TRACK, answer, course, joins, learner, together

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EXAM = examined(pauses=2)


@pytest.fixture
def row(session: Session) -> Enrolment:
    return learner(session)


@pytest.fixture
def attempt(session: Session, row: Enrolment) -> Attempt:
    found = attempts.start(session, row, EXAM, now=NOON)
    session.commit()
    return found


def left(session: Session, attempt: Attempt, at: timedelta) -> timedelta | None:
    return pauses.left(attempt, NOON + at, pauses.under_way(session, attempt))


def refused(session: Session, attempt: Attempt, at: timedelta) -> str:
    with pytest.raises(PauseRefused) as refusal:
        pauses.begin(session, attempt, NOON + at)
    return refusal.value.reason


# Time allowed


def test_the_time_is_that_of_the_rules_and_of_the_accommodation(session: Session, row: Enrolment) -> None:
    accommodations.grant(session, row.person_id, Granted(extra_time=33, pauses=1), row.person_id, NOON)
    attempt = attempts.start(session, row, EXAM, now=NOON)
    assert (attempt.minutes, attempt.pauses, attempt.due_at) == (80, 3, NOON + 80 * MINUTE)


def test_an_accommodation_granted_or_removed_twice_at_once_is_so_once(
    app: Flask, session: Session, row: Enrolment
) -> None:
    session.commit()

    def become(what: Granted) -> Callable[[Session], None]:
        def act(own: Session) -> None:
            accommodations.given(own, row.person_id)  # as the page reads it first
            accommodations.grant(own, row.person_id, what, row.person_id, NOON)
            own.commit()

        return act

    for what in (Granted(extra_time=33), Granted(extra_time=50), Granted()):
        together(app, [become(what)] * 4)
        session.expire_all()
        assert accommodations.given(session, row.person_id) == what
        session.commit()
    lines = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.startswith("accommodation")))
    assert lines.all() == [f"accommodation_{act}" for act in ("granted", "changed", "removed")]
    session.commit()

    def granted_or_removed(own: Session) -> None:
        become(Granted(extra_time=33))(own)
        become(Granted())(own)

    together(app, [granted_or_removed] * 4)


def test_an_accommodation_that_is_over_gives_nothing(session: Session, row: Enrolment) -> None:
    accommodations.grant(session, row.person_id, Granted(extra_time=33, until=NOON), row.person_id, NOON - MINUTE)
    assert attempts.start(session, row, EXAM, now=NOON).minutes == 60


def test_without_a_limit_there_is_no_clock(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, examined(minutes=0, pauses=2), now=NOON)
    assert (attempt.minutes, attempt.pauses, attempt.due_at) == (None, 0, None)
    assert refused(session, attempt, MINUTE) == "untimed"
    assert not attempts.close_if_over(session, attempt, TRACK, EXAM, NOON + timedelta(days=900))


def test_a_supervised_one_begins_at_a_sitting_alone(session: Session, row: Enrolment) -> None:
    with pytest.raises(AttemptRefused, match="supervised"):
        attempts.start(session, row, examined(supervised=True), now=NOON)


# Pauses


def test_a_pause_stops_the_clock(session: Session, attempt: Attempt) -> None:
    pauses.begin(session, attempt, NOON + 20 * MINUTE)
    assert left(session, attempt, 30 * MINUTE) == 40 * MINUTE
    pauses.end(session, attempt, NOON + 32 * MINUTE)
    assert left(session, attempt, 32 * MINUTE) == 40 * MINUTE
    assert attempt.due_at == NOON + 72 * MINUTE
    assert pauses.pauses_left(session, attempt) == 1


def test_a_pause_that_lasts_too_long_no_longer_stops_it(session: Session, attempt: Attempt) -> None:
    pauses.begin(session, attempt, NOON + 20 * MINUTE)
    assert left(session, attempt, 36 * MINUTE) == 39 * MINUTE
    pauses.end(session, attempt, NOON + 40 * MINUTE)
    (pause,) = session.scalars(sa.select(Pause))
    assert pause.ended_at == pause.began_at + LONGEST_PAUSE
    assert attempt.due_at == NOON + 75 * MINUTE


def test_a_pause_is_made_once_and_ended_once(session: Session, attempt: Attempt) -> None:
    for turn in range(2):
        pauses.begin(session, attempt, NOON + (10 + turn) * MINUTE)
    for turn in range(2):
        pauses.end(session, attempt, NOON + (12 + turn) * MINUTE)
    assert attempt.due_at == NOON + 62 * MINUTE
    assert pauses.pauses_left(session, attempt) == 1


def test_pauses_are_counted(session: Session, attempt: Attempt) -> None:
    for minute in (1, 3):
        pauses.begin(session, attempt, NOON + minute * MINUTE)
        pauses.end(session, attempt, NOON + (minute + 1) * MINUTE)
    assert refused(session, attempt, 5 * MINUTE) == "none_left"


def test_no_pause_once_the_time_is_up_or_the_attempt_submitted(session: Session, attempt: Attempt) -> None:
    assert refused(session, attempt, 60 * MINUTE) == "closed"
    attempts.submit(session, attempt, TRACK, EXAM, NOON + 5 * MINUTE)
    assert refused(session, attempt, 6 * MINUTE) == "closed"


def test_pauses_at_once_are_one(app: Flask, session: Session, attempt: Attempt) -> None:
    attempt.due_at = utcnow() + 30 * MINUTE
    session.commit()

    def pause(own: Session) -> None:
        pauses.begin(own, own.get_one(Attempt, attempt.id), utcnow())
        own.commit()

    due = attempt.due_at
    together(app, [pause] * 4)
    session.refresh(attempt)
    assert attempt.due_at == due + LONGEST_PAUSE
    assert session.scalar(sa.select(sa.func.count()).select_from(Pause)) == 1


# The end


def closed(session: Session, attempt: Attempt, at: timedelta) -> bool:
    return attempts.close_if_over(session, attempt, TRACK, EXAM, NOON + at)


def test_it_is_closed_with_what_was_saved(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, EXAM, now=utcnow())
    answer(session, attempt, EXAM, correct=3)
    assert attempt.due_at is not None
    now = attempt.due_at + timedelta(seconds=16)
    assert not attempts.close_if_over(session, attempt, TRACK, EXAM, attempt.due_at + timedelta(seconds=15))
    assert attempts.close_if_over(session, attempt, TRACK, EXAM, now)
    assert (attempt.timed_out, attempt.submitted_at, attempt.passed) == (True, attempt.due_at, True)
    assert not attempts.close_if_over(session, attempt, TRACK, EXAM, now)
    (grading,) = session.scalars(sa.select(Grading))
    assert (grading.cause, grading.graded_at) == ("submitted", now)


def test_a_submission_on_its_way_is_the_learners(session: Session, attempt: Attempt) -> None:
    attempts.submit(session, attempt, TRACK, EXAM, NOON + 60 * MINUTE + timedelta(seconds=14))
    assert not attempt.timed_out
    assert attempt.submitted_at == NOON + 60 * MINUTE + timedelta(seconds=14)


def test_a_pause_is_ended_by_the_end(session: Session, attempt: Attempt) -> None:
    pauses.begin(session, attempt, NOON + 59 * MINUTE)
    assert not closed(session, attempt, 75 * MINUTE)
    assert closed(session, attempt, 76 * MINUTE)
    (pause,) = session.scalars(sa.select(Pause))
    assert pause.ended_at == NOON + 74 * MINUTE
    assert attempt.submitted_at == NOON + 75 * MINUTE


def test_submitting_in_a_pause_ends_it(session: Session, attempt: Attempt) -> None:
    pauses.begin(session, attempt, NOON + 10 * MINUTE)
    attempts.submit(session, attempt, TRACK, EXAM, NOON + 12 * MINUTE)
    (pause,) = session.scalars(sa.select(Pause))
    assert (pause.ended_at, attempt.due_at) == (NOON + 12 * MINUTE, NOON + 62 * MINUTE)


def test_the_worker_closes_what_nobody_submits_once(app: Flask, session: Session) -> None:
    """Several in one go, by several workers at once; each result once, with all that follows from it."""
    track = publish_exam(session)
    exam = track.module("d1")
    assert exam is not None
    link = course(session, lineitem="https://lms.example.org/items/1")
    ids: list[Any] = []
    for number in range(6):
        row = examinee(session, track, number)
        joins(session, row.person_id, link)
        attempt = attempts.start(session, row, exam)
        answer(session, attempt, exam, correct=number)
        assert attempt.due_at is not None
        if number != 5:  # the last one has time still
            attempt.due_at = utcnow() - MINUTE
        ids.append(attempt.id)
    session.commit()
    workers = [Worker(app) for _ in range(2)]
    for worker in workers:
        worker.round()
    assert session.scalars(sa.select(OutboxJob.kind).filter_by(kind="close_attempts")).all() == ["close_attempts"]
    session.commit()
    together(app, [lambda _own, worker=worker: worker.drain() for worker in workers])  # type: ignore[misc]
    session.commit()
    session.expire_all()
    found = [session.get_one(Attempt, number) for number in ids]
    assert [each.timed_out for each in found] == [True] * 5 + [False]
    assert [each.score * 4 if each.score is not None else None for each in found] == [0, 1, 2, 3, 4, None]
    assert session.scalar(sa.select(sa.func.count()).select_from(Grading)) == 5
    owed = sa.select(sa.func.count()).select_from(OutboxJob).filter_by(kind="send_score")
    assert session.scalar(owed) == 5
    session.commit()
    workers[0].round()
    assert session.scalar(sa.select(OutboxJob.status).filter_by(kind="close_attempts")) == "done", "nothing is left"
