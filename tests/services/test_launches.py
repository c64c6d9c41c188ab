"""What a launch records: rows made once, changed only by what is new, alike under concurrency."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.lti.model import Launch, LaunchContext, LaunchLink, LaunchUser, Registration
from lms.models import Context, Membership, Participation, Person, Platform, ResourceLink, utcnow
from lms.services.launches import SEEN_EVERY, arrive
from lms.services.learning import enrol
from lms.services.platforms import NewPlatform, add_platform, registration
from tests.learner_in_test import TRACK, count, data, statements, together, writes

EVERY = (Person, Context, ResourceLink, Membership, Participation)


@pytest.fixture
def launch(session: Session) -> Launch:
    """An ordinary launch, for tests to vary."""
    row = add_platform(
        session,
        NewPlatform(
            name="LMS", issuer="https://lms.example.org", client_id="tool", auth_url="https://lms.example.org/auth",
            token_url="https://lms.example.org/token", jwks_url="https://lms.example.org/jwks", deployment_id="1",
        ),
    )  # fmt: skip
    session.commit()
    known: Registration = registration(session, row.id)
    session.commit()
    return Launch(
        registration=known, deployment=known.deployments["1"], deployment_id="1",
        user=LaunchUser("learner-1", "Ada", "Martin", "Ada Martin", "ada@example.org", "A-1"),
        roles=frozenset({"learner"}), context=LaunchContext("course-1", "A course", "C1"),
        link=LaunchLink(
            "link-1", "A link", TRACK.key, lineitem_url="https://lms.example.org/1", ags_scopes=("score",)
        ),
    )  # fmt: skip


def test_a_first_launch_makes_a_row_of_each(session: Session, launch: Launch) -> None:
    arrival = arrive(session, launch, "en")
    session.commit()
    assert [count(session, model) for model in EVERY] == [1] * len(EVERY)
    person, context = session.get_one(Person, arrival.person_id), session.get_one(Context, arrival.context_id)
    link = session.get_one(ResourceLink, arrival.link_id)
    assert (person.subject, person.display_name, person.sourced_id) == ("learner-1", "Ada Martin", "A-1")
    assert person.language == "en"
    assert (context.title, context.label) == ("A course", "C1")
    assert (link.track_key, link.lineitem_url, link.ags_scopes) == (TRACK.key, "https://lms.example.org/1", ["score"])
    assert arrival.new_column
    assert not arrival.enrolled


def test_a_launch_that_says_nothing_new_writes_nothing(session: Session, launch: Launch) -> None:
    first = arrive(session, launch, "fr")
    enrol(session, first.person_id, TRACK)
    session.commit()
    with statements() as heard:
        again = arrive(session, launch, "fr")
    assert len(data(heard)) == 1
    assert writes(heard) == []
    assert (again.person_id, again.context_id, again.link_id) == (first.person_id, first.context_id, first.link_id)
    assert again.enrolled
    assert not again.new_column


def test_only_what_changed_is_written(session: Session, launch: Launch) -> None:
    arrive(session, launch, None)
    session.commit()
    renamed = replace(launch, context=replace(launch.context, title="A course, renamed"))
    with statements() as heard:
        arrival = arrive(session, renamed, None)
        session.commit()
    assert len(writes(heard)) == 1
    assert session.get_one(Context, arrival.context_id).title == "A course, renamed"


def test_what_the_platform_withholds_today_stays_as_it_was(session: Session, launch: Launch) -> None:
    arrive(session, launch, "fr")
    session.commit()
    arrival = arrive(session, replace(launch, user=LaunchUser("learner-1")), None)
    session.commit()
    person = session.get_one(Person, arrival.person_id)
    assert (person.display_name, person.email, person.sourced_id) == ("Ada Martin", "ada@example.org", "A-1")


def test_a_language_chosen_is_not_changed_by_the_platform(session: Session, launch: Launch) -> None:
    arrival = arrive(session, launch, "en")
    session.commit()
    arrive(session, launch, "fr")
    session.commit()
    assert session.get_one(Person, arrival.person_id).language == "en"


def test_a_column_added_to_the_link_is_told(session: Session, launch: Launch) -> None:
    bare = replace(launch, link=replace(launch.link, lineitem_url=None))
    assert not arrive(session, bare, None).new_column
    assert arrive(session, launch, None).new_column
    assert not arrive(session, launch, None).new_column
    session.commit()


def test_a_trainer_has_no_column(session: Session, launch: Launch) -> None:
    arrival = arrive(session, replace(launch, roles=frozenset({"trainer"})), None)
    session.commit()
    assert not arrival.new_column
    assert count(session, Participation) == 0
    assert session.query(Membership).one().role == "trainer"


@pytest.mark.parametrize(
    ("roles", "kept"),
    [({"learner", "trainer"}, "trainer"), ({"learner", "author"}, "author"), ({"hr", "trainer"}, "hr")],
)
def test_the_strongest_role_is_kept(session: Session, launch: Launch, roles: set[str], kept: str) -> None:
    arrive(session, replace(launch, roles=frozenset(roles)), None)
    session.commit()
    assert session.query(Membership).one().role == kept


def test_a_role_taken_back_is_lost(session: Session, launch: Launch) -> None:
    arrive(session, replace(launch, roles=frozenset({"trainer"})), None)
    arrive(session, launch, None)
    session.commit()
    assert session.query(Membership).one().role == "learner"


def test_last_seen_is_written_once_an_hour(session: Session, launch: Launch) -> None:
    now = utcnow()
    arrive(session, launch, None, now)
    session.commit()
    with statements() as heard:
        arrive(session, launch, None, now + SEEN_EVERY - timedelta(seconds=5))
    assert writes(heard) == []
    later = now + SEEN_EVERY + timedelta(minutes=1)
    arrive(session, launch, None, later)
    session.commit()
    session.expire_all()
    assert session.query(Membership).one().last_seen_at == later
    assert session.query(Platform).one().last_launch_at == later


def test_the_same_course_number_of_two_deployments_is_two_courses(session: Session, launch: Launch) -> None:
    known = launch.registration
    values = {name: getattr(known, name) for name in ("issuer", "client_id", "auth_url", "token_url", "jwks_url")}
    add_platform(session, NewPlatform(name="LMS", deployment_id="2", **values))
    session.commit()
    both = registration(session, known.platform_id)
    arrive(session, replace(launch, registration=both), None)
    arrive(session, replace(launch, registration=both, deployment=both.deployments["2"]), None)
    session.commit()
    assert (count(session, Person), count(session, Context), count(session, ResourceLink)) == (1, 2, 2)


def test_launches_of_one_person_at_once_make_one_person(app: Flask, session: Session, launch: Launch) -> None:
    def come(own: Session) -> tuple[int, int, int]:
        arrival = arrive(own, launch, "fr")
        enrol(own, arrival.person_id, TRACK)
        own.commit()
        return arrival.person_id, arrival.context_id, arrival.link_id

    assert len(set(together(app, [come] * 8))) == 1
    assert [count(session, model) for model in EVERY] == [1] * len(EVERY)


def test_launches_of_many_people_at_once_share_their_course(app: Flask, session: Session, launch: Launch) -> None:
    def come(number: int, own: Session) -> int:
        arrival = arrive(own, replace(launch, user=LaunchUser(f"learner-{number}")), None)
        own.commit()
        return arrival.person_id

    assert len(set(together(app, [partial(come, number) for number in range(8)]))) == 8
    assert [count(session, model) for model in EVERY] == [8, 1, 1, 8, 8]
