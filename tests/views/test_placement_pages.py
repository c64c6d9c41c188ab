"""The pages of a placement test: one question at a time, in order, once; what it found, what it exempts from."""

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.model import Track
from lms.models import Attempt, Context, Exemption, Person, Placement
from tests.learner_in_test import data, right, statements, writes, wrong
from tests.placed_in_test import KEY, answered, asked_on, placed_track, published
from tests.platform_in_test import PlatformInTest, form_token, person, trainer

URL = f"/learn/{KEY}/placement"


@pytest.fixture
def track(session: Session) -> Track:
    found = published(session, placed_track())
    session.rollback()
    return found


@pytest.fixture
def begun(learner_client: FlaskClient, track: Track) -> FlaskClient:
    """A learner before the first question."""
    assert "Passer le test" in learner_client.get(f"/learn/{track.key}").text
    page = learner_client.get(URL)
    assert "3 questions par module au plus, sur 2 modules" in page.text
    assert learner_client.post(URL, data={"csrf_token": form_token(page)}).location == URL
    return learner_client


def steps(session: Session) -> list[str]:
    session.expunge_all()
    found = session.scalars(sa.select(Placement.steps)).one()
    session.rollback()
    return [step["key"] for step in found]


def test_it_is_taken_to_its_end(begun: FlaskClient, track: Track, session: Session) -> None:
    for number in range(1, 5):
        page = begun.get(URL)
        assert f"Test de positionnement : question {number}" in page.text.replace("\u00a0", " ")
        question = asked_on(page, track)
        assert not any(option.feedback["fr"][:30] in page.text for option in question.options)
        here = question in track.modules[0].questions
        done = answered(begun, f"{URL}/{number}", question, page, rightly=here)
        assert (done.status_code, done.location) == (303, URL)
    found = begun.get(URL).text
    assert "Un module est à suivre." in found
    assert "Dispensé" in found
    assert found.index("À suivre") > found.index("Dispensé")
    page = begun.get(f"/learn/{KEY}").text
    assert "Dispensé par le test de positionnement." in page
    assert "Voir le résultat" in page
    assert "Niveau 1 atteint" in page.replace("\u00a0", " ")
    assert "Mes compétences" in page
    assert "Ce module est acquis" in begun.get(f"/learn/{KEY}/p1/assessment").text
    review = begun.get(f"/learn/review?track={KEY}").text
    assert "Dispensé par le test de positionnement." in review
    # Taken once: whatever is sent again changes nothing.
    token = form_token(begun.get(f"/learn/{KEY}"))
    before = steps(session)
    for path, status in ((URL, 303), (f"{URL}/1", 303), (f"{URL}/5", 303), (f"{URL}/99999999999", 404)):
        assert begun.post(path, data={"csrf_token": token, "a.choice": "a"}).status_code == status
    assert steps(session) == before


def test_trainers_read_it(begun: FlaskClient, track: Track, platform: PlatformInTest, session: Session) -> None:
    for number in range(1, 5):
        page = begun.get(URL)
        question = asked_on(page, track)
        answered(begun, f"{URL}/{number}", question, page, rightly=question in track.modules[0].questions)
    client = platform.launched(**trainer(), custom={"track": KEY})
    context = session.scalars(sa.select(Context.id)).one()
    learner = session.scalars(sa.select(Person.id).filter_by(subject="learner-1")).one()
    session.rollback()
    page = client.get(f"/teach/{context}/learners/{learner}?track={KEY}").text
    assert "Dispensé par le test de positionnement." in page
    assert "Compétences" in page


def test_a_stale_form_and_a_second_tab_change_nothing(begun: FlaskClient, track: Track, session: Session) -> None:
    page = begun.get(URL)
    question, token = asked_on(page, track), form_token(page)
    answered(begun, f"{URL}/1", question, page, rightly=True)
    for chosen in (wrong(question), right(question), ["zz"], []):
        again = begun.post(f"{URL}/1", data={"csrf_token": token, "a.choice": chosen})
        assert (again.status_code, again.location) == (303, URL)
    assert begun.post(f"{URL}/3", data={"csrf_token": token, "a.choice": "a"}).status_code == 303
    assert steps(session) == [question.key]


def test_a_question_left_without_answer_is_not_known(begun: FlaskClient, track: Track, session: Session) -> None:
    for number in (1, 2):
        begun.post(f"{URL}/{number}", data={"csrf_token": form_token(begun.get(URL))})
    assert "2 modules sont à suivre" in begun.get(URL).text
    assert session.scalar(sa.select(sa.func.count()).select_from(Exemption)) == 0


def test_it_is_too_late_once_an_assessment_is_begun(begun: FlaskClient, session: Session) -> None:
    token = form_token(begun.get(URL))
    begun.post(f"/learn/{KEY}/p2/assessment", data={"csrf_token": token})
    assert begun.post(f"{URL}/1", data={"csrf_token": token, "a.choice": "a"}).status_code == 409
    assert begun.post(URL, data={"csrf_token": token}).status_code == 409
    page = begun.get(URL).text
    assert "une évaluation est commencée" in page
    assert "Commencer le test" not in page
    assert "Passer le test" not in begun.get(f"/learn/{KEY}").text
    assert session.scalars(sa.select(Placement.steps)).one() == []
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_there_is_none_in_another_track_nor_for_whoever_does_not_follow(
    begun: FlaskClient, platform: PlatformInTest
) -> None:
    token = form_token(begun.get("/learn/decideurs"))
    assert begun.get("/learn/decideurs/placement").status_code == 404
    for path in ("/learn/decideurs/placement", "/learn/decideurs/placement/1", "/learn/none/placement"):
        assert begun.post(path, data={"csrf_token": token}).status_code == 404
    other = platform.launched(**person(2))
    assert other.get(URL).location == f"/learn/{KEY}"
    assert other.post(f"{URL}/1", data={"csrf_token": form_token(other.get("/learn/decideurs"))}).status_code == 404


@pytest.mark.usefixtures("track")
def test_its_pages_ask_little(begun: FlaskClient, session: Session) -> None:
    for path, budget in ((URL, 4), (f"/learn/{KEY}", 9)):
        with statements() as heard:
            page = begun.get(path)
        assert page.status_code == 200
        assert len(data(heard)) <= budget, data(heard)
        assert writes(heard) == []
    token = form_token(begun.get(URL))
    with statements() as heard:
        begun.post(f"{URL}/1", data={"csrf_token": token, "a.choice": "a"})
    assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]
    assert len(data(heard)) <= 6
    assert re.fullmatch(r"[a-z0-9-]+", steps(session)[0])
