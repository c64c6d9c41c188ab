"""Attempts marked again after a question was mended or withdrawn: each once, none falling, everything following."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assessments.draw import as_written
from lms.models import Appeal, Attempt, AuditEntry, Enrolment, Grading, OutboxJob, Participation, Regrading, utcnow
from lms.services import appeals, attempts, regrading
from lms.services.answers import Sent, drawn_questions, save_answer
from lms.services.gradings import seen_again
from lms.services.library import Library
from lms.services.regrading import NotRegraded, Wanted
from lms.worker import Worker
from tests.learner_in_test import TRACK, course, joins, learner, right, statements, wrong
from tests.regrading_in_test import D1, QUESTION, RIGHT_NOW, mended

WHY = "La bonne réponse était mal indiquée."


@pytest.fixture(autouse=True)
def everything_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt draws the question that was wrong."""
    bank = (QUESTION, *(each for each in D1.questions if each is not QUESTION))
    assert D1.quiz is not None
    drawn = tuple(map(as_written, bank[: D1.quiz.questions]))
    monkeypatch.setattr(attempts, "redraw", lambda *_facts: drawn)


def taken(session: Session, number: int, others: int, chosen: Sequence[str]) -> Attempt:
    """Somebody's attempt with that many right answers to the other questions, and this one to the question."""
    row = learner(session, number)
    attempt = attempts.start(session, row, D1)
    for place, item in enumerate(drawn_questions(attempt)):
        question = D1.question(item.key)
        assert question is not None
        said = chosen if question is QUESTION else right(question) if place <= others else wrong(question)
        save_answer(session, attempt, question, Sent({"choice": tuple(said)}))
    attempts.submit(session, attempt, TRACK, D1)
    session.commit()
    return attempt


def all_three(session: Session) -> list[Attempt]:
    """One who had what is right now and just missed the threshold, one who had the wrong key, one who left it."""
    return [
        taken(session, 1, 6, [RIGHT_NOW]),
        taken(session, 2, 9, right(QUESTION)),
        taken(session, 3, 2, []),
    ]


def asked(session: Session, wanted: Wanted, kind: str = "corrected") -> Regrading:
    row = regrading.ask(session, wanted, kind, WHY, 3, wanted.track.digest, learner(session, 9).person_id, utcnow())
    session.commit()
    return row


def done(session: Session, row: Regrading) -> Regrading:
    """Every step of it."""
    number = row.id
    while regrading.step(session, number, Library(session)):
        session.commit()
    session.commit()
    return session.get_one(Regrading, number, populate_existing=True)


def scores(session: Session, made: Sequence[Attempt]) -> list[tuple[Fraction | None, bool | None]]:
    query = sa.select(Attempt.id, Attempt.score, Attempt.passed)
    known = {row.id: (row.score, row.passed) for row in session.execute(query)}
    return [known[attempt.id] for attempt in made]


def test_an_appeal_keeps_what_a_mended_question_earned(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was marked again by another revision than the one that the attempt began in."""
    made, wanted = all_three(session), mended(session)
    done(session, asked(session, wanted))
    attempt = session.get_one(Attempt, made[0].id, populate_existing=True)
    assert attempt.score is not None
    before, lost = attempt.score, next(key for key, mark in (attempt.marks or {}).items() if mark["points"] == "0")
    appeals.ask(session, attempt, "Ma réponse est juste.", 60, utcnow())
    appeal = session.scalars(sa.select(Appeal)).one()
    appeals.accept(session, appeal, TRACK, D1, learner(session, 9).person_id, "Oui.", {}, [lost], utcnow())
    assert attempt.score == before + Fraction(1, len(attempt.questions))
    assert attempt.passed


def test_the_numbers_come_first_and_change_nothing(session: Session) -> None:
    made, wanted = all_three(session), mended(session)
    before = scores(session, made)
    found = regrading.preview(session, wanted, Library(session), utcnow())
    told = {kind: (each.total, each.risen, each.fallen, each.passed) for kind, each in found.items()}
    assert told == {"corrected": (3, 1, 1, 1), "withdrawn": (3, 2, 0, 1)}
    assert scores(session, made) == before
    assert session.query(Grading).filter_by(cause="regraded").count() == 0


def test_by_the_mended_question_some_rise_and_none_falls(session: Session) -> None:
    made = all_three(session)
    joins(
        session, session.get_one(Enrolment, made[0].enrolment_id).person_id, course(session, lineitem="https://x.org/1")
    )
    session.query(OutboxJob).delete()
    wanted = mended(session)
    row = done(session, asked(session, wanted))
    assert scores(session, made) == [(Fraction(7, 10), True), (Fraction(1), True), (Fraction(2, 10), False)]
    assert (row.done, row.risen, row.fallen, row.passed, row.finished_at is not None) == (3, 1, 1, 1, True)
    again = {
        each.attempt_id: (each.score, each.counts, each.reason, each.track_digest)
        for each in session.query(Grading).filter_by(cause="regraded")
    }
    assert again == {
        made[0].id: (Fraction(7, 10), True, WHY, wanted.track.digest),
        made[1].id: (Fraction(9, 10), False, WHY, wanted.track.digest),
        made[2].id: (Fraction(2, 10), True, WHY, wanted.track.digest),
    }
    # What the better result brings about was promised with it: the gradebook, for the one who rose.
    participation = session.query(Participation).one()
    sent = [job.key for job in session.query(OutboxJob).filter_by(kind="send_score")]
    assert sent == [f"participation:{participation.id}"]
    seen = seen_again(session, [made[1].id])[made[1].id]
    assert [(each.before, each.after, each.counts) for each in seen] == [(Fraction(1), Fraction(9, 10), False)]
    (entry,) = session.query(AuditEntry).filter_by(action="attempts_regraded")
    assert entry.details == {"module": "d1", "question": QUESTION.key, "kind": "corrected"}


def test_a_withdrawn_question_gives_everybody_its_point(session: Session) -> None:
    made = all_three(session)
    row = done(session, asked(session, mended(session), "withdrawn"))
    assert scores(session, made) == [(Fraction(7, 10), True), (Fraction(1), True), (Fraction(3, 10), False)]
    assert (row.risen, row.fallen) == (2, 0)
    marks = session.get_one(Attempt, made[2].id, populate_existing=True).marks
    assert marks is not None
    assert marks[QUESTION.key] == {"points": "1", "reason": "withdrawn"}
    # The record keeps what was answered beside.
    record = session.query(Grading).filter_by(attempt_id=made[0].id, cause="regraded").one()
    assert record.marks[QUESTION.key]["response"] == {"choice": [RIGHT_NOW]}


def test_killed_in_the_middle_it_does_each_attempt_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    made, wanted = all_three(session), mended(session)
    row = asked(session, wanted)
    for attempt in made:
        session.expunge(attempt)  # a life that ends forgets what it held
    monkeypatch.setattr(regrading, "BATCH", 1)
    real, times = regrading._follow, 0

    def dying(*values: object) -> None:
        nonlocal times
        times += 1
        if times in {1, 3}:  # everything of the batch is written, nothing is committed
            raise KeyboardInterrupt
        real(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(regrading, "_follow", dying)
    number = row.id
    for _life in range(3):
        try:
            while regrading.step(session, number, Library(session)):
                session.commit()
            session.commit()
        except KeyboardInterrupt:
            session.rollback()
    counted = session.execute(
        sa.select(Grading.attempt_id, sa.func.count()).filter_by(cause="regraded").group_by(Grading.attempt_id)
    ).tuples()
    assert dict(counted.all()) == {attempt.id: 1 for attempt in made}
    assert scores(session, made)[0] == (Fraction(7, 10), True)
    assert session.get_one(Regrading, number, populate_existing=True).done == 3
    # Done again, nothing is left to do.
    assert regrading.step(session, number, Library(session)) is False


def test_the_worker_does_it(app: Flask, session: Session) -> None:
    made = all_three(session)
    number = asked(session, mended(session)).id
    Worker(app).drain()
    session.expire_all()
    assert session.get_one(Regrading, number).finished_at is not None
    assert scores(session, made)[0] == (Fraction(7, 10), True)


def test_a_batch_takes_the_same_queries_whatever_it_holds(session: Session) -> None:
    all_three(session)
    wanted = mended(session)
    counts = []
    for _turn in range(2):
        row = asked(session, wanted)
        tracks, number = Library(session), row.id
        with statements() as heard:
            regrading.step(session, number, tracks)
        counts.append(len([text for text in heard if "outbox" not in text]))
        session.commit()
        taken(session, 10 + len(counts), 3, right(QUESTION))
    assert counts[1] <= counts[0]


def test_what_cannot_be_marked_again_is_said(session: Session) -> None:
    all_three(session)
    wanted = mended(session)
    person = learner(session, 9).person_id
    with pytest.raises(NotRegraded) as moved:
        regrading.ask(session, wanted, "corrected", WHY, 3, "0" * 64, person, utcnow())
    gone = Wanted(wanted.track, wanted.module, "no-such-question")
    with pytest.raises(NotRegraded) as unknown:
        regrading.ask(session, gone, "corrected", WHY, 3, wanted.track.digest, person, utcnow())
    assert (moved.value.reason, unknown.value.reason) == ("moved", "gone")
    assert session.query(Regrading).count() == 0
    assert regrading.preview(session, gone, Library(session), utcnow()).keys() == {"withdrawn"}
