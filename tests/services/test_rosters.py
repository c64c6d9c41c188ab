"""Rosters in the database: when they are read, what a batch changes, and what a launch later finds."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.lti.members import Member
from lms.models import Context, Enrolment, Membership, OutboxJob, Person, Platform, ResourceLink, utcnow
from lms.services import rosters
from lms.services.library import Library
from lms.services.participations import followed
from lms.services.rosters import Reading
from tests.learner_in_test import count, course, joins, learner, statements
from tests.platform_in_test import PlatformInTest, person

DAY = timedelta(days=1)
URL = "https://lms.example.org/members"


@pytest.fixture
def link(session: Session) -> ResourceLink:
    row = course(session)
    row.context.members_url = URL
    session.commit()
    return row


@pytest.fixture
def reading(session: Session, link: ResourceLink) -> Callable[..., Reading]:
    def begin(now: datetime | None = None) -> Reading:
        found = rosters.begin(session, link.context_id, now)
        assert found is not None
        return found

    return begin


def visited(session: Session, link: ResourceLink, days: int) -> None:
    row = learner(session)
    joins(session, row.person_id, link)
    session.execute(sa.update(Membership).values(last_seen_at=utcnow() - days * DAY))
    session.commit()


def jobs(session: Session) -> list[dict[str, Any]]:
    return list(session.scalars(sa.select(OutboxJob.payload).filter_by(kind=rosters.KIND)))


@pytest.mark.parametrize(("visit", "read", "due"), [(1, None, 1), (1, 2, 1), (1, 0, 0), (59, None, 1), (61, None, 0)])
def test_rosters_that_grew_old_are_promised(
    session: Session, link: ResourceLink, visit: int, read: int | None, due: int
) -> None:
    visited(session, link, visit)
    link.context.roster_at = None if read is None else utcnow() - read * DAY
    session.commit()
    assert rosters.promise_due(session) == due
    assert jobs(session) == [{"context_id": link.context_id}] * due
    assert rosters.promise_due(session) == 0  # promised already


def test_a_reading_that_failed_is_tried_again_the_next_day(session: Session, link: ResourceLink) -> None:
    visited(session, link, 1)
    rosters.promise_due(session)
    session.execute(sa.update(OutboxJob).values(status="failed"))
    session.commit()
    assert rosters.promise_due(session) == 0
    assert rosters.promise_due(session, utcnow() + 2 * DAY) == 1


def test_a_platform_without_rosters_is_asked_nothing(session: Session, link: ResourceLink) -> None:
    visited(session, link, 1)
    link.context.members_url = None
    session.commit()
    assert rosters.promise_due(session) == 0
    assert rosters.begin(session, link.context_id) is None
    assert rosters.begin(session, 999) is None
    assert not rosters.ask(session, link.context)


def test_a_batch_costs_the_same_for_one_and_for_a_thousand(session: Session, reading: Callable[..., Reading]) -> None:
    told = []
    Library(session)  # which revisions are current is asked from time to time
    for size in (1, 1000):
        with statements() as heard:
            rosters.take(session, reading(), [Member(str(number)) for number in range(size)])
        told.append(len(heard))
    assert told[0] == told[1]
    assert count(session, Person) == count(session, Membership) == 1000


def test_somebody_named_twice_is_one_person(session: Session, reading: Callable[..., Reading]) -> None:
    rosters.take(session, reading(), [Member("1", given_name="A"), Member("1", given_name="B")])
    assert session.scalars(sa.select(Person.given_name)).all() == ["B"]


def test_an_earlier_reading_undoes_nothing_of_a_later_one(session: Session, reading: Callable[..., Reading]) -> None:
    now = utcnow()
    early, late = reading(now - timedelta(minutes=5)), reading(now)
    both = [Member("1", ("Instructor",)), Member("2")]
    rosters.take(session, early, both)
    rosters.take(session, late, [Member("1"), Member("2")])
    rosters.take(session, early, both)
    assert set(session.execute(sa.select(Membership.role, Membership.roster_at)).all()) == {("learner", now)}
    assert rosters.end(session, early) == 0


def test_a_role_of_the_map_is_given_as_by_a_launch(session: Session, reading: Callable[..., Reading]) -> None:
    platform = session.scalars(sa.select(Platform)).one()
    platform.role_map = {"Tutor": "trainer"}
    session.commit()
    people = [
        Member("1", ("Tutor", "Learner")),
        Member("2", ("http://purl.imsglobal.org/vocab/lis/v2/person#Administrator",)),
    ]
    rosters.take(session, reading(), people)
    assert session.scalars(sa.select(Membership.role).order_by(Membership.id)).all() == ["trainer", "learner"]


def test_hr_counts_nobody_the_roster_alone_knows(session: Session, reading: Callable[..., Reading]) -> None:
    rosters.take(session, reading(), [Member("1", sourced_id="A-1", full_name="Agent")])
    session.commit()
    assert list(followed(session, Library(session))) == []
    assert count(session, Enrolment) == 0


def test_who_comes_is_the_person_the_roster_made(platform: PlatformInTest, session: Session) -> None:
    platform.launched(**person(0))
    place = session.scalars(sa.select(Context)).one()
    place.members_url = URL
    session.commit()
    found = rosters.begin(session, place.id)
    assert found is not None
    subject = str(person(1)["sub"])
    rosters.take(session, found, [Member(subject)])
    rosters.end(session, found)
    session.commit()
    known = session.scalars(sa.select(Person.id).filter_by(subject=subject)).one()
    session.execute(sa.update(Membership).filter_by(person_id=known).values(left_at=utcnow()))
    session.commit()
    platform.launched(**person(1))
    session.expire_all()
    row = session.scalars(sa.select(Membership).join(Person).where(Person.subject == subject)).one()
    assert row.person_id == known
    assert row.left_at is None
    assert row.first_seen_at is not None
    assert row.last_seen_at is not None
