"""Pages of a track with branches and modules that wait: what to pass first is named, and holds."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.write import folder_of
from lms.models import Attempt, Enrolment, OutboxJob
from lms.services import attempts, learning
from lms.services.library import Library
from lms.services.revisions import publish
from tests.branching_in_test import branching
from tests.learner_in_test import answer, count
from tests.platform_in_test import form_token

FIRST = "réussissez d’abord le module A1 (Comprendre l’IA pour décider)"


@pytest.fixture
def row(learner_client: FlaskClient, session: Session) -> Enrolment:
    """The learner's enrolment in a track with branches."""
    publish(session, folder_of(branching()), "imported", now=datetime(2026, 11, 20, tzinfo=UTC))
    session.commit()
    learner_client.get("/learn/agents")
    found = session.query(Enrolment).filter_by(track_key="agents").one()
    session.commit()
    return found


def passes(session: Session, row: Enrolment, key: str) -> None:
    track = Library(session)["agents"]
    part = track.module(key)
    assert part is not None
    attempt = attempts.start(session, row, part)
    answer(session, attempt, part)
    attempts.submit(session, attempt, track, part)
    session.commit()


@pytest.mark.usefixtures("row")
def test_the_track_page_shows_the_core_then_the_branches(learner_client: FlaskClient) -> None:
    page = learner_client.get("/learn/agents").text
    assert page.index(">A1, <") < page.index("Ensuite, une branche au choix") < page.index("Spécialité santé")
    assert (
        page.index("Spécialité santé") < page.index(">S1, <") < page.index("Spécialité justice") < page.index(">J1, <")
    )
    assert FIRST in page
    assert page.count("Évaluation fermée") == 4  # a2, s1, s2, and a2 among the conditions of the certificate
    assert "À suivre d’abord" in page
    assert '<a href="/learn/decideurs">Décideurs publics</a>, managers.' in page
    assert "Une branche entière" in page
    assert "À choisir parmi : Spécialité santé ou Spécialité justice." in page.replace("\u00a0", " ")


@pytest.mark.usefixtures("row")
def test_a_locked_module_is_read_and_not_assessed(learner_client: FlaskClient, session: Session) -> None:
    module = learner_client.get("/learn/agents/a2").text
    assert FIRST in module
    assert "Aller à l’évaluation" not in module
    lesson = branching().modules[1].lessons[0].key
    assert learner_client.get(f"/learn/agents/a2/{lesson}").status_code == 200
    start = learner_client.get("/learn/agents/a2/assessment")
    assert FIRST in start.text
    assert "Commencer l’évaluation" not in start.text
    refused = learner_client.post("/learn/agents/a2/assessment", data={"csrf_token": form_token(start)})
    assert refused.status_code == 409
    assert FIRST in refused.text
    assert count(session, Attempt) == 0


def test_passing_what_it_waits_for_opens_it(learner_client: FlaskClient, session: Session, row: Enrolment) -> None:
    passes(session, row, "a1")
    start = learner_client.get("/learn/agents/a2/assessment")
    assert "Commencer l’évaluation" in start.text
    begun = learner_client.post("/learn/agents/a2/assessment", data={"csrf_token": form_token(start)})
    assert begun.status_code == 303
    assert count(session, Attempt) == 2


def test_every_lesson_read_a_locked_module_leads_to_what_it_waits_for(
    learner_client: FlaskClient, session: Session, row: Enrolment
) -> None:
    part = Library(session)["agents"].module("a2")
    assert part is not None
    for lesson in part.lessons:
        learning.read_lesson(session, row, part, lesson)
    session.commit()
    page = learner_client.get("/learn/agents/a2").text
    assert "Aller au module A1" in page


def test_the_core_and_one_branch_complete_the_track(
    learner_client: FlaskClient, session: Session, row: Enrolment
) -> None:
    for key in ("a1", "a2"):
        passes(session, row, key)
    session.refresh(row)
    assert row.completed_at is None
    assert "Choisissez une branche" in learner_client.get("/learn/agents").text
    assert count(session, OutboxJob, OutboxJob.kind == "issue_certificate") == 0
    passes(session, row, "j1")
    session.refresh(row)
    assert row.completed_at is not None
    assert count(session, OutboxJob, OutboxJob.kind == "issue_certificate") == 1
    page = learner_client.get("/learn/agents").text
    assert "Votre branche" in page
    assert learning.track_progress(session, row, Library(session)["agents"]).share == Fraction(1)


@pytest.mark.usefixtures("row")
def test_the_criteria_name_the_branches(learner_client: FlaskClient) -> None:
    page = learner_client.get("/tracks/agents/2026.1/certificate").text
    assert page.count("Branche au choix") == 3


@pytest.mark.usefixtures("row")
def test_a_module_says_which_levels_its_objectives_reach(learner_client: FlaskClient) -> None:
    assert "Compétence « Décider », niveau 1 : Cite une source." in spaced(learner_client.get("/learn/agents/a1").text)
    assert "Compétence «" not in spaced(learner_client.get("/learn/agents/a2").text)


def spaced(text: str) -> str:
    """A page with ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")
