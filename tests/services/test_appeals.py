"""Appeals: once, in time, answered by somebody who did not mark; a result is never lowered, and both stay."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Appeal, Attempt, AuditEntry, ResourceLink, Work, utcnow
from lms.services import appeals, attempts, gradings, juries, works
from lms.services.answers import Sent, save_answer
from lms.services.appeals import AppealRefused
from lms.services.juries import NewJury
from tests.judged_in_test import (
    CHOICE,
    FULL,
    HALF,
    NONE,
    hand_in,
    learner_of,
    mark,
    part_of,
    published,
    trainer_of,
)
from tests.learner_in_test import course, together, wrong

WORDS = "Ma mesure est datée : elle est en page 2 du dossier."


@pytest.fixture
def track() -> Iterator[Track]:
    with published() as found:
        yield found


@pytest.fixture
def link(session: Session) -> ResourceLink:
    return course(session)


@pytest.fixture
def ana(session: Session, link: ResourceLink) -> int:
    return trainer_of(session, link, "Ana")


@pytest.fixture
def bruno(session: Session, link: ResourceLink) -> int:
    return trainer_of(session, link, "Bruno")


@pytest.fixture
def attempt(session: Session, link: ResourceLink, track: Track, ana: int) -> Attempt:
    """A work that Ana marked."""
    found = hand_in(session, learner_of(session, link), track)
    mark(session, found, track, ana, HALF)
    return found


def refused(reason: str, work: Any, *args: Any) -> None:
    with pytest.raises(AppealRefused) as refusal:
        work(*args)
    assert refusal.value.reason == reason


def asked(session: Session, attempt: Attempt, who: int) -> Appeal:
    appeals.ask(session, attempt, WORDS, 60, utcnow())
    found = session.scalars(sa.select(Appeal)).one()
    again = appeals.appeal_to_judge(session, found.id, who)
    assert again is not None
    return again


def test_an_appeal_is_made_once_and_in_time(session: Session, attempt: Attempt) -> None:
    refused("too_late", appeals.ask, session, attempt, WORDS, 60, utcnow() + timedelta(days=61))
    appeals.ask(session, attempt, WORDS, 60, utcnow() + timedelta(days=59))
    refused("already", appeals.ask, session, attempt, WORDS, 60, utcnow())
    assert session.scalars(sa.select(Appeal.text)).all() == [WORDS]


def test_of_two_appeals_sent_at_once_one_stands_and_the_other_is_told(
    app: Flask, session: Session, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.commit()
    here, insert_new = Barrier(2), appeals.insert_new

    def both(own: Session, *more: Any) -> Any:
        if own.get_bind().dialect.name == "postgresql":  # SQLite's writer is alone from the beginning
            here.wait(30)
        return insert_new(own, *more)

    monkeypatch.setattr(appeals, "insert_new", both)

    def ask(words: str) -> Any:
        def task(own: Session) -> str:
            try:
                appeals.ask(own, own.get_one(Attempt, attempt.id), words, 60, utcnow())
            except AppealRefused as refusal:
                own.rollback()
                return refusal.reason
            own.commit()
            return "made"

        return task

    assert sorted(together(app, [ask(f"{WORDS} {number}") for number in range(2)])) == ["already", "made"]
    made = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action == "appeal_made"))
    assert len(made.all()) == 1


def test_what_has_no_result_yet_has_no_appeal(session: Session, link: ResourceLink, track: Track) -> None:
    waiting = hand_in(session, learner_of(session, link), track)
    refused("no_result", appeals.ask, session, waiting, WORDS, 60, utcnow())


def test_who_marked_does_not_answer(session: Session, track: Track, attempt: Attempt, ana: int) -> None:
    appeal = asked(session, attempt, ana)
    refused("marked_it", appeals.reject, session, appeal, ana, "Non.", utcnow())
    said = (track, part_of(track), ana, "Oui.", {"project": FULL}, (), utcnow())
    refused("marked_it", appeals.accept, session, appeal, *said)


def test_a_rejected_appeal_says_why_and_changes_nothing(session: Session, attempt: Attempt, bruno: int) -> None:
    appeal = asked(session, attempt, bruno)
    assert [each.id for each in works.open_appeals(session, bruno)] == [appeal.id]
    appeals.reject(session, appeal, bruno, "La page 2 ne porte pas de date.", utcnow())
    assert (appeal.state, appeal.answer, attempt.score) == (
        "rejected", "La page 2 ne porte pas de date.", Fraction(13, 16),
    )  # fmt: skip
    assert works.open_appeals(session, bruno) == []
    refused("answered", appeals.reject, session, appeal, bruno, "Encore.", utcnow())
    assert "appeal_rejected" in session.scalars(sa.select(AuditEntry.action)).all()


def test_an_accepted_appeal_adds_a_result_and_says_why(
    session: Session, track: Track, attempt: Attempt, bruno: int
) -> None:
    appeal, part = asked(session, attempt, bruno), part_of(track)
    worse = (track, part, bruno, "Moins bien.", {"project": NONE}, (), utcnow())
    refused("unchanged", appeals.accept, session, appeal, *worse)
    appeals.accept(session, appeal, track, part, bruno, "La date est bien là.", {"project": FULL}, (), utcnow())
    rows = gradings.gradings(session, attempt)
    assert [(row.cause, row.score, row.reason) for row in rows][1:] == [
        ("marked", Fraction(13, 16), ""), ("appeal", Fraction(1), "La date est bien là."),
    ]  # fmt: skip
    assert (attempt.score, appeal.state) == (1, "accepted")


def test_the_point_of_a_question_of_the_bank_may_be_given(
    session: Session, link: ResourceLink, track: Track, bruno: int
) -> None:
    part = part_of(track)
    found = attempts.start(session, learner_of(session, link), part)
    save_answer(session, found, CHOICE, Sent({"choice": tuple(wrong(CHOICE))}))
    attempts.submit(session, found, track, part)
    assert found.score == 0
    appeal = asked(session, found, bruno)
    appeals.accept(session, appeal, track, part, bruno, "L’énoncé est ambigu.", {}, [CHOICE.key, "unknown"], utcnow())
    assert found.score == Fraction(1, 2)
    assert found.marks is not None
    assert found.marks[CHOICE.key] == {"points": "1", "reason": "marked"}


def test_where_a_jury_decides_an_accepted_appeal_goes_back_to_it(
    session: Session, link: ResourceLink, ana: int, bruno: int
) -> None:
    with published(jury=True) as track:
        part = part_of(track)
        attempt = hand_in(session, learner_of(session, link), track)
        mark(session, attempt, track, ana, HALF)
        new = NewJury(track.key, "d1", "Jury", date(2026, 12, 2), [ana, bruno])
        jury = juries.create(session, link.context, new, ana)

        def decides(decision: str, score: Fraction) -> None:
            seats = [juries.seat(session, jury.id, who) for who in (ana, bruno)]
            assert seats[0]
            assert seats[1]
            said = juries.propose(session, jury, seats[0][1], attempt, part, decision, score, "Dit.", utcnow())
            juries.confirm(session, jury, seats[1][1], attempt, track, part, said.id, utcnow())

        decides("refused", Fraction(1, 2))
        appeal = asked(session, attempt, bruno)
        appeals.accept(session, appeal, track, part, bruno, "À revoir.", {"project": FULL}, (), utcnow())
        assert attempt.score == Fraction(1, 2)  # until the jury says otherwise
        assert session.get_one(Work, attempt.id).state == "jury"
        decides("refused", Fraction(1, 4))
        assert attempt.score == Fraction(1, 2)  # never lowered
        assert [row.counts for row in gradings.gradings(session, attempt)] == [True, True, True, False, False]
