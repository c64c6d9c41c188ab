"""Cohorts: a trainer's power ends at their own courses, and a large course costs no more queries."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Certificate, Enrolment, Membership, ResourceLink, utcnow
from lms.services import cohorts, issuing
from lms.services.cohorts import IDLE
from tests.learner_in_test import TRACK, course, earn, joins, learner, module, statements, take


@pytest.fixture
def link(session: Session) -> ResourceLink:
    return course(session)


@pytest.fixture
def trainer(session: Session, link: ResourceLink) -> int:
    person_id = learner(session, "trainer").person_id
    joins(session, person_id, link, "trainer")
    return person_id


def selects(heard: list[str]) -> int:
    return sum(said.startswith("SELECT") for said in heard)


def seen(session: Session, person_id: int, days: int) -> None:
    moment = utcnow() - timedelta(days=days)
    session.execute(sa.update(Membership).filter_by(person_id=person_id).values(last_seen_at=moment))
    session.execute(sa.update(Enrolment).filter_by(person_id=person_id).values(last_at=moment))
    session.commit()
    session.expire_all()


@pytest.mark.parametrize("size", [5, 50])
def test_a_large_cohort_costs_no_more_queries(session: Session, link: ResourceLink, trainer: int, size: int) -> None:
    for number in range(size):
        joins(session, learner(session, number).person_id, link)
    session.expunge_all()
    with statements() as heard:
        found = cohorts.learners(session, link.context_id, TRACK)
        names = [each.person.display_name for each in found]
    assert selects(heard) == 5
    assert len(names) == size
    session.expunge_all()
    with statements() as heard:
        listed = cohorts.cohorts(session, trainer)
    assert selects(heard) == 3
    assert [each.learners for each in listed] == [size]


def test_a_trainer_sees_own_courses_only(session: Session, link: ResourceLink, trainer: int) -> None:
    elsewhere = course(session, 2)
    other = learner(session, "other trainer").person_id
    joins(session, other, elsewhere, "trainer")
    joins(session, trainer, elsewhere)  # a learner there
    assert [each.context.id for each in cohorts.cohorts(session, trainer)] == [link.context_id]
    assert [each.context.id for each in cohorts.cohorts(session, other)] == [elsewhere.context_id]
    assert cohorts.trains(session, trainer, elsewhere.context_id) is None
    assert cohorts.trains(session, other, link.context_id) is None
    found = cohorts.trains(session, trainer, link.context_id)
    assert found is not None
    assert found.id == link.context_id


def test_a_learner_trains_nobody(session: Session, link: ResourceLink) -> None:
    person_id = learner(session).person_id
    joins(session, person_id, link)
    assert cohorts.cohorts(session, person_id) == []
    assert cohorts.trains(session, person_id, link.context_id) is None


def test_learners_of_other_courses_are_not_shown(session: Session, link: ResourceLink, trainer: int) -> None:
    mine = learner(session, 1).person_id
    joins(session, mine, link)
    joins(session, learner(session, 2).person_id, course(session, 2))
    assert [each.person.id for each in cohorts.learners(session, link.context_id, TRACK)] == [mine]


def test_each_learner_with_their_progress_by_name(session: Session, link: ResourceLink) -> None:
    names = {"Zola": None, "Colette": None, "Hugo": None}
    rows = {name: learner(session, name, family_name=name) for name in names}
    for row in rows.values():
        joins(session, row.person_id, link)
    take(session, rows["Hugo"], module("d1"))
    found = cohorts.learners(session, link.context_id, TRACK)
    assert [each.person.family_name for each in found] == ["Colette", "Hugo", "Zola"]
    assert [each.progress.passed if each.progress else None for each in found] == [0, 1, 0]
    assert found[1].last_at == rows["Hugo"].last_at


def test_who_has_not_begun_is_shown_too(session: Session, link: ResourceLink) -> None:
    row = learner(session)
    joins(session, row.person_id, link)
    session.delete(row)
    session.commit()
    (found,) = cohorts.learners(session, link.context_id, TRACK)
    assert (found.progress, found.certified, found.last_at, found.idle) == (None, False, None, False)


def test_who_stopped_coming_is_told_from_who_has_finished(session: Session, link: ResourceLink, trainer: int) -> None:
    here, gone, done = (learner(session, number, family_name=str(number)) for number in range(3))
    for row in (here, gone, done):
        joins(session, row.person_id, link)
    earn(session, done)
    seen(session, here.person_id, IDLE.days - 1)
    seen(session, gone.person_id, IDLE.days + 1)
    seen(session, done.person_id, IDLE.days + 1)
    found = cohorts.learners(session, link.context_id, TRACK)
    assert [each.idle for each in found] == [False, True, False]


@pytest.mark.parametrize(("status", "number"), [("valid", 1), ("revoked", 0)])
def test_valid_certificates_are_counted(
    session: Session, config: Config, link: ResourceLink, trainer: int, status: str, number: int
) -> None:
    row = learner(session)
    joins(session, row.person_id, link)
    joins(session, learner(session, 2).person_id, link)
    earn(session, row)
    issuing.issue(session, issuing.open_authority(config), row, TRACK)
    session.execute(sa.update(Certificate).values(status=status))
    session.commit()
    (listed,) = cohorts.cohorts(session, trainer)
    assert (listed.learners, listed.certified, listed.tracks) == (2, number, (TRACK.key,))
    assert sum(each.certified for each in cohorts.learners(session, link.context_id, TRACK)) == number


def test_the_tracks_placed_in_a_course(session: Session, link: ResourceLink) -> None:
    course(session, 1, module_key="d2")
    course(session, 1, track_key="agents")
    course(session, 1, track_key=None)
    course(session, 2, track_key="elsewhere")
    assert list(cohorts.cohort_tracks(session, link.context_id)) == ["agents", TRACK.key]
