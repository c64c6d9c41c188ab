"""What a learner is granted: said by their trainer, seen by them alone, applied by itself, erased with them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import Accommodation, Attempt, AuditEntry, Context, Pause, Person, utcnow
from lms.services import accommodations, privacy
from lms.services.accommodations import Granted
from tests.exam_in_test import JSON, START, Exam, publish_exam
from tests.learner_in_test import count, module
from tests.platform_in_test import PlatformInTest, form_token, person, trainer

WHOLE = {"extra_time": "33", "pauses": "1", "read_aloud": "y", "enlarged": "y", "spaced": "y", "other_forms": "y"}


@pytest.fixture
def learner(platform: PlatformInTest, session: Session) -> FlaskClient:
    publish_exam(session, pauses=1)
    return platform.launched()


@pytest.fixture
def trains(platform: PlatformInTest, learner: FlaskClient) -> FlaskClient:
    del learner
    return platform.launched(**trainer())


def url(session: Session) -> str:
    who, where = session.query(Person).filter_by(subject="learner-1").one().id, session.query(Context).one().id
    session.commit()
    return f"/teach/{where}/learners/{who}/accommodation"


def grant(client: FlaskClient, session: Session, **typed: Any) -> Any:
    token = form_token(client.get(url(session)))
    return client.post(url(session), data={"csrf_token": token, **typed})


def test_what_is_granted_applies_by_itself_and_is_seen_by_its_learner_alone(
    platform: PlatformInTest, learner: FlaskClient, trains: FlaskClient, session: Session
) -> None:
    day = (utcnow().astimezone(ZONE) + timedelta(days=30)).strftime("%d/%m/%Y")
    assert grant(trains, session, **WHOLE, until=day).status_code == 303
    page = trains.get(url(session)).text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "Temps majoré : 33 % en plus" in page
    assert f"Jusqu’au {day}" in page
    settings = learner.get("/account/settings").text
    assert "Mes aménagements" in settings
    assert "Questions lues à voix haute" in settings
    start = learner.get(START).text.replace("\u00a0", " ")
    assert "Votre temps : 1 h 20, aménagement compris" in start
    assert "2 pauses" in start
    exam = Exam(learner)
    attempt = session.query(Attempt).one()
    session.commit()
    assert (attempt.minutes, attempt.pauses) == (80, 2)
    for path in ("1", "review"):
        assert '<html lang="fr" data-size="xl" data-space="l">' in exam.get(path).text
    assert "data-aloud" in exam.get(1).text
    assert 'data-size="m"' in learner.get("/learn/decideurs").text
    # Whoever else looks sees nothing of it.
    other = platform.launched(**person(2))
    assert "aménagement" not in other.get(START).text
    assert "data-aloud" not in Exam(other).get(1).text
    context = session.query(Context).one().id
    session.commit()
    assert "33" not in trains.get(f"/teach/{context}").text.split("<main")[1]


def test_the_larger_of_two_sizes_wins(learner: FlaskClient, trains: FlaskClient, session: Session) -> None:
    grant(trains, session, spaced="y")
    who = session.query(Person).filter_by(subject="learner-1").one()
    who.text_size = "xl"
    session.commit()
    assert 'data-size="xl" data-space="l"' in Exam(learner).get(1).text


def test_the_journal_says_that_and_never_what(trains: FlaskClient, session: Session) -> None:
    grant(trains, session, extra_time="33")
    grant(trains, session, extra_time="33")
    grant(trains, session, extra_time="50")
    grant(trains, session, remove="1", extra_time="50")
    grant(trains, session, remove="1")
    lines = session.query(AuditEntry).filter(AuditEntry.action.startswith("accommodation")).order_by(AuditEntry.id)
    assert [(line.action, line.details) for line in lines] == [
        ("accommodation_granted", {}), ("accommodation_changed", {}), ("accommodation_removed", {}),
    ]  # fmt: skip
    assert count(session, Accommodation) == 0


def test_no_reason_can_be_typed_or_kept(trains: FlaskClient, session: Session) -> None:
    page = trains.get(url(session)).text
    assert "<textarea" not in page
    assert grant(trains, session, extra_time="10", reason="une raison", why="une raison").status_code == 303
    row = session.query(Accommodation).one()
    assert "une raison" not in str(vars(row))


@pytest.mark.parametrize(
    "typed",
    [{"extra_time": "301"}, {"extra_time": "-1"}, {"extra_time": "un tiers"}, {"pauses": "11"}, {"until": "hier"},
     {"until": "01/01/2020"}, {"until": "01/01/9999"}],
)  # fmt: skip
def test_what_is_typed_wrong_is_told_and_kept(trains: FlaskClient, session: Session, typed: dict[str, str]) -> None:
    answer = grant(trains, session, **typed)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert f'value="{next(iter(typed.values()))}"' in answer.text
    assert count(session, Accommodation) == 0


def test_a_trainer_of_another_course_grants_nothing(
    platform: PlatformInTest, trains: FlaskClient, session: Session
) -> None:
    course = {"context": {"id": "course-9", "title": "Un autre cours"}}
    claim = "https://purl.imsglobal.org/spec/lti/claim/context"
    other = platform.launched(**trainer(sub="trainer-2"), **{claim: course["context"]})
    here = f"{session.query(Context).filter_by(lti_id='course-9').one().id}"
    session.commit()
    there = url_of_first(session)
    assert trains.get(there).status_code == 200
    assert other.get(there).status_code == 404
    assert other.get(there.replace(there.split("/")[2], here, 1)).status_code == 404
    token = form_token(other.get("/learn/"))
    assert other.post(there, data={"csrf_token": token, "extra_time": "50"}).status_code == 404
    assert count(session, Accommodation) == 0


def url_of_first(session: Session) -> str:
    who = session.query(Person).filter_by(subject="learner-1").one().id
    where = session.query(Context).order_by(Context.id).first()
    assert where is not None
    found = f"/teach/{where.id}/learners/{who}/accommodation"
    session.commit()
    return found


def test_other_forms_are_asked_of_who_needs_them_alone(platform: PlatformInTest, session: Session) -> None:
    questions = module("d1").questions
    others = tuple(replace(each, key=f"autre-{each.key}", instead=each.key) for each in questions)
    publish_exam(session, questions_more=others)
    learner = platform.launched()
    who = session.query(Person).one()
    accommodations.grant(session, who.id, Granted(other_forms=True), who.id, utcnow())
    session.commit()
    exam = Exam(learner)
    keys = [item["key"] for item in session.query(Attempt).one().questions]
    session.commit()
    assert [key.startswith("autre-") for key in keys] == [True] * 4
    first = exam.get(1).text.split('value="')[1:]
    assert first
    assert exam.answer(exam.permission(), "a", headers=JSON).status_code == 200
    Exam(platform.launched(**person(2)))
    (theirs,) = (row for row in session.query(Attempt) if [item["key"] for item in row.questions] != keys)
    assert not any(item["key"].startswith("autre-") for item in theirs.questions)


def test_it_is_given_back_and_erased_with_the_person(
    learner: FlaskClient, trains: FlaskClient, session: Session
) -> None:
    grant(trains, session, extra_time="33", pauses="1")
    exam = Exam(learner)
    exam.answer(exam.permission(), "a", go="pause")
    who = session.query(Person).filter_by(subject="learner-1").one()
    everything = privacy.taken_out(session, who)
    (row,) = everything["accommodation"]
    assert (row["extra_time"], row["pauses"]) == (33, 1)
    assert "granted_by" not in row
    assert len(everything["pauses"]) == 1
    privacy.erase(session, who)
    session.commit()
    assert (count(session, Accommodation), count(session, Pause)) == (0, 0)
