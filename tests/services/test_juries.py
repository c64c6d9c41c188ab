"""Juries: two members decide, one result follows; nobody decides alone, nor for themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Attempt, Confirmation, Enrolment, Jury, Membership, OutboxJob, ResourceLink, Work, utcnow
from lms.services import gradings, juries
from lms.services.juries import JuryRefused, NewJury
from lms.services.privacy import taken_out
from tests.judged_in_test import HALF, hand_in, learner_of, mark, part_of, published, trainer_of
from tests.learner_in_test import course, statements, together

PROPOSED = Fraction(13, 16)


@dataclass
class Court:
    """A jury of two, and a work that is marked and waits for it."""

    session: Session
    track: Track
    link: ResourceLink
    people: list[int]
    row: Enrolment
    attempt: Attempt
    jury: Jury

    def seat(self, number: int) -> Any:
        found = juries.seat(self.session, self.jury.id, self.people[number])
        assert found is not None
        return found[1]

    def propose(self, number: int, decision: str, score: Fraction | None, reason: str = "Un gain mesuré.") -> int:
        part = part_of(self.track)
        row = juries.propose(
            self.session, self.jury, self.seat(number), self.attempt, part, decision, score, reason, utcnow()
        )
        self.session.commit()
        return row.id

    def confirm(self, number: int, said: int) -> bool:
        part = part_of(self.track)
        done = juries.confirm(
            self.session, self.jury, self.seat(number), self.attempt, self.track, part, said, utcnow()
        )
        self.session.commit()
        return done


@pytest.fixture
def court(session: Session) -> Iterator[Court]:
    with published(jury=True) as track:
        link = course(session, lineitem="https://lms.example.org/items/1")
        people = [trainer_of(session, link, name) for name in ("Ana", "Bruno", "Chloé")]
        row = learner_of(session, link)
        attempt = hand_in(session, row, track)
        mark(session, attempt, track, people[2], HALF)
        new = NewJury(track.key, "d1", "Jury d’automne", date(2026, 12, 2), people[:2])
        jury = juries.create(session, link.context, new, people[2])
        session.commit()
        yield Court(session, track, link, people, row, attempt, jury)


def refused(reason: str, work: Any, *args: Any) -> None:
    with pytest.raises(JuryRefused) as refusal:
        work(*args)
    assert refusal.value.reason == reason


def test_what_persons_found_is_in_a_copy_of_ones_data_once_there_is_a_result(court: Court) -> None:
    said = court.propose(0, "admitted", Fraction(9, 10))
    data = taken_out(court.session, court.row.person)
    assert (data["markings"], data["jury"]) == ([], [])
    assert [each["cause"] for each in data["results"]] == ["submitted"]
    assert "marked" not in {mark["reason"] for mark in data["attempts"][0]["marks"].values()}
    assert [each["until"] for each in data["held_back"]] == ["it has a result"]
    court.confirm(1, said)
    data = taken_out(court.session, court.row.person)
    assert (len(data["markings"]), len(data["jury"]), data["held_back"]) == (1, 1, [])
    assert {"marked", "jury"} <= {each["cause"] for each in data["results"]}


def test_a_jury_has_the_works_of_those_who_came_before_they_left(court: Court) -> None:
    session, handed_in = court.session, court.attempt.submitted_at
    assert handed_in is not None
    member = session.query(Membership).filter_by(person_id=court.row.person_id).one()
    for left, count in ((timedelta(hours=1), 1), (timedelta(hours=-1), 0)):
        member.left_at = handed_in + left
        session.flush()
        assert len(juries.candidates(session, court.jury)) == count
    member.left_at = member.first_seen_at = None
    session.flush()
    assert juries.candidates(session, court.jury) == []


def test_marks_propose_and_two_members_decide(court: Court) -> None:
    session, attempt = court.session, court.attempt
    assert (attempt.score, attempt.passed) == (None, None)
    assert session.get_one(Work, attempt.id).state == "jury"
    said = court.propose(0, "admitted", Fraction(9, 10))
    refused("same", court.confirm, 0, said)
    assert attempt.score is None
    session.execute(sa.delete(OutboxJob))
    assert court.confirm(1, said)
    assert (attempt.score, attempt.passed) == (Fraction(9, 10), True)
    last = gradings.gradings(session, attempt)[-1]
    assert (last.cause, last.reason, last.score) == ("jury", "Un gain mesuré.", Fraction(9, 10))
    assert session.scalars(sa.select(OutboxJob.kind)).all() == ["send_score"]
    [found] = juries.candidates(session, court.jury)
    assert found.decided
    assert found.said is not None
    assert (found.said.proposed, [member.name for member in found.confirmed]) == (
        PROPOSED, ["Formatrice Ana", "Formatrice Bruno"],
    )  # fmt: skip
    refused("decided", court.propose, 1, "refused", Fraction(0))
    # What a jury decided, no other result replaces.
    score = replace(gradings.graded(attempt, part_of(court.track), {}), value=Fraction(0))
    gradings.record(session, attempt, part_of(court.track), score, {}, utcnow(), cause="regraded", reason="mended")
    assert attempt.score == Fraction(9, 10)
    assert not gradings.gradings(session, attempt)[-1].counts


def test_who_is_refused_stays_below_the_threshold_and_knows_why(court: Court) -> None:
    refused("above", court.propose, 0, "refused", PROPOSED)
    refused("below", court.propose, 0, "admitted", Fraction(1, 2))
    refused("no_score", court.propose, 0, "admitted", None)
    said = court.propose(0, "refused", Fraction(6, 10), "Le gain n’est pas mesuré.")
    court.confirm(1, said)
    assert (court.attempt.score, court.attempt.passed) == (Fraction(6, 10), False)


def test_a_deferred_work_has_no_result_and_comes_back(court: Court) -> None:
    assert court.confirm(1, court.propose(0, "deferred", Fraction(1), "Il manque une annexe."))
    assert court.attempt.score is None
    assert len(gradings.gradings(court.session, court.attempt)) == 2  # submitted, marked
    assert court.confirm(0, court.propose(1, "admitted", PROPOSED))
    assert court.attempt.score == PROPOSED


def test_a_later_proposal_takes_the_place_of_an_earlier_one(court: Court) -> None:
    first = court.propose(0, "admitted", Fraction(9, 10))
    second = court.propose(1, "admitted", Fraction(8, 10))
    refused("replaced", court.confirm, 1, first)
    assert court.confirm(0, second)
    assert court.attempt.score == Fraction(8, 10)


def test_two_who_confirm_at_once_give_one_result(app: Flask, court: Court) -> None:
    session = court.session
    third = juries.create(
        session, court.link.context, NewJury(court.track.key, "d1", "À trois", date(2026, 12, 3), court.people), 1
    )
    court.jury = third
    said = court.propose(0, "admitted", PROPOSED)

    def confirming(number: int) -> Any:
        def task(own: Session) -> Any:
            found = juries.seat(own, third.id, court.people[number])
            assert found is not None
            attempt, part = own.get_one(Attempt, court.attempt.id), part_of(court.track)
            try:
                done = juries.confirm(own, *found, attempt, court.track, part, said, utcnow())
            except JuryRefused as refusal:
                own.rollback()
                return refusal.reason
            own.commit()
            return done

        return task

    assert sorted(map(str, together(app, [confirming(1), confirming(2)]))) == ["True", "decided"]
    session.expire_all()
    assert [row.cause for row in gradings.gradings(session, court.attempt)].count("jury") == 1
    assert len(session.scalars(sa.select(Confirmation)).all()) == 2


def test_a_jury_is_made_of_two_trainers_of_the_course(court: Court) -> None:
    session, people = court.session, court.people
    stranger = trainer_of(session, course(session, 2), "Zoé")
    new = NewJury(court.track.key, "d1", "Jury", date(2026, 12, 2), people[:1])
    refused("too_few", juries.create, session, court.link.context, new, people[0])
    alone = replace(new, members=[people[0], people[0]])
    refused("too_few", juries.create, session, court.link.context, alone, people[0])
    strange = replace(new, members=[people[0], stranger])
    refused("not_trainer", juries.create, session, court.link.context, strange, people[0])


def test_a_jury_changes_until_it_is_closed_and_whoever_decided_stays(court: Court) -> None:
    session, people = court.session, court.people
    new = NewJury(court.track.key, "d1", "Jury d’hiver", date(2026, 12, 9), [people[2], people[1]], anonymous=True)
    court.propose(0, "admitted", Fraction(9, 10))
    juries.change(session, court.jury, new, people[0])
    sits = {member.person_id: member.president for member in juries.members(session, court.jury)}
    assert sits == {people[0]: False, people[1]: False, people[2]: True}
    assert (court.jury.title, court.jury.meets_on, court.jury.anonymous) == ("Jury d’hiver", date(2026, 12, 9), True)
    juries.change(session, court.jury, replace(new, members=people[2:3] + people[:1]), people[0])
    assert {member.person_id for member in juries.members(session, court.jury)} == {people[0], people[2]}
    refused("too_few", juries.change, session, court.jury, replace(new, members=people[:1]), people[0])
    stranger = trainer_of(session, course(session, 2), "Zoé")
    refused("not_trainer", juries.change, session, court.jury, replace(new, members=[people[0], stranger]), people[0])
    court.jury.closed_at = utcnow()
    session.flush()
    refused("closed", juries.change, session, court.jury, new, people[0])


def test_a_jury_changed_by_two_at_once_has_one_president_and_is_as_the_last_one_said(app: Flask, court: Court) -> None:
    session, people = court.session, court.people
    new = NewJury(court.track.key, "d1", court.jury.title, date(2026, 12, 9), people)
    juries.change(session, court.jury, new, people[0])
    session.commit()
    _sits = juries.members(session, court.jury)  # as the form shows them
    session.commit()

    def change(own: Session) -> None:
        other = replace(new, title="Autre titre", members=[people[1], people[0], people[2]])
        juries.change(own, own.get_one(Jury, court.jury.id), other, people[0])
        own.commit()

    together(app, [change])
    juries.change(session, court.jury, replace(new, members=[people[2], people[0], people[1]]), people[0])
    session.commit()
    session.expire_all()
    assert [each.person_id for each in juries.members(session, court.jury) if each.president] == [people[2]]
    assert court.jury.title == new.title


@pytest.mark.parametrize("act", ["confirm", "propose"])
def test_whose_seat_is_taken_away_meanwhile_decides_nothing_and_is_told(app: Flask, court: Court, act: str) -> None:
    session, people, part = court.session, court.people, part_of(court.track)
    said, seat = court.propose(0, "admitted", PROPOSED), court.seat(1)
    session.commit()

    def change(own: Session) -> None:
        new = NewJury(court.track.key, "d1", "Jury", date(2026, 12, 9), [people[0], people[2]])
        juries.change(own, own.get_one(Jury, court.jury.id), new, people[0])
        own.commit()

    together(app, [change])
    if act == "confirm":
        given: tuple[Any, ...] = (court.attempt, court.track, part, said, utcnow())
    else:
        given = (court.attempt, part, "deferred", None, "Il manque une annexe.", utcnow())
    refused("not_member", getattr(juries, act), session, court.jury, seat, *given)
    assert len(session.scalars(sa.select(Confirmation)).all()) == 1


def test_only_its_members_see_a_jury_and_none_sits_for_their_own_work(court: Court) -> None:
    session = court.session
    assert [juries.seat(session, court.jury.id, who) is not None for who in court.people] == [True, True, False]
    assert juries.juries_of(session, court.people[2]) == []
    own = learner_of(session, court.link, "also")
    theirs = hand_in(session, own, court.track)
    mark(session, theirs, court.track, court.people[2], HALF)
    assert len(juries.candidates(session, court.jury)) == 2
    court.seat(1).person_id = own.person_id
    session.flush()
    assert [each.attempt.id for each in juries.candidates(session, court.jury)] == [court.attempt.id]
    session.execute(sa.update(Membership).filter_by(person_id=court.people[0]).values(left_at=utcnow()))
    assert juries.seat(session, court.jury.id, court.people[0]) is None


def test_a_closed_jury_decides_nothing_more(court: Court) -> None:
    said = court.propose(0, "admitted", PROPOSED)
    refused("pending", juries.close, court.session, court.jury, court.people[0], utcnow())
    court.confirm(1, said)
    juries.close(court.session, court.jury, court.people[0], utcnow())
    refused("closed", court.propose, 0, "admitted", PROPOSED)


def test_what_another_jury_decided_keeps_none_from_closing(court: Court) -> None:
    session, first = court.session, court.jury
    new = NewJury(court.track.key, "d1", "Jury de décembre", date(2026, 12, 3), court.people[:2])
    other = juries.create(session, court.link.context, new, court.people[2])
    court.propose(0, "admitted", PROPOSED)
    court.jury = other
    court.confirm(1, court.propose(0, "admitted", PROPOSED))
    court.jury = first
    (candidate,) = juries.candidates(session, first)
    assert (candidate.decided, candidate.elsewhere, candidate.waits) == (False, True, False)
    juries.close(session, first, court.people[0], utcnow())
    assert first.closed_at is not None


def test_many_candidates_cost_no_more_queries(court: Court) -> None:
    session = court.session
    for number in range(2, 8):
        mark(session, hand_in(session, learner_of(session, court.link, number), court.track), court.track,
             court.people[2], HALF)  # fmt: skip
    court.confirm(1, court.propose(0, "admitted", PROPOSED))
    number = court.jury.id
    session.expunge_all()
    jury = session.get_one(Jury, number)
    with statements() as heard:
        names = [each.person.full_name for each in juries.candidates(session, jury)]
    assert len(names) == 7
    assert sum(said.startswith("SELECT") for said in heard) == 4
