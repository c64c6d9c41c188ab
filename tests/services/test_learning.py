"""Following a track: what was read stays read, and one resumes where one was."""

from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Enrolment, LessonProgress, utcnow
from lms.services import learning
from lms.services.library import Library
from tests.learner_in_test import TRACK, learner, module, statements, take, together

D1, D2 = module("d1"), module("d2")


@pytest.fixture
def row(session: Session) -> Enrolment:
    return learner(session)


def test_one_enrols_once(app: Flask, session: Session, row: Enrolment) -> None:
    def enrol(own: Session) -> None:
        learning.enrol(own, row.person_id, TRACK)
        own.commit()

    together(app, [enrol] * 4)
    assert session.scalars(sa.select(Enrolment.id)).all() == [row.id]
    assert (row.track_version, row.track_digest) == (TRACK.version, TRACK.digest)


def test_what_was_read_is_kept(session: Session, row: Enrolment) -> None:
    first, second = D1.lessons[:2]
    learning.read_lesson(session, row, D1, first)
    learning.open_lesson(session, row, D1, second, utcnow())
    session.commit()
    session.expire_all()
    state = learning.track_progress(session, row, TRACK)
    assert state.modules[0].read == {first.key}, "opened is not read"
    assert state.minutes_done == first.minutes
    assert state.modules[0].next_lesson == second


def test_once_read_always_read(session: Session, row: Enrolment) -> None:
    lesson = D1.lessons[0]
    learning.read_lesson(session, row, D1, lesson)
    session.commit()
    first = session.scalars(sa.select(LessonProgress.read_at)).one()
    learning.open_lesson(session, row, D1, lesson, utcnow())
    learning.read_lesson(session, row, D1, lesson)
    session.commit()
    session.expire_all()
    assert session.scalars(sa.select(LessonProgress.read_at)).one() == first


def test_one_resumes_at_the_lesson_opened_last(session: Session, row: Enrolment) -> None:
    now = utcnow()
    for part, lesson in ((D1, D1.lessons[1]), (D2, D2.lessons[0])):
        learning.open_lesson(session, row, part, lesson, now)
    session.commit()
    session.expire_all()
    assert (row.last_module, row.last_lesson, row.last_at) == ("d2", D2.lessons[0].key, now)
    assert row.started_at == now


def test_a_lesson_opened_again_at_once_changes_nothing(session: Session, row: Enrolment) -> None:
    now = utcnow()
    lesson, other = D1.lessons[:2]
    assert learning.opens_new_ground(row, D1, lesson, now)
    learning.open_lesson(session, row, D1, lesson, now)
    assert not learning.opens_new_ground(row, D1, lesson, now + learning.REOPENED_AFTER)
    assert learning.opens_new_ground(row, D1, lesson, now + learning.REOPENED_AFTER + timedelta(seconds=1))
    assert learning.opens_new_ground(row, D1, other, now)


def test_the_start_is_kept(session: Session, row: Enrolment) -> None:
    now = utcnow()
    learning.open_lesson(session, row, D1, D1.lessons[0], now)
    learning.open_lesson(session, row, D1, D1.lessons[1], now + timedelta(days=1))
    take(session, row, D1, correct=0)
    assert row.started_at == now


def test_reading_the_same_lesson_twice_at_once_makes_one_row(app: Flask, session: Session, row: Enrolment) -> None:
    def read(own: Session) -> None:
        learning.read_lesson(own, own.get_one(Enrolment, row.id), D1, D1.lessons[0])
        own.commit()

    together(app, [read] * 4)
    assert len(session.scalars(sa.select(LessonProgress)).all()) == 1


def test_the_best_result_counts(session: Session, row: Enrolment) -> None:
    take(session, row, D1)
    state = learning.track_progress(session, row, TRACK)
    assert (state.modules[0].best, state.modules[0].state) == (Fraction(1), "passed")
    assert state.current is not None
    assert state.current.module.key == "d2"


def test_progress_of_many_costs_two_queries(session: Session) -> None:
    rows = [learner(session, number) for number in range(12)]
    for row in rows[:6]:
        learning.read_lesson(session, row, D1, D1.lessons[0])
    session.commit()
    known = Library(session)
    with statements() as heard:
        states = learning.progresses(session, rows, known)
    assert len([said for said in heard if said.startswith("SELECT")]) == 2
    assert [len(states[row.id].modules[0].read) for row in rows] == [1] * 6 + [0] * 6


def test_tracks_are_listed_from_the_last_one_opened(session: Session, row: Enrolment) -> None:
    session.add(
        Enrolment(
            person_id=row.person_id, track_key="older", track_version="1", track_digest="0",
            last_at=utcnow() - timedelta(days=1),
        )
    )  # fmt: skip
    session.add(Enrolment(person_id=row.person_id, track_key="never", track_version="1", track_digest="0"))
    learning.open_lesson(session, row, D1, D1.lessons[0], utcnow())
    session.commit()
    assert [found.track_key for found in learning.enrolments(session, row.person_id)] == [TRACK.key, "older", "never"]
