"""A trainer opens a sitting; learners begin with its code; the trainer sees who is in."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import Accommodation, Attempt, AuditEntry, Context, Person, Sitting, utcnow
from lms.services import sittings
from tests.exam_in_test import START, Exam, publish_exam
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, form_token, person, trainer


@pytest.fixture
def trains(platform: PlatformInTest, session: Session) -> FlaskClient:
    """The browser of the trainer of a course whose D1 is supervised."""
    publish_exam(session, supervised=True, pauses=1, correction="closed")
    return platform.launched(**trainer())


def url(session: Session, rest: str = "") -> str:
    found = session.query(Context).one().id
    session.commit()
    return f"/teach/{found}/sittings/{rest}"


def prepare(client: FlaskClient, session: Session, **more: Any) -> Any:
    """Fill the form: a sitting that opened a minute ago, for an hour and more."""
    now = utcnow().astimezone(ZONE)
    first, last = now - timedelta(minutes=1), now + timedelta(hours=1)
    values = {
        "module": "decideurs/d1", "opens_on": f"{first:%d/%m/%Y}", "opens": f"{first:%H:%M}",
        "closes": f"{last:%H h %M}", "closes_on": f"{last:%Y-%m-%d}",
    } | more  # fmt: skip
    page = client.get(url(session))
    return client.post(url(session), data={"csrf_token": form_token(page), **values})


def sitting(session: Session) -> Sitting:
    found = session.query(Sitting).one()
    session.commit()
    return found


def test_a_sitting_from_its_opening_to_its_end(platform: PlatformInTest, trains: FlaskClient, session: Session) -> None:
    made = prepare(trains, session)
    assert made.status_code == 303
    row = sitting(session)
    page = trains.get(made.location).text
    assert sittings.shown_code(row.code) in page
    assert "Personne n’a encore commencé" in page
    learner = platform.launched(**person(2))
    start = learner.get(START)
    assert 'name="code"' in start.text
    exam = Exam(learner, code=sittings.shown_code(row.code).lower())
    person_id = session.query(Person).filter_by(subject="learner-2").one().id
    session.add(Accommodation(person_id=person_id, extra_time=50))
    session.commit()
    page = trains.get(made.location).text
    assert "Agent Numéro 2" in page
    assert "En train de répondre" in page
    assert "ménagement" not in page.split("<main")[1]
    # Once submitted, the score is there; the answers are explained when the sitting is over.
    exam.submit()
    result = exam.get("result").text
    assert "Vos réponses ne sont pas montrées" in result
    assert 'class="choice' not in result
    assert "En train de répondre" not in trains.get(made.location).text
    token = form_token(trains.get(url(session)))
    assert trains.post(f"{made.location}/cancel", data={"csrf_token": token}).status_code == 303
    assert 'class="choice' in exam.get("result").text
    lines = session.query(AuditEntry).filter(AuditEntry.action.startswith("sitting")).order_by(AuditEntry.id)
    assert [line.action for line in lines] == ["sitting_opened", "sitting_cancelled"]


def test_a_wrong_code_says_so_and_begins_nothing(
    platform: PlatformInTest, trains: FlaskClient, session: Session
) -> None:
    prepare(trains, session)
    learner = platform.launched()
    token = form_token(learner.get(START))
    for code in ("", "ABC-DEF", "<script>", "é" * 3000):
        answer = learner.post(START, data={"csrf_token": token, "code": code})
        assert answer.status_code == 409
        assert "ne porte ce code" in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert "<script>alert" not in answer.text
        assert count(session, Attempt) == 0
        session.commit()


def test_codes_are_not_tried_without_end(
    platform: PlatformInTest, trains: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(trains, session)
    learner, other = platform.launched(), platform.launched(**person(2))
    token, theirs = form_token(learner.get(START)), form_token(other.get(START))
    monkeypatch.setattr(platform.app, "testing", False)
    tries = [learner.post(START, data={"csrf_token": token, "code": "AAAAAA"}).status_code for _ in range(11)]
    assert tries == [409] * 10 + [429]
    assert other.post(START, data={"csrf_token": theirs, "code": "AAAAAA"}).status_code == 409, (
        "a room is not one person"
    )


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"opens_on": "demain"}, "un jour, par exemple"),
        ({"opens_on": " "}, "Indiquez le jour"),
        ({"opens_on": "01/01/9999"}, "un jour, par exemple"),
        ({"opens": "25:00"}, "Indiquez une heure"),
        ({"closes": ""}, "Indiquez l’heure de fermeture"),
        ({"closes_on": "01/01/2020"}, "ferme avant d’ouvrir"),
        ({"opens_on": "01/01/2020", "closes_on": "02/01/2020"}, "déjà passée"),
        ({"closes_on": "01/01/2090"}, "un mois au plus"),
        ({"module": "decideurs/d2"}, ""),
    ],
)
def test_what_is_typed_wrong_is_told_and_kept(
    trains: FlaskClient, session: Session, typed: dict[str, str], says: str
) -> None:
    answer = prepare(trains, session, **typed)
    assert answer.status_code == 400
    assert says in answer.text.replace("\u00a0", " ")
    assert count(session, Sitting) == 0
    ((name, value),) = typed.items() if len(typed) == 1 else [("closes_on", typed["closes_on"])]
    if value.strip() and name != "module":
        assert re.search(rf'name="{name}"[^>]*value="{value}"', answer.text)


def test_a_course_without_a_supervised_assessment_says_so(platform: PlatformInTest, session: Session) -> None:
    client = platform.launched(**trainer())
    page = client.get(url(session))
    assert page.status_code == 200
    assert "surveillée" in page.text
    assert 'name="opens_on"' not in page.text
    token = form_token(client.get("/learn/"))
    assert client.post(url(session), data={"csrf_token": token, "module": "decideurs/d1"}).status_code == 400


def test_the_sittings_of_another_course_are_not_there(
    platform: PlatformInTest, trains: FlaskClient, session: Session
) -> None:
    made = prepare(trains, session)
    learner = platform.launched()
    other = platform.launched(**trainer(sub="trainer-2"))
    elsewhere = made.location.replace("/sittings/", "9/sittings/")
    assert learner.get(made.location).status_code == 403
    assert other.get(elsewhere).status_code == 404
    assert trains.get(url(session, "999")).status_code == 404
