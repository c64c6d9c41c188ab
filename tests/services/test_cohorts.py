"""Cohorts: a trainer's power ends at their own courses, and a large course costs no more queries."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Certificate, CourseGroup, Enrolment, GroupMember, Membership, Person, ResourceLink, utcnow
from lms.services import cohort_learners, cohorts, issuing
from lms.services.authority import open_authority
from lms.services.cohort_learners import Chosen, Figures
from lms.services.cohorts import IDLE
from lms.services.library import Library
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
    Library(session)  # which revisions are current is asked from time to time
    with statements() as heard:
        found = cohort_learners.learners(session, link.context_id, TRACK).learners
        names = [each.person.display_name for each in found]
    assert selects(heard) == 3
    assert len(names) == size
    with statements() as heard:
        cohort_learners.figures(session, link.context_id, TRACK)
    assert selects(heard) == 1
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
    assert [each.person.id for each in cohort_learners.learners(session, link.context_id, TRACK).learners] == [mine]


def test_each_learner_with_their_progress_by_name(session: Session, link: ResourceLink) -> None:
    names = {"Zola": None, "Colette": None, "Hugo": None}
    rows = {name: learner(session, name, family_name=name) for name in names}
    for row in rows.values():
        joins(session, row.person_id, link)
    take(session, rows["Hugo"], module("d1"))
    found = cohort_learners.learners(session, link.context_id, TRACK).learners
    assert [each.person.family_name for each in found] == ["Colette", "Hugo", "Zola"]
    assert [each.progress.passed if each.progress else None for each in found] == [0, 1, 0]
    assert found[1].last_at == rows["Hugo"].last_at


def test_who_has_not_begun_is_shown_too(session: Session, link: ResourceLink) -> None:
    row = learner(session)
    joins(session, row.person_id, link)
    session.delete(row)
    session.commit()
    (found,) = cohort_learners.learners(session, link.context_id, TRACK).learners
    assert (found.progress, found.certified, found.last_at, found.idle) == (None, False, None, False)


def test_who_stopped_coming_is_told_from_who_has_finished(session: Session, link: ResourceLink, trainer: int) -> None:
    here, gone, done = (learner(session, number, family_name=str(number)) for number in range(3))
    for row in (here, gone, done):
        joins(session, row.person_id, link)
    earn(session, done)
    seen(session, here.person_id, IDLE.days - 1)
    seen(session, gone.person_id, IDLE.days + 1)
    seen(session, done.person_id, IDLE.days + 1)
    found = cohort_learners.learners(session, link.context_id, TRACK).learners
    assert [each.idle for each in found] == [False, True, False]


@pytest.mark.parametrize(("status", "number"), [("valid", 1), ("revoked", 0)])
def test_valid_certificates_are_counted(
    session: Session, config: Config, link: ResourceLink, trainer: int, status: str, number: int
) -> None:
    row = learner(session)
    joins(session, row.person_id, link)
    joins(session, learner(session, 2).person_id, link)
    earn(session, row)
    issuing.issue(session, open_authority(config), row, TRACK)
    session.execute(sa.update(Certificate).values(status=status))
    session.commit()
    (listed,) = cohorts.cohorts(session, trainer)
    assert (listed.learners, listed.certified, listed.tracks) == (2, number, (TRACK.key,))
    assert sum(each.certified for each in cohort_learners.learners(session, link.context_id, TRACK).learners) == number


def test_the_tracks_placed_in_a_course(session: Session, link: ResourceLink) -> None:
    course(session, 1, module_key="d2")
    course(session, 1, track_key="agents")
    course(session, 1, track_key=None)
    course(session, 2, track_key="elsewhere")
    assert list(cohorts.cohort_tracks(session, link.context_id)) == ["agents", TRACK.key]


def test_who_left_trains_no_more(session: Session, link: ResourceLink, trainer: int) -> None:
    session.execute(sa.update(Membership).filter_by(person_id=trainer).values(left_at=utcnow()))
    session.commit()
    assert cohorts.trains(session, trainer, link.context_id) is None
    assert cohorts.cohorts(session, trainer) == []


@pytest.fixture
def crowd(session: Session, config: Config, link: ResourceLink) -> dict[str, int]:
    """Somebody in each state, by name; gives their person numbers."""
    rows = {name: learner(session, name, family_name=name) for name in ("Begun", "Idle", "Passed", "Gone", "Élan")}
    for row in rows.values():
        joins(session, row.person_id, link)
    take(session, rows["Begun"], module("d1"))
    seen(session, rows["Idle"].person_id, IDLE.days + 1)
    for name in ("Passed", "Gone"):
        earn(session, rows[name])
        issuing.issue(session, open_authority(config), rows[name], TRACK)
    members = {name: row.person_id for name, row in rows.items()}
    for name in ("Never", "Never left"):
        person = Person(subject=name, email=f"{name}@example.org", family_name=name, full_name=f"Ada {name}")
        session.add(person)
        session.flush()
        session.add(Membership(person_id=person.id, context_id=link.context_id, role="learner"))
        session.flush()
        never = sa.update(Membership).filter_by(person_id=person.id)
        session.execute(never.values(first_seen_at=None, last_seen_at=None))
        members[name] = person.id
    session.flush()
    for name in ("Gone", "Never left"):
        session.execute(sa.update(Membership).filter_by(person_id=members[name]).values(left_at=utcnow()))
    session.commit()
    session.expire_all()
    return members


def listed(session: Session, link: ResourceLink, **chosen: Any) -> list[str]:
    page = cohort_learners.learners(session, link.context_id, TRACK, Chosen(**chosen))
    assert page.total == len(page.learners)
    return [each.person.family_name for each in page.learners]


def test_figures_count_each_learner_once(session: Session, link: ResourceLink, crowd: dict[str, int]) -> None:
    found = cohort_learners.figures(session, link.context_id, TRACK)
    assert found == Figures(enrolled=5, never=1, in_progress=3, idle=1, completed=1, certified=1, left=1)
    assert found.enrolled == found.never + found.in_progress + found.completed
    assert len(crowd) == 7


def test_who_never_came_is_shown_and_who_left_is_apart(
    session: Session, link: ResourceLink, crowd: dict[str, int]
) -> None:
    assert sorted(listed(session, link)) == ["Begun", "Idle", "Never", "Passed", "Élan"]
    (gone,) = cohort_learners.departed(session, link.context_id, TRACK).learners
    assert (gone.person.id, gone.completed, gone.certified) == (crowd["Gone"], True, True)
    assert gone.progress is not None
    assert gone.progress.completed


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("never", ["Never"]),
        ("now", ["Begun", "Idle", "Élan"]),
        ("idle", ["Idle"]),
        ("passed", ["Passed"]),
        ("certified", ["Passed"]),
    ],
)
@pytest.mark.usefixtures("crowd")
def test_a_list_is_narrowed_to_a_state(session: Session, link: ResourceLink, state: str, names: list[str]) -> None:
    assert sorted(listed(session, link, state=state)) == names


@pytest.mark.parametrize(
    ("words", "names"),
    [("begun", ["Begun"]), ("ada NEVER", ["Never"]), ("%", []), ("_", []), ("Élan", ["Élan"]), ("nobody", [])],
)
@pytest.mark.usefixtures("crowd")
def test_a_list_is_searched_by_name(session: Session, link: ResourceLink, words: str, names: list[str]) -> None:
    assert listed(session, link, words=words) == names


def test_a_cohort_follows_a_group(session: Session, link: ResourceLink, crowd: dict[str, int]) -> None:
    group = CourseGroup(context_id=link.context_id, lti_id="g", name="Printemps")
    session.add(group)
    session.flush()
    for name in ("Begun", "Never"):
        member = session.scalars(sa.select(Membership).filter_by(person_id=crowd[name])).one()
        session.add(GroupMember(group_id=group.id, membership_id=member.id))
    session.commit()
    assert listed(session, link, group=group.id) == ["Begun", "Never"]
    found = cohort_learners.figures(session, link.context_id, TRACK, group.id)
    assert (found.enrolled, found.never, found.in_progress) == (2, 1, 1)
    assert [each.name for each in cohort_learners.groups(session, link.context_id)] == ["Printemps"]


def test_a_large_cohort_is_read_by_pages(session: Session, link: ResourceLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cohort_learners, "PAGE", 3)
    for number in range(7):
        joins(session, learner(session, number, family_name=f"N{number}").person_id, link)
    pages = [cohort_learners.learners(session, link.context_id, TRACK, Chosen(page=page)) for page in (1, 2, 3, 4)]
    assert [[each.person.family_name for each in page.learners] for page in pages] == [
        ["N0", "N1", "N2"], ["N3", "N4", "N5"], ["N6"], [],
    ]  # fmt: skip
    assert [(page.total, page.pages) for page in pages[:3]] == [(7, 3)] * 3
