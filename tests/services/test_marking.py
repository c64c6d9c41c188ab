"""Marking: one person a part, two who do not see each other, exact means, nothing done changes, the result follows."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Attempt, AuditEntry, Grading, Marking, Membership, OutboxJob, ResourceLink, Work, utcnow
from lms.services import attempts, gradings, marking, works
from lms.services.marking import MarkingRefused
from lms.services.settling import settled
from lms.services.works import Chosen
from tests.judged_in_test import (
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
from tests.learner_in_test import course, joins, statements, together


@pytest.fixture
def track() -> Iterator[Track]:
    with published() as found:
        yield found


@pytest.fixture
def two() -> Iterator[Track]:
    with published(markers=2) as found:
        yield found


@pytest.fixture
def link(session: Session) -> ResourceLink:
    return course(session, lineitem="https://lms.example.org/items/1")


def refused(reason: str, work: Any, *args: Any) -> None:
    with pytest.raises(MarkingRefused) as refusal:
        work(*args)
    assert refusal.value.reason == reason


def codes(session: Session, person_id: int, show: works.Show = "todo", **more: Any) -> list[Any]:
    return [work.attempt_id for work in works.works(session, person_id, Chosen(show, **more)).works]


def causes(session: Session, attempt: Attempt) -> list[tuple[str, Fraction | None]]:
    return [(row.cause, row.score) for row in gradings.gradings(session, attempt)]


def test_a_work_waits_then_its_mark_is_the_result(session: Session, link: ResourceLink, track: Track) -> None:
    row = learner_of(session, link)
    ana = trainer_of(session, link, "Ana")
    attempt = hand_in(session, row, track)
    assert attempt.score is None
    assert codes(session, ana) == [attempt.id]
    assert attempts.standing(session, row, part_of(track)).waiting
    session.execute(sa.delete(OutboxJob))
    assert mark(session, attempt, track, ana, HALF) == "first"
    assert attempt.score == Fraction(13, 16)  # 5/8 of the project, the whole of the other question
    assert attempt.passed
    assert causes(session, attempt) == [("submitted", None), ("marked", Fraction(13, 16))]
    # The score goes to the gradebook by the same transaction; nothing waits any longer.
    assert session.scalars(sa.select(OutboxJob.kind)).all() == ["send_score"]
    assert codes(session, ana) == []
    assert not attempts.standing(session, row, part_of(track)).waiting
    assert {"marking_taken", "marking_done"} <= set(session.scalars(sa.select(AuditEntry.action)))


def test_an_empty_work_needs_nobody(session: Session, link: ResourceLink, track: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), track, "")
    assert attempt.score == Fraction(1, 2)
    assert session.get(Work, attempt.id) is None


def test_a_trainer_judges_their_courses_alone_and_never_themselves(
    session: Session, link: ResourceLink, track: Track
) -> None:
    elsewhere = course(session, 2)
    row = learner_of(session, link)
    attempt = hand_in(session, row, track)
    here, there = trainer_of(session, link, "Ana"), trainer_of(session, elsewhere, "Zoé")
    joins(session, row.person_id, elsewhere, "trainer")  # a learner here, a trainer there
    other_track = course(session, 3, track_key="another")
    joins(session, row.person_id, other_track)
    strange = trainer_of(session, other_track, "Yves")  # whose course has another track
    found = {who: works.attempt_to_judge(session, attempt.id, who) for who in (here, there, row.person_id, strange)}
    assert {who for who, each in found.items() if each} == {here}
    joins(session, row.person_id, course(session, 4), "trainer")
    assert codes(session, row.person_id) == []
    session.execute(sa.update(Membership).filter_by(person_id=here).values(left_at=utcnow()))
    assert works.attempt_to_judge(session, attempt.id, here) is None


def test_only_those_who_came_are_judged_and_what_they_handed_in_before_they_left(
    session: Session, link: ResourceLink, track: Track
) -> None:
    row, ana = learner_of(session, link), trainer_of(session, link, "Ana")
    attempt = hand_in(session, row, track)
    assert attempt.submitted_at is not None
    member = session.query(Membership).filter_by(person_id=row.person_id).one()
    for left, judged in ((timedelta(hours=1), True), (timedelta(hours=-1), False)):
        member.left_at = attempt.submitted_at + left
        session.flush()
        assert (works.attempt_to_judge(session, attempt.id, ana) is not None) is judged
    member.left_at = member.first_seen_at = None  # the roster alone, which any teacher of the platform may fill
    session.flush()
    assert works.attempt_to_judge(session, attempt.id, ana) is None


def test_of_two_who_take_a_work_at_once_one_has_it(
    app: Flask, session: Session, link: ResourceLink, track: Track
) -> None:
    attempt = hand_in(session, learner_of(session, link), track)
    both = [trainer_of(session, link, name) for name in ("Ana", "Bruno")]
    session.commit()

    def taking(person_id: int) -> Any:
        def task(own: Session) -> str:
            try:
                said = marking.take(own, own.get_one(Attempt, attempt.id), part_of(track), person_id, utcnow())
            except MarkingRefused as refusal:
                own.rollback()
                return refusal.reason
            own.commit()
            return said

        return task

    assert sorted(together(app, [taking(person_id) for person_id in both])) == ["first", "taken"]
    assert session.scalars(sa.select(Marking)).one().marker_id in both


def test_a_draft_is_kept_and_only_its_marker_saves_it(session: Session, link: ResourceLink, track: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), track)
    ana, bruno = (trainer_of(session, link, name) for name in ("Ana", "Bruno"))
    part = part_of(track)
    marking.take(session, attempt, part, ana, utcnow())
    half = marking.Judged({"measure": "some"}, "À dater.")
    marking.save(session, attempt, ana, {"project": half})
    refused("incomplete", marking.finish, session, attempt, track, part, ana, utcnow())
    refused("not_held", marking.save, session, attempt, bruno, {"project": FULL})
    refused("taken", marking.take, session, attempt, part, bruno, utcnow())
    assert marking.take(session, attempt, part, ana, utcnow()) == "first"  # goes on
    row = session.scalars(sa.select(Marking)).one()
    assert (row.levels, row.comment, row.done_at) == ({"measure": "some"}, "À dater.", None)
    assert codes(session, ana, "mine") == codes(session, bruno, "others") == [attempt.id]
    marking.give_back(session, attempt, ana)
    assert mark(session, attempt, track, bruno, FULL) == "first"
    refused("nothing", marking.take, session, attempt, part, bruno, utcnow())
    refused("not_held", marking.save, session, attempt, bruno, {"project": NONE})  # done stays done


def test_what_somebody_left_is_taken_over_with_its_draft(session: Session, link: ResourceLink, track: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), track)
    ana, bruno, chloe = (trainer_of(session, link, name) for name in ("Ana", "Bruno", "Chloé"))
    part, later = part_of(track), utcnow() + timedelta(days=30)
    marking.take(session, attempt, part, ana, utcnow())
    marking.save(session, attempt, ana, {"project": HALF})
    refused("taken", marking.take, session, attempt, part, bruno, utcnow())
    assert marking.take(session, attempt, part, bruno, later) == "first"  # long after the deadline
    refused("taken", marking.take, session, attempt, part, chloe, later + timedelta(days=1))
    session.execute(sa.update(Membership).filter_by(person_id=bruno).values(left_at=utcnow()))
    assert marking.take(session, attempt, part, chloe, later) == "first"  # Bruno trains no more
    row = session.scalars(sa.select(Marking)).one()
    assert (row.marker_id, row.comment) == (chloe, HALF.comment)


def test_two_markings_close_to_each_other_give_their_exact_mean(session: Session, link: ResourceLink) -> None:
    with published(markers=2, tolerance=Fraction(3, 8)) as track:
        attempt = hand_in(session, learner_of(session, link), track)
        ana, bruno = (trainer_of(session, link, name) for name in ("Ana", "Bruno"))
        assert mark(session, attempt, track, ana, FULL) == "first"
        assert attempt.score is None
        refused("both", marking.take, session, attempt, part_of(track), ana, utcnow())
        assert mark(session, attempt, track, bruno, HALF) == "second"
        assert attempt.score == (1 + Fraction(13, 16)) / 2
        assert session.get_one(Work, attempt.id).state == "done"


def test_two_markings_apart_are_reconciled_with_a_reason(session: Session, link: ResourceLink, two: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), two)
    ana, bruno, chloe = (trainer_of(session, link, name) for name in ("Ana", "Bruno", "Chloé"))
    mark(session, attempt, two, ana, FULL)
    mark(session, attempt, two, bruno, HALF)
    assert attempt.score is None
    assert session.get_one(Work, attempt.id).state == "reconciling"
    assert codes(session, ana) == codes(session, chloe) == [attempt.id]
    assert marking.take(session, attempt, part_of(two), chloe, utcnow()) == "reconciliation"
    draft = session.scalars(sa.select(Marking).filter_by(part="reconciliation")).one()
    assert draft.levels == {"care": "full"}  # what both agree on
    marking.save(session, attempt, chloe, {"project": FULL})
    refused("no_reason", marking.finish, session, attempt, two, part_of(two), chloe, utcnow())
    assert mark(session, attempt, two, chloe, FULL, "La date est en annexe.") == "reconciliation"
    assert attempt.score == 1
    rows = session.scalars(sa.select(Marking).order_by(Marking.id)).all()
    assert [(row.part, row.points) for row in rows] == [
        ("first", 1), ("second", Fraction(5, 8)), ("reconciliation", 1),
    ]  # fmt: skip


def test_a_second_marker_may_finish_before_the_first(session: Session, link: ResourceLink, two: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), two)
    ana, bruno, chloe = (trainer_of(session, link, name) for name in ("Ana", "Bruno", "Chloé"))
    part = part_of(two)
    marking.take(session, attempt, part, ana, utcnow())
    assert mark(session, attempt, two, bruno, FULL) == "second"
    marking.give_back(session, attempt, ana)
    assert session.get_one(Work, attempt.id).state == "marking"
    assert mark(session, attempt, two, chloe, FULL) == "first"
    assert attempt.score == 1


def test_the_first_done_work_and_one_in_ten_are_looked_at_again(
    session: Session, link: ResourceLink, track: Track
) -> None:
    ana, bruno = (trainer_of(session, link, name) for name in ("Ana", "Bruno"))
    done = [hand_in(session, learner_of(session, link, number), track) for number in range(4)]
    for attempt in done:
        mark(session, attempt, track, ana, HALF)
    wanted = {done[0].id} | {each.id for each in done if marking._number(each.id) % marking.SAMPLE == 0}
    assert set(codes(session, bruno, "moderation")) == wanted
    assert codes(session, ana, "moderation") == []  # who marked it does not look at it again
    first = done[0]
    assert marking.take(session, first, part_of(track), bruno, utcnow()) == "moderation"
    marking.save(session, first, bruno, {"project": FULL})
    refused("no_reason", marking.finish, session, first, track, part_of(track), bruno, utcnow())
    mark(session, first, track, bruno, FULL, "La mesure est datée page 2.")
    assert causes(session, first)[-2:] == [("marked", Fraction(13, 16)), ("marked", Fraction(1))]
    assert first.score == 1
    assert first.id not in codes(session, bruno, "moderation")


def test_a_second_look_that_agrees_changes_nothing(session: Session, link: ResourceLink, track: Track) -> None:
    ana, bruno = (trainer_of(session, link, name) for name in ("Ana", "Bruno"))
    attempt = hand_in(session, learner_of(session, link), track)
    mark(session, attempt, track, ana, HALF)
    assert mark(session, attempt, track, bruno, HALF) == "moderation"
    assert len(causes(session, attempt)) == 2
    assert codes(session, bruno, "moderation") == []


def test_a_regrade_keeps_what_persons_marked(session: Session, link: ResourceLink, track: Track) -> None:
    attempt = hand_in(session, learner_of(session, link), track)
    mark(session, attempt, track, trainer_of(session, link, "Ana"), HALF)
    assert gradings.graded(attempt, part_of(track), {}).marks["project"].points == Fraction(5, 8)


def test_a_code_says_nothing_of_its_author_and_is_always_the_same(session: Session, track: Track) -> None:
    first = hand_in(session, learner_of(session, course(session)), track)
    code = works.code_of(b"a secret", first.id)
    assert code == works.code_of(b"a secret", first.id) != works.code_of(b"another", first.id)
    assert len(code) == 5
    assert code.isalnum()


@pytest.mark.parametrize("size", [3, 12])
def test_a_long_pile_costs_no_more_queries(session: Session, link: ResourceLink, two: Track, size: int) -> None:
    ana = trainer_of(session, link, "Ana")
    done = [hand_in(session, learner_of(session, link, number), two) for number in range(size)]
    mark(session, done[0], two, ana, FULL)
    session.expunge_all()
    with statements() as heard:
        page = works.works(session, ana, Chosen())
        names = [work.attempt.enrolment.person.full_name for work in page.works]
        load = works.load(session, ana, utcnow())
    assert len(names) == page.total == size - 1
    assert sum(said.startswith("SELECT") for said in heard) == 5
    assert (load.waiting, load.late, load.mine, load.mine_month, load.team_month) == (size, 0, 0, 1, 1)
    assert works.load(session, ana, utcnow() + timedelta(days=40)).late == size
    assert works.waiting(session, ana, link.context_id) == size
    assert len(session.scalars(sa.select(Grading)).all()) == size


WORTH = st.fractions(min_value=0, max_value=1, max_denominator=100)


@given(st.dictionaries(st.sampled_from(["first", "second", "reconciliation", "moderation", "appeal"]), WORTH), WORTH)
def test_what_markings_come_to_is_exact_and_an_appeal_lowers_nothing(said: dict[str, Fraction], gap: Fraction) -> None:
    def come_to(parts: dict[str, Fraction]) -> Fraction | None:
        rows = [Marking(part=part, points=points, done_at=utcnow()) for part, points in parts.items()]
        found = settled(rows, 2, gap)
        return found.points if found else None

    before = come_to({part: points for part, points in said.items() if part != "appeal"})
    if {"moderation", "reconciliation"} & said.keys():
        assert before == said.get("moderation", said.get("reconciliation"))
    elif {"first", "second"} <= said.keys():
        far = abs(said["first"] - said["second"]) > gap
        assert before == (None if far else (said["first"] + said["second"]) / 2)
    else:
        assert before is None
    if "appeal" in said:
        assert come_to(said) == max(said["appeal"], before or 0)
