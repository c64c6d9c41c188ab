"""Following a track: enrolled once, lessons read for good, the place kept."""

from datetime import timedelta
from fractions import Fraction

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Enrolment, LessonProgress, db, utcnow
from lms.services.learning import (
    REOPENED_AFTER,
    enrol,
    enrolment,
    enrolments,
    open_lesson,
    opens_new_ground,
    progresses,
    read_lesson,
    track_progress,
)
from tests.learners_in_test import D1, D2, TRACK, at_once, count, new_learner, pass_all, statements, take

FIRST, SECOND = D1.lessons[0], D1.lessons[1]


def test_enrolled_once_in_the_version_published(app: Flask, session: Session) -> None:
    row = new_learner(session)
    person_id = row.person_id

    def again(_number: int) -> None:
        enrol(db.session(), person_id, TRACK)
        db.session.commit()

    at_once(app, 4, again)
    assert count(session, Enrolment) == 1
    assert (row.track_version, row.track_digest) == (TRACK.version, TRACK.digest)


def test_a_lesson_once_read_is_always_read(session: Session) -> None:
    row = new_learner(session)
    read_lesson(session, row, D1, FIRST)
    session.commit()
    moment = session.query(LessonProgress).one().read_at
    read_lesson(session, row, D1, FIRST)
    open_lesson(session, row, D1, FIRST, utcnow())
    session.commit()
    session.expire_all()
    assert session.query(LessonProgress).one().read_at == moment
    assert track_progress(session, row, TRACK).modules[0].read == {FIRST.key}


def test_opening_a_lesson_keeps_the_place_and_the_start(session: Session) -> None:
    row, now = new_learner(session), utcnow()
    assert row.started_at is None
    open_lesson(session, row, D1, FIRST, now)
    open_lesson(session, row, D1, SECOND, now + timedelta(minutes=5))
    session.commit()
    session.expire_all()
    assert (row.started_at, row.last_at) == (now, now + timedelta(minutes=5))
    assert (row.last_module, row.last_lesson) == (D1.key, SECOND.key)
    assert track_progress(session, row, TRACK).modules[0].read == frozenset()


def test_opening_the_same_lesson_again_at_once_writes_nothing(session: Session) -> None:
    row, now = new_learner(session), utcnow()
    assert opens_new_ground(row, D1, FIRST, now)
    open_lesson(session, row, D1, FIRST, now)
    assert not opens_new_ground(row, D1, FIRST, now + REOPENED_AFTER)
    assert opens_new_ground(row, D1, FIRST, now + REOPENED_AFTER + timedelta(seconds=1))
    assert opens_new_ground(row, D1, SECOND, now)


def test_a_lesson_opened_at_once_in_two_tabs_is_noted_once(app: Flask, session: Session) -> None:
    person_id = new_learner(session).person_id

    def tab(_number: int) -> None:
        row = enrolment(db.session(), person_id, TRACK.key)
        assert row is not None
        read_lesson(db.session(), row, D1, FIRST)
        db.session.commit()

    at_once(app, 4, tab)
    assert count(session, LessonProgress) == 1


def test_the_module_goes_from_todo_to_passed(session: Session) -> None:
    row = new_learner(session)
    states = [track_progress(session, row, TRACK).modules[0].state]
    for lesson in D1.lessons:
        read_lesson(session, row, D1, lesson)
    states.append(track_progress(session, row, TRACK).modules[0].state)
    take(session, row, D1, mistakes=10)
    states.append(track_progress(session, row, TRACK).modules[0].state)
    assert states == ["todo", "ready", "retry"]
    pass_all(session, new_learner(session, "quick"))
    quick = session.query(Enrolment).filter(Enrolment.id != row.id).one()
    state = track_progress(session, quick, TRACK)
    assert state.completed
    assert state.share == 1
    assert quick.completed_at is not None


def test_the_best_score_shows(session: Session) -> None:
    row = new_learner(session)
    take(session, row, D1, mistakes=5)
    assert track_progress(session, row, TRACK).modules[0].best == Fraction(1, 2)


def test_reading_is_not_passing(session: Session) -> None:
    row = new_learner(session)
    for module in (D1, D2):
        for lesson in module.lessons:
            read_lesson(session, row, module, lesson)
    session.commit()
    state = track_progress(session, row, TRACK)
    assert not state.completed
    assert row.completed_at is None


@pytest.mark.parametrize("learners", [1, 12])
def test_the_progress_of_many_takes_two_queries(app: Flask, session: Session, learners: int) -> None:
    rows = [new_learner(session, f"learner-{number}") for number in range(learners)]
    take(session, rows[0], D1)
    with statements(app) as seen:
        states = progresses(session, rows, {TRACK.key: TRACK})
    assert len(seen.data) == 2
    assert states[rows[0].id].passed == 1
    assert len(states) == learners


def test_a_track_no_longer_shipped_is_left_out(session: Session) -> None:
    row = new_learner(session)
    row.track_key = "gone"
    session.commit()
    assert progresses(session, [row], {TRACK.key: TRACK}) == {}


def test_the_last_track_opened_comes_first(session: Session) -> None:
    row, now = new_learner(session), utcnow()
    for key, moment in (("old", now - timedelta(days=2)), ("new", now)):
        other = Enrolment(person_id=row.person_id, track_key=key, track_version="1", track_digest="d", last_at=moment)
        session.add(other)
    session.commit()
    assert [each.track_key for each in enrolments(session, row.person_id)] == ["new", "old", TRACK.key]
