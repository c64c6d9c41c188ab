"""Our tool in Open edX: launches with what that platform gives, scores in its gradebook."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from lms.models import Context, Membership, Person, ResourceLink
from tests.openedx.edx import Block
from tests.openedx.our_tool import OurTool


@pytest.fixture
def block(ours: OurTool) -> Block:
    """An ordinary block: the whole track, graded, in declarative mode."""
    return ours.block()


@pytest.mark.parametrize("store", ["xblock", "database"])
def test_a_learner_arrives_whose_name_is_withheld(ours: OurTool, store: str) -> None:
    block = ours.block(store=store)
    page = ours.edx.launch("ada", block)
    assert (page.status_code, page.url.path) == (200, "/learn/decideurs"), page.text
    person = ours.session.scalars(sa.select(Person)).one()
    assert person.subject == str(UUID(person.subject)) == ours.edx.members(block.course)["ada"]["sub"]
    assert (person.display_name, person.email, person.sourced_id) == ("", None, None)
    assert ours.session.scalars(sa.select(Membership.role)).one() == "learner"
    context = ours.session.scalars(sa.select(Context)).one()
    assert (context.lti_id, context.title) == (block.course, "IA et service public - Institut de démonstration")
    link = ours.session.scalars(sa.select(ResourceLink)).one()
    assert (link.lti_id, link.title, link.track_key) == (block.location, "", "decideurs")


def test_a_name_that_the_block_shares(ours: OurTool) -> None:
    assert ours.edx.launch("ada", ours.block(ask_to_send_full_name=True)).status_code == 200
    person = ours.session.scalars(sa.select(Person)).one()
    assert (person.display_name, person.email) == ("Ada de démonstration", None)


@pytest.mark.parametrize("username", ["thea", "iris", "staff"])
def test_the_team_of_the_course_sees_the_cohort(ours: OurTool, block: Block, username: str) -> None:
    """Even the platform's own staff, whose roles say « Administrator », are trainers of this course and no more."""
    page = ours.edx.launch(username, block)
    assert page.status_code == 200, page.text
    assert page.url.path.startswith("/teach/")
    assert ours.session.scalars(sa.select(Membership.role)).one() == "trainer"


def test_two_blocks_are_two_registrations_and_two_people(ours: OurTool) -> None:
    """Same issuer, same person, same course: each block has its client_id, and tenancy is by registration."""
    course = ours.edx.course()
    track, one_module = ours.block(course), ours.block(course, custom_parameters=["track=decideurs", "module=d1"])
    pages = [ours.edx.launch("ada", block).url.path for block in (track, one_module)]
    assert pages == ["/learn/decideurs", "/learn/decideurs/d1"]
    people = ours.session.scalars(sa.select(Person)).all()
    assert len({person.platform_id for person in people}) == 2
    assert len({person.subject for person in people}) == 1


@pytest.mark.parametrize("mode", ["programmatic", "disabled"])
def test_a_block_without_a_column_opens_all_the_same(ours: OurTool, mode: str) -> None:
    page = ours.edx.launch("ada", ours.block(lti_advantage_ags_mode=mode))
    assert (page.status_code, page.url.path) == (200, "/learn/decideurs"), page.text


def test_a_score_arrives_in_the_gradebook(ours: OurTool, block: Block) -> None:
    """Declarative mode: the platform made the column, worth the block's weight."""
    ours.edx.launch("ada", block)
    first = ours.earn("d1", 9)
    job = ours.deliver()
    assert (job.status, job.last_error) == ("done", None)
    assert ours.edx.grades(block) == [("ada", pytest.approx(float(first / 2), abs=1e-4))]
    assert ours.earn("d2") == 1
    assert ours.deliver().status == "done"
    assert ours.edx.grades(block)[1:] == [("ada", pytest.approx(float((first + 1) / 2), abs=1e-4))]


def test_a_column_of_another_maximum(ours: OurTool) -> None:
    """Ours are out of 100: the platform brings them to the block's weight."""
    block = ours.block(weight=20.0)
    ours.edx.launch("ada", block)
    ours.earn("d1")
    assert ours.deliver().status == "done"
    assert ours.edx.grades(block) == [("ada", 0.5)]


def test_scores_of_one_second_are_all_kept(ours: OurTool, block: Block) -> None:
    """The platform refuses a timestamp it already holds, with 400 and not 409."""
    ours.edx.launch("ada", block)
    for key in ("d1", "d2"):
        assert ours.earn(key) == 1
        assert ours.deliver().status == "done"
    assert ours.edx.grades(block) == [("ada", 0.5), ("ada", 1.0)]


def test_a_learner_who_left_the_course_is_still_graded(ours: OurTool, block: Block) -> None:
    """Open edX looks a person up by identifier, not by enrolment; Moodle would refuse."""
    ours.edx.launch("ada", block)
    ours.edx.enrol(block.course, {"basile": "student"})
    ours.earn("d1")
    assert ours.deliver().status == "done"
    assert ours.edx.grades(block) == [("ada", 0.5)]
