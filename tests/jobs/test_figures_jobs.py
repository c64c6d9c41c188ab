"""The worker counts again whom events touched, and closes the months that are over."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Certificate, Closing, Figure, FigureDirty, Person, utcnow
from lms.services.certificate_life import Act, change
from lms.services.figures import differences, forget, refresh_all
from lms.services.learning import enrol, read_lesson
from lms.services.privacy import erase
from lms.worker import Worker
from tests.figures_in_test import agent_in, certify, follows, organisation, person_of
from tests.learner_in_test import TRACK, earn, learner


def work(app: Flask) -> None:
    worker = Worker(app)
    worker.upkeep()
    worker.drain()  # who moved is found
    worker.round()
    worker.drain()


def test_what_learners_do_is_counted_without_anybody_asking(app: Flask, session: Session) -> None:
    person = person_of(session, agent_in(session, organisation(session)[1]))
    session.commit()
    work(app)
    assert session.query(FigureDirty).count() == 0
    enrol(session, person.id, TRACK)
    assert session.query(FigureDirty).count() == 1
    enrol(session, person.id, TRACK)  # again: nothing changes
    assert session.query(FigureDirty).count() == 1
    row = follows(session, person)
    lesson = TRACK.published_modules[0].lessons[0]
    read_lesson(session, row, TRACK.published_modules[0], lesson)
    session.commit()
    work(app)
    one = session.query(Figure).filter_by(unit_id=0, track_key="", year=utcnow().year).one()
    assert (one.enrolled, one.completed, one.minutes) == (1, 0, lesson.minutes)
    earn(session, row)
    certificate = certify(session, person, "decideurs")
    session.commit()
    work(app)
    session.expire_all()
    assert differences(session) == {}
    assert sum(each.completed for each in session.query(Figure).filter_by(unit_id=0, track_key="")) == 1
    change(session, session.get_one(Certificate, certificate.id), "revoked", Act(None, "administrator", "fraud", "x"),
           utcnow())  # fmt: skip
    erase(session, session.get_one(Person, person.id))
    session.commit()
    work(app)
    session.expire_all()
    assert differences(session) == {}
    assert session.query(Figure).filter_by(unit_id=0, year=utcnow().year).count() == 0


def test_months_are_closed(app: Flask, session: Session) -> None:
    person = person_of(session, agent_in(session, organisation(session)[1]))
    follows(session, person, at=datetime(2025, 7, 1, tzinfo=UTC))
    session.commit()
    work(app)
    days = [row.day for row in session.query(Closing).order_by(Closing.day)]
    assert days[0].isoformat() == "2025-06-30"
    assert days[-1] >= (utcnow() - timedelta(days=32)).date()
    session.commit()
    work(app)
    assert session.query(Closing).count() == len(days)


def test_figures_put_out_of_order_are_found_and_made_again(session: Session) -> None:
    follows(session, person_of(session, agent_in(session, organisation(session)[1])))
    learner(session)
    refresh_all(session)
    assert differences(session) == {}
    session.query(Figure).update({"enrolled": 7})
    assert differences(session)
    forget(session)
    refresh_all(session)
    assert differences(session) == {}
