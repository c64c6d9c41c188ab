"""Attempts: what the rules allow, answers that are never lost, one result however often it is asked for."""

import threading
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from assessments.draw import draw
from curricula.model import Module, QuizRules
from lms.models import Answer, Attempt, Enrolment, OutboxJob, db, utcnow
from lms.services import attempts
from lms.services.answers import AnswerRefused, answers, drawn_questions, next_open, responses
from lms.services.attempts import AttemptRefused
from lms.services.gradings import stored_marks
from tests.learner_in_test import (
    TRACK,
    answer,
    choose,
    earn,
    learner,
    module,
    right,
    statements,
    take,
    together,
    wrong,
)

D1 = module("d1")


def ruled(**rules: Any) -> Module:
    """D1 under other rules."""
    assert D1.quiz is not None
    return replace(D1, quiz=replace(D1.quiz, **{"attempts": 0, "cooldown_minutes": 0, **rules}))


@pytest.fixture
def row(session: Session) -> Enrolment:
    return learner(session)


def stands(session: Session, row: Enrolment, part: Module) -> attempts.Standing:
    return attempts.standing(session, row, part)


def refused(session: Session, row: Enrolment, part: Module) -> AttemptRefused:
    with pytest.raises(AttemptRefused) as refusal:
        attempts.start(session, row, part)
    return refusal.value


def kept(session: Session, attempt: Attempt) -> dict[str, list[str]]:
    return {key: list(said.get("choice", ())) for key, said in responses(session, attempt.id).items()}


# Rules


def test_attempts_are_counted_down_to_none(session: Session, row: Enrolment) -> None:
    part = ruled(attempts=2)
    assert stands(session, row, part).left == 2
    take(session, row, part, correct=0)
    assert stands(session, row, part).left == 1
    take(session, row, part, correct=0)
    assert stands(session, row, part).left == 0
    assert refused(session, row, part).reason == "no_more"


def test_no_limit_means_none(session: Session, row: Enrolment) -> None:
    part = ruled(attempts=0)
    for _ in range(4):
        take(session, row, part, correct=0)
    assert stands(session, row, part).left is None
    assert attempts.start(session, row, part).number == 5


def test_an_open_attempt_is_gone_back_to_and_costs_nothing(session: Session, row: Enrolment) -> None:
    part = ruled(attempts=1)
    first = attempts.start(session, row, part)
    assert stands(session, row, part).left == 1
    assert attempts.start(session, row, part) is first


def test_one_waits_between_attempts(session: Session, row: Enrolment) -> None:
    part = ruled(cooldown_minutes=30)
    done = take(session, row, part, correct=0)
    assert done.submitted_at is not None
    refusal = refused(session, row, part)
    assert (refusal.reason, refusal.opens_at) == ("too_soon", done.submitted_at + timedelta(minutes=30))
    done.submitted_at = utcnow() - timedelta(minutes=31)
    session.commit()
    assert attempts.start(session, row, part).number == 2


def test_the_wait_ends_at_its_minute(session: Session, row: Enrolment) -> None:
    part = ruled(cooldown_minutes=30)
    take(session, row, part, correct=0)
    stand = stands(session, row, part)
    assert stand.opens_at is not None
    assert stand.refusal(stand.opens_at - timedelta(seconds=1)) == "too_soon"
    assert stand.refusal(stand.opens_at) is None


def test_what_is_passed_is_not_taken_again(session: Session, row: Enrolment) -> None:
    take(session, row, D1)
    assert stands(session, row, D1).passed
    assert refused(session, row, D1).reason == "passed"


@pytest.mark.parametrize(("correct", "passed"), [(6, False), (7, True)])
def test_the_threshold_itself_passes(session: Session, row: Enrolment, correct: int, passed: bool) -> None:
    single = tuple(question for question in D1.questions if question.type == "single")
    part = replace(ruled(), questions=single, quiz=QuizRules(min(10, len(single)), Fraction(7, 10), 0, 0))
    assert part.quiz is not None
    assert part.quiz.questions == 10
    done = take(session, row, part, correct)
    assert (done.score, done.passed) == (Fraction(correct, 10), passed)


def test_the_best_score_stays(session: Session, row: Enrolment) -> None:
    part = ruled(threshold=Fraction(1))
    best = take(session, row, part, correct=8).score
    last = take(session, row, part, correct=1).score
    assert best is not None
    assert last is not None
    assert stands(session, row, part).best == best > last


def test_a_module_without_assessment_has_no_attempts(session: Session, row: Enrolment) -> None:
    assert refused(session, row, module("d3")).reason == "unavailable"
    attempt = attempts.start(session, row, D1)
    with pytest.raises(AttemptRefused, match="unavailable"):
        attempts.submit(session, attempt, TRACK, module("d3"))


# The draw


def test_the_draw_is_kept_and_can_be_made_again(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    session.commit()
    session.expire_all()
    drawn = drawn_questions(attempt)
    assert D1.quiz is not None
    assert len({item.key for item in drawn}) == D1.quiz.questions
    assert drawn == draw(D1.questions, D1.quiz.questions, attempt.seed)
    assert attempt.track_version == TRACK.version


def test_a_retake_shows_first_what_was_not_seen(session: Session, row: Enrolment) -> None:
    part = ruled(questions=5)
    seen: set[str] = set()
    for number in range(1, len(D1.questions) // 5):
        drawn = {item["key"] for item in take(session, row, part, correct=0).questions}
        assert len(drawn) == 5, number
        by_objective = {question.key: question.objective for question in D1.questions}
        again = {by_objective[key] for key in drawn & seen}
        unseen = {by_objective[question.key] for question in D1.questions if question.key not in seen}
        assert not again & unseen, "seen again while its objective still had something new"
        seen |= drawn


# Answers


def test_answers_are_kept_and_the_last_one_wins(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    first, second = drawn_questions(attempt)[:2]
    choose(session, attempt, first.key, [first.options[0]], flagged=True)
    session.commit()
    choose(session, attempt, first.key, [first.options[1]])
    choose(session, attempt, second.key, [], flagged=True)
    session.commit()
    session.expire_all()
    rows = answers(session, attempt.id)
    assert kept(session, attempt) == {first.key: [first.options[1]], second.key: []}
    written = session.scalars(sa.select(Answer.response).order_by(Answer.id)).all()
    assert written == [{"choice": [first.options[0]]}, {"choice": [first.options[1]]}, {}], "each one is in the record"
    assert (rows[first.key].flagged, rows[second.key].flagged) == (False, True)
    assert next_open(attempt, rows) == 2


def test_a_question_that_was_not_drawn_is_refused(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    drawn = {item["key"] for item in attempt.questions}
    foreign = next(question.key for question in D1.questions if question.key not in drawn)
    with pytest.raises(AnswerRefused, match="not_drawn"):
        choose(session, attempt, foreign, [])
    assert kept(session, attempt) == {}


def test_a_closed_attempt_takes_no_answer(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    item = drawn_questions(attempt)[0]
    attempts.submit(session, attempt, TRACK, D1)
    session.commit()
    with pytest.raises(AnswerRefused, match="closed"):
        choose(session, attempt, item.key, [item.options[0]])
    assert kept(session, attempt) == {}


def test_an_answer_and_a_submission_at_once_agree(app: Flask, session: Session, row: Enrolment) -> None:
    """Whichever comes first, an answer that was kept was counted."""
    attempt = attempts.start(session, row, D1)
    session.commit()
    item = drawn_questions(attempt)[0]
    question = D1.question(item.key)
    assert question is not None
    options = right(question)

    def save(own: Session) -> bool:
        mine = own.get_one(Attempt, attempt.id)
        try:
            choose(own, mine, item.key, options)
        except AnswerRefused:
            return False
        own.commit()
        return True

    def submit(own: Session) -> bool:
        attempts.submit(own, own.get_one(Attempt, attempt.id), TRACK, D1)
        own.commit()
        return True

    saved, _ = together(app, [save, submit])
    session.refresh(attempt)
    assert attempt.score == (Fraction(1, len(attempt.questions)) if saved else 0)


# Submitting


def test_every_point_is_explained(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    items = drawn_questions(attempt)
    for item, chosen in zip(items, (right, wrong), strict=False):
        question = D1.question(item.key)
        assert question is not None
        choose(session, attempt, item.key, chosen(question))
    attempts.submit(session, attempt, TRACK, D1)
    session.commit()
    session.expire_all()
    marks = stored_marks(attempt)
    assert list(marks) == [item.key for item in items]
    assert (marks[items[0].key].points, marks[items[0].key].reason) == (1, "right")
    assert marks[items[1].key].points == 0
    assert {marks[item.key].reason for item in items[2:]} == {"none"}
    assert attempt.score == sum(mark.points for mark in marks.values()) / Fraction(len(items))


def test_submitting_twice_keeps_the_first_result(session: Session, row: Enrolment) -> None:
    done = take(session, row, D1, correct=3)
    first = (done.score, done.submitted_at, done.marks)
    promised = session.scalars(sa.select(OutboxJob.version)).all()
    attempts.submit(session, done, TRACK, D1)
    session.commit()
    session.refresh(done)
    assert (done.score, done.submitted_at, done.marks) == first
    assert session.scalars(sa.select(OutboxJob.version)).all() == promised


def test_submissions_at_once_make_one_result(app: Flask, session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    answer(session, attempt, D1, correct=5)
    session.commit()

    def submit(own: Session) -> Any:
        mine = own.get_one(Attempt, attempt.id)
        own.commit()  # every one of them saw it open
        done = attempts.submit(own, mine, TRACK, D1)
        result = (done.score, done.submitted_at)
        own.commit()
        return result

    results = together(app, [submit] * 6)
    session.refresh(attempt)
    assert set(results) == {(attempt.score, attempt.submitted_at)}
    assert attempt.score is not None
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_starts_at_once_make_one_attempt(app: Flask, session: Session, row: Enrolment) -> None:
    def start(own: Session) -> Any:
        attempt = attempts.start(own, own.get_one(Enrolment, row.id), D1)
        own.commit()
        return attempt.id, attempt.seed

    assert len(set(together(app, [start] * 6))) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_a_submission_is_one_transaction(session: Session, row: Enrolment) -> None:
    """Result, completion and what they promise are kept together or not at all."""
    take(session, row, D1)
    part = module("d2")
    attempt = attempts.start(session, row, part)
    answer(session, attempt, part)
    session.commit()
    with statements() as heard:
        attempts.submit(session, attempt, TRACK, part)
        session.commit()
    assert [said for said in heard if said in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]
    for table in ("UPDATE attempt", "UPDATE enrolment", "INSERT INTO outbox_job"):
        assert any(said.startswith(table) for said in heard), table


def test_a_submission_that_fails_leaves_the_attempt_open(
    session: Session, row: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = attempts.start(session, row, D1)
    answer(session, attempt, D1, correct=2)
    session.commit()

    def fail(*_: Any) -> None:
        raise RuntimeError("no room left")

    with monkeypatch.context() as patch:
        patch.setattr(attempts, "after_result", fail)
        with pytest.raises(RuntimeError):
            attempts.submit(session, attempt, TRACK, D1)
    session.rollback()
    session.refresh(attempt)
    assert attempt.submitted_at is None
    assert len(kept(session, attempt)) == len(attempt.questions)
    attempts.submit(session, attempt, TRACK, D1)
    assert attempt.score is not None


def test_two_modules_finished_at_once_complete_the_track(app: Flask, session: Session, row: Enrolment) -> None:
    """Each submission counts what the other one committed, so that the last of them sees the whole track."""
    open_ones = []
    for key in ("d1", "d2"):
        attempt = attempts.start(session, row, module(key))
        answer(session, attempt, module(key))
        open_ones.append((attempt.id, module(key)))
    session.commit()
    graded = threading.Event()

    def first(own: Session) -> None:
        number, part = open_ones[0]
        attempts.submit(own, own.get_one(Attempt, number), TRACK, part)
        graded.set()
        threading.Event().wait(0.3)  # the other one submits meanwhile
        own.commit()

    def second(own: Session) -> None:
        number, part = open_ones[1]
        assert graded.wait(30)
        attempts.submit(own, own.get_one(Attempt, number), TRACK, part)
        own.commit()

    together(app, [first, second])
    session.refresh(row)
    assert row.completed_at is not None
    assert session.scalars(sa.select(OutboxJob.kind)).all() == ["issue_certificate"]


def test_a_question_withdrawn_meanwhile_counts_for_nothing(session: Session, row: Enrolment) -> None:
    """New content does not lock a learner in an attempt that can no longer be graded."""
    attempt = attempts.start(session, row, D1)
    answer(session, attempt, D1)
    gone = attempt.questions[0]["key"]
    published = replace(D1, questions=tuple(question for question in D1.questions if question.key != gone))
    attempts.submit(session, attempt, TRACK, published)
    assert attempt.score == 1
    assert attempt.marks is not None
    assert gone not in attempt.marks


def test_an_attempt_belongs_to_its_learner(session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    session.commit()
    other = learner(session, 2)
    assert attempts.owned(session, attempt.id, row.person_id) is attempt
    assert attempts.owned(session, attempt.id, other.person_id) is None


def test_answers_survive_a_restart(app: Flask, session: Session, row: Enrolment) -> None:
    attempt = attempts.start(session, row, D1)
    answer(session, attempt, D1)
    session.commit()
    before = kept(session, attempt)
    db.session.remove()
    db.engine.dispose()
    again = db.session.get_one(Attempt, attempt.id)
    assert kept(db.session(), again) == before
    assert attempts.start(db.session(), db.session.get_one(Enrolment, row.id), D1).id == attempt.id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Answer)) == len(again.questions)


@pytest.fixture
def finished(session: Session, row: Enrolment) -> Enrolment:
    earn(session, row)
    return row


def test_the_last_module_promises_the_certificate_once(session: Session, finished: Enrolment) -> None:
    jobs = session.scalars(sa.select(OutboxJob)).all()
    assert [(job.kind, job.payload) for job in jobs] == [("issue_certificate", {"enrolment_id": finished.id})]
    assert finished.completed_at is not None


def test_a_module_that_waits_for_others_begins_no_attempt_and_keeps_the_one_begun(
    session: Session, row: Enrolment
) -> None:
    with pytest.raises(AttemptRefused) as refusal:
        attempts.start(session, row, D1, locked=True)
    assert refusal.value.reason == "locked"
    begun = attempts.start(session, row, D1)
    assert attempts.start(session, row, D1, locked=True) is begun
