"""The trainer's pages: whoever the roster names is shown, and no page holds a whole large course."""

from collections.abc import Callable
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Context, CourseGroup, GroupMember, Membership, OutboxJob, Person, utcnow
from lms.services import cohort_learners, rosters
from tests.platform_in_test import PlatformInTest, form_token, person, trainer

MEMBERS = "https://lms.example.org/services/nrps/2/memberships"
Known = Callable[..., Membership]


@pytest.fixture
def course(platform: PlatformInTest, session: Session) -> Context:
    """A course whose platform has a roster and groups, opened by one learner."""
    platform.launched(**person(0))
    row = session.scalars(sa.select(Context)).one()
    row.members_url, row.groups_url = MEMBERS, MEMBERS.replace("memberships", "groups")
    session.commit()
    return row


@pytest.fixture
def client(platform: PlatformInTest, course: Context, session: Session) -> FlaskClient:
    """The browser of the course's trainer."""
    browser = platform.launched(**trainer())
    row = session.get(Context, course.id, populate_existing=True)
    assert row is not None
    row.members_url, row.groups_url = MEMBERS, MEMBERS.replace("memberships", "groups")
    session.commit()
    return browser


@pytest.fixture
def known(session: Session, course: Context, platform: PlatformInTest) -> Known:
    """Makes somebody of the roster who never came."""

    def make(name: str, *, left: bool = False, came: bool = False) -> Membership:
        who = Person(platform_id=platform.id, subject=f"roster-{name}", family_name=name, full_name=f"Agent {name}")
        session.add(who)
        session.flush()
        row = Membership(person_id=who.id, context_id=course.id, role="learner", roster_at=utcnow())
        row.left_at = utcnow() if left else None
        session.add(row)
        session.flush()
        if not came:
            never = sa.update(Membership).filter_by(id=row.id)
            session.execute(never.values(first_seen_at=None, last_seen_at=None))
        session.commit()
        return row

    return make


def read(client: FlaskClient, course: Context, query: str = "") -> str:
    answer = client.get(f"/teach/{course.id}?lang=en{query}")
    assert answer.status_code == 200
    return unescape(answer.text)


def test_who_never_came_is_shown_as_such(client: FlaskClient, course: Context, known: Known) -> None:
    known("Absente")
    page = read(client, course)
    assert "Agent Absente" in page
    assert "Has not opened the track yet" in page
    assert page.count('<tr role="row">') == 3  # the head, who came and who did not


def test_who_left_is_apart_and_closed(client: FlaskClient, course: Context, known: Known) -> None:
    known("Partie", left=True, came=True)
    known("Jamais venue", left=True)
    page = read(client, course)
    before, _details, after = page.partition("<details")
    assert "Agent Partie" not in before
    assert "Agent Partie" in after
    assert not after.startswith(" open")
    assert "One learner has left the course" in after
    assert "Jamais venue" not in page  # nothing is owed about somebody who never came


def test_a_page_holds_a_part_of_a_large_course(
    client: FlaskClient, course: Context, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("lms.services.cohort_learners", "lms.views.teach"):
        monkeypatch.setattr(f"{module}.PAGE", 2)
    for number in range(4):
        known(f"N{number}")
    first = read(client, course)
    assert "Learners 1 to 2 of 5" in first
    assert "Previous page" not in first
    second = read(client, course, "&page=2&q=agent&context_id=99&_external=1")
    assert "Learners 3 to 4 of 5" in second
    assert f"/teach/{course.id}?page=3&q=agent" in second
    last = read(client, course, "&page=3")
    assert "Next page" not in last
    assert "No learner matches." in read(client, course, "&page=99")


@pytest.mark.parametrize(
    "query", ["&page=-1", "&page=x", "&page=99999999999999999999", "&group=x", "&group=7", "&state=x"]
)
def test_what_an_address_says_wrong_says_nothing(client: FlaskClient, course: Context, query: str) -> None:
    read(client, course, query)


def test_a_cohort_is_narrowed_without_a_script(
    client: FlaskClient, course: Context, known: Known, session: Session
) -> None:
    inside = known("Dedans")
    known("Dehors")
    group = CourseGroup(context_id=course.id, lti_id="g", name="Printemps", set_name="Promotions")
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, membership_id=inside.id))
    session.commit()
    page = read(client, course, f"&group={group.id}")
    assert "Agent Dedans" in page
    assert "Agent Dehors" not in page
    assert f'<option value="{group.id}" selected>Promotions: Printemps</option>' in page
    assert "Agent Dehors" in read(client, course, "&q=dehors")
    assert "Agent Dedans" not in read(client, course, "&q=dehors")
    assert "Agent Dehors" in read(client, course, "&state=never")
    assert cohort_learners.PAGE == 200


def test_groups_of_another_course_open_nothing(
    client: FlaskClient, course: Context, session: Session, known: Known
) -> None:
    known("Dedans")
    other = Context(deployment_id=course.deployment_id, lti_id="elsewhere")
    session.add(other)
    session.flush()
    group = CourseGroup(context_id=other.id, lti_id="g", name="Ailleurs")
    session.add(group)
    session.commit()
    page = read(client, course, f"&group={group.id}")
    assert "Ailleurs" not in page
    assert "Agent Dedans" in page


def test_a_trainer_asks_for_the_members(client: FlaskClient, course: Context, session: Session) -> None:
    page = client.get(f"/teach/{course.id}?lang=en")
    assert "The list of members was never read." in page.text
    answer = client.post(f"/teach/{course.id}/roster", data={"csrf_token": form_token(page)})
    assert (answer.status_code, answer.location) == (303, f"/teach/{course.id}")
    job = session.scalars(sa.select(OutboxJob).filter_by(kind=rosters.KIND)).one()
    assert job.payload == {"context_id": course.id}
    assert session.scalars(sa.select(AuditEntry.action).filter_by(action="roster_asked")).one()
    again = read(client, course)
    assert "The list of members is being read." in again
    assert f"/teach/{course.id}/roster" not in again


def test_what_stopped_the_reading_is_said_with_the_fix(client: FlaskClient, course: Context, session: Session) -> None:
    row = session.get(Context, course.id, populate_existing=True)
    assert row is not None
    row.roster_at = utcnow()
    row.roster_error = "What to do.\nHTTP 403"
    session.commit()
    page = read(client, course)
    assert "The list of members could not be read in full." in page
    assert "What to do." in page
    assert "HTTP 403" in page
    assert "Members read on" in page


def test_a_platform_without_a_list_of_members_has_no_button(
    app: Flask, client: FlaskClient, course: Context, session: Session
) -> None:
    del app
    token = form_token(client.get(f"/teach/{course.id}"))
    row = session.get(Context, course.id, populate_existing=True)
    assert row is not None
    row.members_url = None
    session.commit()
    assert "/roster" not in read(client, course)
    answer = client.post(f"/teach/{course.id}/roster?lang=en", data={"csrf_token": token}, follow_redirects=True)
    assert "Allow Names and Roles" in answer.text
    assert session.scalars(sa.select(OutboxJob)).all() == []
