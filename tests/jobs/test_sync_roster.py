"""Rosters read from a real platform on the loopback, whatever its habits: complete, or nobody is said to have left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from flask import Flask, Response
from sqlalchemy.orm import Session

from lms.devlms import Group, GroupSet
from lms.devlms.people import PEOPLE
from lms.devlms.vocabulary import INSTRUCTOR, LEARNER
from lms.lti import members
from lms.lti.client import ServiceClient
from lms.models import Agent, AgentMatch, Membership, OutboxJob, Person, Platform, utcnow
from lms.services import rosters
from tests.campus_in_test import Course, campus_course
from tests.learner_in_test import count
from tests.outbox_in_test import claim

SETS = (GroupSet("s1", "Promotions"),)
GROUPS = (
    Group("g1", "Promotion de printemps", frozenset({"11"}), set_id="s1"),
    Group("g2", "Promotion d'automne", frozenset({"11", "12"}), set_id="s1"),
    Group("g3", "Formateurs", frozenset({"13"})),
)
EVERYONE = ["11", "12", "13", "14", "15"]


@pytest.fixture
def course(app: Flask, session: Session, tmp_path: Path) -> Iterator[Course]:
    with campus_course(app, session, tmp_path) as made:
        yield made


@pytest.fixture
def grouped(app: Flask, session: Session, tmp_path: Path) -> Iterator[Course]:
    with campus_course(app, session, tmp_path, groups=GROUPS, group_sets=SETS) as made:
        yield made


def test_everybody_is_known_before_they_come(course: Course) -> None:
    job = course.read()
    assert (job.status, job.last_error) == ("done", None)
    found = course.members()
    assert sorted(found) == EVERYONE
    assert {subject: row.role for subject, row in found.items()} == {
        "11": "learner", "12": "learner", "13": "trainer", "14": "learner", "15": "trainer",
    }  # fmt: skip
    agent = found["11"]
    assert (agent.first_seen_at, agent.last_seen_at, agent.left_at) == (None, None, None)
    assert agent.person.display_name == "Agent de démonstration A"
    assert agent.person.sourced_id == "A-0001"
    assert agent.person.created_at is not None
    assert course.context.roster_at == agent.roster_at
    assert course.context.roster_error is None


def test_people_of_a_roster_are_matched_with_agents(course: Course) -> None:
    course.session.add(Agent(number="A-0001", family_name="X", given_name="Y", branch="FPE"))
    course.session.commit()
    course.read()
    row = course.session.query(AgentMatch).one()
    assert (row.state, row.by) == ("sure", "sourced_id")
    assert course.session.get_one(Person, row.person_id).subject == "11"


def test_no_address_is_kept(course: Course) -> None:
    course.read()
    assert count(course.session, Person) == 5
    assert count(course.session, Person, Person.email.is_not(None)) == 0


def test_a_limit_is_asked_for_beside_what_the_address_holds(course: Course) -> None:
    course.context.members_url = f"{course.context.members_url}?type_id=1&Case=Kept%20so"
    course.session.commit()
    course.read()
    assert course.asked == ["/services/nrps/2/memberships?type_id=1&Case=Kept%20so&limit=1000"]


@pytest.mark.parametrize(
    "habits",
    [
        {"page_size": 2, "curly_links": True, "strict_media_types": True, "short_roles": True, "token_as_html": True},
        {"page_size": 1, "type_id_in_urls": True},
        {"page_size": 3, "slow_seconds": 0.05},
    ],
    ids=["moodle", "query", "slow"],
)
def test_pages_are_followed_to_the_last(course: Course, habits: dict[str, Any]) -> None:
    course.mood(**habits)
    assert course.read().status == "done"
    assert course.here() == EVERYONE
    assert {subject for subject, row in course.members().items() if row.role == "trainer"} == {"13", "15"}
    assert len(course.asked) == -(-5 // habits["page_size"])


def test_names_withheld_do_not_erase_those_known(course: Course) -> None:
    course.mood(names_withheld=True)
    course.read()
    assert course.members()["11"].person.display_name == ""
    course.mood(names_withheld=False)
    course.read()
    course.mood(names_withheld=True)
    course.read()
    assert course.members()["11"].person.display_name == "Agent de démonstration A"


def test_who_is_absent_has_left_and_comes_back(course: Course) -> None:
    course.read()
    course.campus.leave("12")
    course.read()
    gone = course.members()["12"]
    assert gone.left_at == course.context.roster_at
    assert course.here() == ["11", "13", "14", "15"]
    since = gone.left_at
    course.read()
    assert course.members()["12"].left_at == since
    course.campus.join(PEOPLE[1])
    course.read()
    assert course.here() == EVERYONE


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_who_is_listed_as_gone_has_left(course: Course, status: str) -> None:
    course.read()
    course.campus.leave("12", status)
    course.campus.join(replace(PEOPLE[0], id="16", status=status))
    course.read()
    assert course.here() == ["11", "13", "14", "15"]
    assert "16" not in course.members()  # somebody who was never here is not written down
    course.campus.join(PEOPLE[1])
    course.read()
    assert "12" in course.here()


def test_roles_follow_the_platform(course: Course) -> None:
    course.read()
    course.campus.join(replace(PEOPLE[0], roles=(INSTRUCTOR,)))
    course.campus.join(replace(PEOPLE[2], roles=(LEARNER,)))
    course.read()
    assert {subject: row.role for subject, row in course.members().items() if subject in {"11", "13"}} == {
        "11": "trainer", "13": "learner",
    }  # fmt: skip


def test_what_a_launch_gave_beyond_the_course_stays(course: Course) -> None:
    course.read()
    set_membership(course, "14", role="hr", last_seen_at=utcnow() - timedelta(days=2))
    course.read()
    assert course.members()["14"].role == "hr"


def set_membership(course: Course, subject: str, **values: Any) -> None:
    row = course.members()[subject]
    course.session.execute(sa.update(Membership).filter_by(id=row.id).values(**values))
    course.session.commit()


def test_who_runs_the_platform_trains_without_being_listed(course: Course) -> None:
    """Moodle's administrators open courses whose rosters do not name them."""
    course.read()
    course.campus.leave("15")
    course.campus.leave("11")
    for subject in ("15", "11"):
        set_membership(course, subject, last_seen_at=utcnow() - timedelta(hours=2))
    course.read()
    assert course.here() == ["12", "13", "14", "15"]
    set_membership(course, "15", last_seen_at=utcnow() - timedelta(days=2))
    course.read()
    assert course.here() == ["12", "13", "14"]


def test_who_comes_while_the_roster_is_read_stays(course: Course) -> None:
    course.read()
    course.campus.leave("12")
    set_membership(course, "12", last_seen_at=utcnow() + timedelta(seconds=5))
    course.read()
    assert "12" in course.here()


def test_an_interrupted_reading_makes_nobody_leave(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.read()
    before = course.context.roster_at
    course.campus.leave("12")
    course.mood(page_size=2)
    pages = ServiceClient.pages

    def cut(*arguments: Any, **more: Any) -> Iterator[Any]:
        yield next(pages(*arguments, **more))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ServiceClient, "pages", cut)
        with pytest.raises(KeyboardInterrupt):
            course.read()
    assert course.here() == EVERYONE
    assert course.context.roster_at == before
    course.session.execute(sa.update(OutboxJob).values(leased_until=utcnow() - timedelta(seconds=1)))
    course.read()
    assert course.here() == ["11", "13", "14", "15"]


def html() -> Response:
    return Response("<html>Maintenance</html>", content_type="text/html")


def truncated() -> Response:
    return Response('{"members": [{"user_id": "11", "roles": []},', content_type=members.MEDIA)


def nobody() -> Response:
    return Response('{"id": "x", "members": []}', content_type=members.MEDIA)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (html, "pending", "What the platform answered is no list of members."),
        (truncated, "pending", "What the platform answered is no list of members."),
        (nobody, "failed", "The platform sent an empty list of members."),
        (lambda: Response(status=403), "failed", "Allow Names and Roles in the platform's settings."),
        (lambda: Response(status=404), "failed", "Open the activity again from the course."),
        (lambda: Response(status=401), "failed", "Check its public keyset URL for this tool."),
        (lambda: Response(status=500), "pending", "The platform gave an answer that is not expected."),
        (lambda: Response(status=302, headers={"Location": "https://elsewhere.example/"}), "pending", "not expected"),
    ],
    ids=["html", "truncated", "nobody", "403", "404", "401", "500", "302"],
)
def test_what_stops_a_reading_is_said_and_changes_nothing(
    course: Course, answer: Callable[[], Response], status: str, words: str
) -> None:
    course.read()
    before = course.context.roster_at
    course.instead["/memberships"] = answer
    job = course.read()
    assert job.status == status
    assert words in (job.last_error or "")
    assert course.context.roster_error == job.last_error
    assert course.context.roster_at == before
    assert course.here() == EVERYONE
    course.instead.clear()
    assert course.read().status == "done"
    assert course.context.roster_error is None


@pytest.mark.parametrize(
    ("habits", "words"),
    [
        ({"broken_next": True, "page_size": 2}, "a host the platform is not known by"),
        ({"looping_next": True}, "lead nowhere"),
        ({"granted_scopes": ("https://purl.imsglobal.org/spec/lti-ags/scope/score",)}, "Allow Names and Roles"),
        ({"down": True}, "cannot be reached"),
    ],
)
def test_pages_that_lead_astray_or_nowhere(course: Course, habits: dict[str, Any], words: str) -> None:
    course.read()
    course.campus.leave("12")
    course.app.extensions["services"].tokens._kept.clear()
    course.session.execute(sa.text("delete from access_token"))
    course.session.commit()
    course.mood(**habits)
    job = course.read()
    assert words in (job.last_error or "")
    assert course.here() == EVERYONE


def test_a_suspended_platform_is_asked_nothing(course: Course) -> None:
    platform = course.session.scalars(sa.select(Platform)).one()
    platform.status = "suspended"
    course.session.commit()
    job = course.read()
    assert (job.status, course.asked) == ("pending", [])


def test_no_transaction_is_open_while_the_platform_answers(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    idle: list[int] = []
    call = ServiceClient.call

    def watched(*arguments: Any, **more: Any) -> Any:
        pool: Any = sa.inspect(course.session.get_bind()).engine.pool
        idle.append(pool.checkedout())
        return call(*arguments, **more)

    monkeypatch.setattr(ServiceClient, "call", watched)
    course.mood(page_size=2)
    course.read()
    assert idle == [0, 0, 0]


def test_one_worker_alone_reads_a_roster(course: Course) -> None:
    """The promise is one row: however often it is asked for, a worker has it for as long as a reading may take."""
    assert rosters.ask(course.session, course.context)
    assert not rosters.ask(course.session, course.context)
    course.session.commit()
    assert course.worker._leases[rosters.KIND] > timedelta(minutes=30)
    held = claim(course.session, leases=course.worker._leases)
    course.session.commit()
    assert held is not None
    course.session.commit()
    assert claim(course.session, now=utcnow() + timedelta(minutes=35)) is None


def test_groups_are_those_of_the_platform(grouped: Course) -> None:
    assert grouped.read().status == "done"
    assert grouped.in_groups() == {
        "Promotion de printemps": ["11"], "Promotion d'automne": ["11", "12"], "Formateurs": ["13"],
    }  # fmt: skip
    grouped.campus.settings = replace(
        grouped.campus.settings,
        groups=(Group("g2", "Promotion d'hiver", frozenset({"12", "14"}), set_id="s1"), GROUPS[2]),
    )
    grouped.campus.leave("12")
    grouped.read()
    assert grouped.in_groups() == {"Promotion d'hiver": ["14"], "Formateurs": ["13"]}


def test_members_are_asked_about_where_rosters_name_no_groups(grouped: Course) -> None:
    def without_groups(*arguments: Any, **more: Any) -> Iterator[members.Batch]:
        for batch in roster(*arguments, **more):
            silent = tuple(msgspec.structs.replace(each, enrolments=None) for each in batch.members)
            yield replace(batch, members=silent)

    roster = members.roster
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lms.jobs.sync_roster.roster", without_groups)
        grouped.read()
    assert grouped.in_groups()["Promotion d'automne"] == ["11", "12"]
    assert sum("user_id=" in url for url in grouped.asked) == 5


def test_groups_that_cannot_be_read_stay_and_the_members_come(grouped: Course) -> None:
    grouped.read()
    grouped.instead["/groups/2/groups"] = lambda: Response(status=403)
    grouped.campus.join(replace(PEOPLE[0], id="16"))
    assert grouped.read().status == "done"
    assert "16" in grouped.here()
    assert grouped.in_groups()["Promotion de printemps"] == ["11"]
    assert "Allow Course Groups" in (grouped.context.roster_error or "")
