"""Our tool in Open edX: launches with what that platform gives, scores in its gradebook."""

from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import Context, Enrolment, Membership, OutboxJob, Person, ResourceLink, utcnow
from lms.services.platforms import NewPlatform, add_platform
from lms.worker import Worker
from tests.learner_in_test import TRACK, module, take
from tests.openedx.edx import Block, OpenEdx


@dataclass
class Connected:
    """A block connected to our tool, and the tool's memory of it."""

    edx: OpenEdx
    block: Block
    session: Session
    worker: Worker

    def enrolment(self) -> Enrolment:
        self.session.rollback()
        return self.session.scalars(sa.select(Enrolment)).one()

    def earn(self, key: str, correct: int | None = None) -> Fraction:
        score = take(self.session, self.enrolment(), module(key), correct).score
        assert score is not None
        return score

    def deliver(self) -> OutboxJob:
        """Do what is due; gives the delivery of the score."""
        self.session.execute(sa.update(OutboxJob).where(OutboxJob.status == "pending").values(due_at=utcnow()))
        self.session.commit()
        self.worker.drain()
        self.session.rollback()
        return self.session.scalars(sa.select(OutboxJob).filter_by(kind="send_score")).one()


def connect(session: Session, *blocks: Block) -> None:
    """Give the tool what Studio shows of each block: every one is a registration of its own."""
    for block in blocks:
        add_platform(
            session,
            NewPlatform(
                name="Open edX", issuer=block.issuer, client_id=block.client_id, auth_url=block.auth_url,
                token_url=block.token_url, jwks_url=block.jwks_url, deployment_id=block.deployment_id,
            ),
        )  # fmt: skip
    session.commit()


@pytest.fixture
def connected(edx: OpenEdx, tool: str, app: Flask, session: Session) -> Connected:
    block = edx.block(tool)
    connect(session, block)
    app.extensions["tool_keys"].ensure(session)
    session.commit()
    return Connected(edx, block, session, Worker(app))


@pytest.mark.parametrize("store", ["xblock", "database"])
def test_a_learner_arrives_whose_name_is_withheld(edx: OpenEdx, tool: str, session: Session, store: str) -> None:
    block = edx.block(tool, store=store)
    connect(session, block)
    page = edx.launch("ada", block)
    assert (page.status_code, page.url.path) == (200, "/learn/decideurs"), page.text
    person = session.scalars(sa.select(Person)).one()
    assert person.subject == str(UUID(person.subject)) == edx.members(block.course)["ada"]["sub"]
    assert (person.display_name, person.email, person.sourced_id) == ("", None, None)
    assert session.scalars(sa.select(Membership.role)).one() == "learner"
    context = session.scalars(sa.select(Context)).one()
    assert (context.lti_id, context.title) == (block.course, "IA et service public - Institut de démonstration")
    link = session.scalars(sa.select(ResourceLink)).one()
    assert (link.lti_id, link.title, link.track_key) == (block.location, "", "decideurs")


def test_a_name_that_the_course_shares(edx: OpenEdx, tool: str, session: Session) -> None:
    block = edx.block(tool, ask_to_send_full_name=True)
    connect(session, block)
    assert edx.launch("ada", block).status_code == 200
    person = session.scalars(sa.select(Person)).one()
    assert (person.display_name, person.email) == ("Ada de démonstration", None)


@pytest.mark.parametrize("username", ["thea", "iris", "staff"])
def test_the_team_of_the_course_sees_the_cohort(edx: OpenEdx, tool: str, session: Session, username: str) -> None:
    """Even the platform's own staff, whose roles say « Administrator », are trainers of this course and no more."""
    block = edx.block(tool)
    connect(session, block)
    page = edx.launch(username, block)
    assert page.status_code == 200, page.text
    assert page.url.path.startswith("/teach/")
    assert session.scalars(sa.select(Membership.role)).one() == "trainer"


def test_two_blocks_are_two_registrations_and_two_people(edx: OpenEdx, tool: str, session: Session) -> None:
    """Same issuer, same person, same course: each block has its client_id, and tenancy is by registration."""
    course = edx.course()
    blocks = [edx.block(tool, course), edx.block(tool, course, custom_parameters=["track=decideurs", "module=d1"])]
    connect(session, *blocks)
    pages = [edx.launch("ada", block).url.path for block in blocks]
    assert pages == ["/learn/decideurs", "/learn/decideurs/d1"]
    people = session.scalars(sa.select(Person)).all()
    assert len({person.platform_id for person in people}) == 2
    assert len({person.subject for person in people}) == 1


def test_a_score_arrives_in_the_gradebook(connected: Connected) -> None:
    """Declarative mode: the platform made the column, worth the block's weight."""
    connected.edx.launch("ada", connected.block)
    first = connected.earn("d1", 9)
    job = connected.deliver()
    assert (job.status, job.last_error) == ("done", None)
    assert connected.edx.grades(connected.block) == [("ada", pytest.approx(float(first / 2), abs=1e-4))]
    assert connected.earn("d2") == 1
    assert connected.deliver().status == "done"
    assert connected.edx.grades(connected.block)[-1] == ("ada", pytest.approx(float((first + 1) / 2), abs=1e-4))
    assert len(TRACK.published_modules) == 2


def test_scores_of_one_second_are_all_kept(connected: Connected) -> None:
    """The platform refuses a timestamp it already holds, with 400 and not 409."""
    connected.edx.launch("ada", connected.block)
    earned = []
    for key in ("d1", "d2"):
        earned.append(connected.earn(key) / 2)
        assert connected.deliver().status == "done"
    sums = [earned[0], earned[0] + earned[1]]
    assert connected.edx.grades(connected.block) == [("ada", float(value)) for value in sums]


def test_a_learner_who_left_the_course_is_still_graded(connected: Connected) -> None:
    """Open edX looks a person up by identifier, not by enrolment; Moodle would refuse."""
    connected.edx.launch("ada", connected.block)
    connected.edx.enrol(connected.block.course, {"basile": "student"})
    connected.earn("d1")
    assert connected.deliver().status == "done"
    assert connected.edx.grades(connected.block) == [("ada", 0.5)]
