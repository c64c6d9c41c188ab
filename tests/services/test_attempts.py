"""Being assessed: attempts are counted, answers kept, a result given once."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Module, QuizRules
from lms.models import Answer, Attempt, Enrolment, OutboxJob, db, utcnow
from lms.services import attempts
from lms.services.attempts import AttemptRefused, answers, drawn_questions, owned, save_answer, standing, start, submit
from lms.services.learning import enrolment
from tests.learners_in_test import D1, TRACK, answer, at_once, count, new_learner, right, take, wrong

assert D1.quiz is not None
QUIZ = D1.quiz


def with_rules(**changes: object) -> Module:
    """The module under other rules."""
    return replace(D1, quiz=replace(QUIZ, **changes))  # type: ignore[arg-type]


def open_attempt(session: Session) -> Attempt:
    attempt = start(session, new_learner(session), D1)
    session.commit()
    return attempt


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for attempts."""
    now: list[datetime] = [utcnow()]
    monkeypatch.setattr(attempts, "utcnow", lambda: now[0])

    def pass_by(span: timedelta) -> None:
        now[0] += span

    return pass_by


def test_an_attempt_draws_what_the_rules_say(session: Session) -> None:
    attempt = open_attempt(session)
    drawn = drawn_questions(attempt)
    assert len(drawn) == len({item.key for item in drawn}) == QUIZ.questions
    for item in drawn:
        question = D1.question(item.key)
        assert question is not None
        assert sorted(item.options) == sorted(option.key for option in question.options)


def test_beginning_again_goes_on_with_the_open_attempt(session: Session) -> None:
    row = new_learner(session)
    first = start(session, row, D1)
    session.commit()
    assert start(session, row, D1).id == first.id
    assert count(session, Attempt) == 1


def test_a_double_click_begins_one_attempt(app: Flask, session: Session) -> None:
    person_id = new_learner(session).person_id

    def click(_number: int) -> uuid.UUID:
        row = enrolment(db.session(), person_id, TRACK.key)
        assert row is not None
        attempt = start(db.session(), row, D1)
        db.session.commit()
        return attempt.id

    assert len(set(at_once(app, 6, click))) == 1
    assert count(session, Attempt) == 1


def test_a_new_attempt_asks_other_questions_first(session: Session) -> None:
    row, free = new_learner(session), with_rules(cooldown_minutes=0)
    first, second = take(session, row, free, mistakes=10), start(session, row, free)
    seen = {item.key for item in drawn_questions(first)}
    fresh = [item.key for item in drawn_questions(second) if item.key not in seen]
    assert len(fresh) == min(len(D1.questions) - len(seen), QUIZ.questions)


def test_attempts_are_counted(session: Session) -> None:
    row, strict = new_learner(session), with_rules(cooldown_minutes=0, attempts=2)
    for left in (1, 0):
        take(session, row, strict, mistakes=10)
        assert standing(session, row, strict).left == left
    with pytest.raises(AttemptRefused) as refusal:
        start(session, row, strict)
    assert refusal.value.reason == "no_more"


def test_attempts_without_limit(session: Session) -> None:
    row, endless = new_learner(session), with_rules(cooldown_minutes=0, attempts=0)
    for _turn in range(5):
        take(session, row, endless, mistakes=10)
    assert standing(session, row, endless).left is None
    assert start(session, row, endless).number == 6


def test_the_next_attempt_waits(session: Session, later: Callable[[timedelta], None]) -> None:
    row = new_learner(session)
    done = take(session, row, D1, mistakes=10)
    with pytest.raises(AttemptRefused) as refusal:
        start(session, row, D1)
    assert refusal.value.reason == "too_soon"
    assert done.submitted_at is not None
    assert refusal.value.opens_at == done.submitted_at + timedelta(minutes=QUIZ.cooldown_minutes)
    later(timedelta(minutes=QUIZ.cooldown_minutes) - timedelta(seconds=1))
    with pytest.raises(AttemptRefused):
        start(session, row, D1)
    later(timedelta(seconds=1))
    assert start(session, row, D1).number == 2


def test_a_passed_module_is_not_assessed_again(session: Session) -> None:
    row = new_learner(session)
    take(session, row, D1)
    with pytest.raises(AttemptRefused) as refusal:
        start(session, row, D1)
    assert refusal.value.reason == "passed"


def test_a_module_without_assessment(session: Session) -> None:
    row, bare = new_learner(session), replace(D1, quiz=None)
    for ask in (standing, start):
        with pytest.raises(AttemptRefused) as refusal:
            ask(session, row, bare)
        assert refusal.value.reason == "unavailable"


def test_the_last_answer_wins(session: Session) -> None:
    attempt = open_attempt(session)
    item = drawn_questions(attempt)[0]
    for keys in (item.options[:1], item.options[1:3], item.options[-1:]):
        save_answer(session, attempt, item.key, keys, flagged=False)
        session.commit()
    assert answers(session, attempt.id)[item.key].response == list(item.options[-1:])
    assert count(session, Answer) == 1


def test_an_answer_may_be_taken_back_and_flagged(session: Session) -> None:
    attempt = open_attempt(session)
    item = drawn_questions(attempt)[0]
    save_answer(session, attempt, item.key, item.options[:1], flagged=False)
    save_answer(session, attempt, item.key, [], flagged=True)
    session.commit()
    kept = answers(session, attempt.id)[item.key]
    assert (kept.response, kept.flagged) == ([], True)


def test_options_that_were_not_shown_are_dropped(session: Session) -> None:
    attempt = open_attempt(session)
    item = drawn_questions(attempt)[0]
    sent = ["another", item.options[1], "\x00", item.options[0], item.options[0], "<script>"]
    save_answer(session, attempt, item.key, sent, flagged=False)
    session.commit()
    assert answers(session, attempt.id)[item.key].response == list(item.options[:2])


def test_a_question_that_was_not_drawn_is_refused(session: Session) -> None:
    attempt = open_attempt(session)
    drawn = {item.key for item in drawn_questions(attempt)}
    foreign = next(question for question in D1.questions if question.key not in drawn)
    for key in (foreign.key, "nowhere", ""):
        with pytest.raises(AttemptRefused) as refusal:
            save_answer(session, attempt, key, right(foreign), flagged=False)
        assert refusal.value.reason == "not_drawn"
    assert count(session, Answer) == 0


def test_a_submitted_attempt_no_longer_changes(session: Session) -> None:
    attempt = take(session, new_learner(session), D1)
    item = drawn_questions(attempt)[0]
    before = answers(session, attempt.id)[item.key].response
    with pytest.raises(AttemptRefused) as refusal:
        save_answer(session, attempt, item.key, [], flagged=False)
    assert refusal.value.reason == "closed"
    session.rollback()
    assert answers(session, attempt.id)[item.key].response == before


@pytest.mark.parametrize("mistakes", [0, 3, 4, 10])
def test_the_score_is_exact(session: Session, mistakes: int) -> None:
    done = take(session, new_learner(session), D1, mistakes)
    assert done.score == Fraction(QUIZ.questions - mistakes, QUIZ.questions)
    assert done.passed is (done.score >= QUIZ.threshold)
    assert done.marks is not None
    assert len(done.marks) == QUIZ.questions


def test_an_empty_attempt_scores_nothing(session: Session) -> None:
    attempt = open_attempt(session)
    assert submit(session, attempt, TRACK, D1).score == 0
    session.commit()


def test_submitted_twice_the_first_result_stands(session: Session) -> None:
    row = new_learner(session)
    first = take(session, row, D1)
    score, moment = first.score, first.submitted_at
    again = submit(session, first, TRACK, D1)
    session.commit()
    session.expire_all()
    assert (again.score, again.submitted_at) == (score, moment)


def test_submitted_at_once_by_many_one_result(app: Flask, session: Session) -> None:
    row = new_learner(session)
    attempt = start(session, row, D1)
    session.flush()
    answer(session, attempt, D1, mistakes=2)
    session.commit()
    attempt_id, person_id = attempt.id, row.person_id

    def click(_number: int) -> tuple[Fraction | None, datetime | None]:
        mine = owned(db.session(), attempt_id, person_id)
        assert mine is not None
        done = submit(db.session(), mine, TRACK, D1)
        db.session.commit()
        return done.score, done.submitted_at

    results = set(at_once(app, 6, click))
    assert len(results) == 1
    assert results.pop()[0] == Fraction(QUIZ.questions - 2, QUIZ.questions)
    session.rollback()
    assert count(session, OutboxJob, OutboxJob.version > 1) == 0


def test_answers_and_submission_at_once_agree(app: Flask, session: Session) -> None:
    """An answer is either in the result, or refused: never accepted and left out."""
    row = new_learner(session)
    attempt = start(session, row, D1)
    session.commit()
    attempt_id, person_id = attempt.id, row.person_id
    item = drawn_questions(attempt)[0]
    question = D1.question(item.key)
    assert question is not None

    def act(number: int) -> str:
        mine = owned(db.session(), attempt_id, person_id)
        assert mine is not None
        if number == 0:
            submit(db.session(), mine, TRACK, D1)
            db.session.commit()
            return "submitted"
        try:
            save_answer(db.session(), mine, item.key, right(question), flagged=False)
        except AttemptRefused:
            db.session.rollback()
            return "refused"
        db.session.commit()
        return "kept"

    outcomes = at_once(app, 5, act)
    session.expire_all()
    done = owned(session, attempt_id, person_id)
    assert done is not None
    assert done.marks is not None
    assert (done.marks[item.key]["points"] == "1") is ("kept" in outcomes)


def test_an_attempt_is_its_learners_alone(session: Session) -> None:
    attempt, other = open_attempt(session), new_learner(session, "learner-2")
    assert owned(session, attempt.id, other.person_id) is None
    assert owned(session, uuid.uuid4(), other.person_id) is None


def test_a_question_taken_off_the_bank_counts_for_nobody(session: Session) -> None:
    """An attempt drawn before a revision is graded all the same."""
    row = new_learner(session)
    attempt = start(session, row, D1)
    session.flush()
    answer(session, attempt, D1)
    gone = drawn_questions(attempt)[0].key
    revised = replace(D1, questions=tuple(question for question in D1.questions if question.key != gone))
    done = submit(session, attempt, TRACK, revised)
    session.commit()
    assert done.score is not None
    assert done.score >= Fraction(QUIZ.questions - 1, QUIZ.questions)


def test_the_best_attempt_counts(session: Session) -> None:
    row, free = new_learner(session), with_rules(cooldown_minutes=0, threshold=Fraction(1))
    for mistakes in (4, 1, 6):
        free = replace(free, quiz=QuizRules(QUIZ.questions, Fraction(1), 0, 0))
        take(session, row, free, mistakes)
    assert standing(session, row, free).best == Fraction(QUIZ.questions - 1, QUIZ.questions)
    assert standing(session, row, free).passed is False


def test_wrong_and_right_answers_differ() -> None:
    """So that the tests above could fail."""
    for question in D1.questions:
        assert set(wrong(question)).isdisjoint(right(question))


def test_what_a_submission_stores_is_stored_together(app: Flask, session: Session) -> None:
    row = new_learner(session)
    attempt = start(session, row, D1)
    session.commit()
    submit(session, attempt, TRACK, D1)
    session.rollback()
    session.expire_all()
    kept = session.scalars(sa.select(Attempt)).one()
    assert (kept.submitted_at, kept.score, kept.marks) == (None, None, None)
    assert count(session, OutboxJob) == 0
    assert count(session, Enrolment) == 1
