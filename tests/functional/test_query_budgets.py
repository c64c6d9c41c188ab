"""What pages may ask of the database: few queries, the same number whatever the number of people."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Context, Enrolment, Person
from lms.services.learning import enrol, read_lesson
from tests.learner_in_test import TRACK, data, earn, module, statements, take, writes
from tests.platform_in_test import PlatformInTest, field, form_token, person, trainer

D1 = module("d1")
LESSON = f"/learn/decideurs/d1/{D1.lessons[1].key}"


def asked(client: FlaskClient, path: str) -> list[str]:
    """The statements of a page."""
    with statements() as heard:
        assert client.get(path).status_code == 200
    return data(heard)


@pytest.mark.usefixtures("session")
def test_a_lesson_page_asks_few_queries(learner_client: FlaskClient) -> None:
    learner_client.get("/learn/decideurs")  # sets the form token
    # The target is 8; these are what it takes.
    first, again = asked(learner_client, LESSON), asked(learner_client, LESSON)
    assert len(first) <= 6
    assert writes(first)
    assert len(again) <= 4
    assert writes(again) == []


def test_a_lesson_page_does_not_slow_with_what_was_done(learner_client: FlaskClient, session: Session) -> None:
    fresh = len(asked(learner_client, LESSON))
    row = session.query(Enrolment).one()
    for part in TRACK.published_modules:
        for lesson in part.lessons:
            read_lesson(session, row, part, lesson)
    earn(session, row)
    other = f"/learn/decideurs/d2/{module('d2').lessons[0].key}"
    assert len(asked(learner_client, other)) == fresh


@pytest.mark.parametrize(
    ("path", "budget"),
    [
        ("/learn/", 6),
        ("/learn/decideurs", 7),
        ("/learn/decideurs/d1", 6),
        ("/learn/decideurs/d1/assessment", 7),
        ("/account/settings", 2),
    ],
)
def test_pages_keep_to_their_budget(learner_client: FlaskClient, session: Session, path: str, budget: int) -> None:
    learner_client.get(path)
    before = asked(learner_client, path)
    assert len(before) <= budget
    assert writes(before) == []
    earn(session, session.query(Enrolment).one())
    assert len(asked(learner_client, path)) <= budget + 1


@pytest.mark.usefixtures("session")
def test_the_pages_of_an_attempt_keep_to_their_budget(learner_client: FlaskClient) -> None:
    page = learner_client.get("/learn/decideurs/d1/assessment")
    begun = learner_client.post("/learn/decideurs/d1/assessment", data={"csrf_token": form_token(page)})
    question = asked(learner_client, begun.location)
    review = asked(learner_client, begun.location.rsplit("/", 1)[0] + "/review")
    assert len(question) <= 4
    assert len(review) <= 5
    assert writes(question) == writes(review) == []


def test_a_submission_is_one_transaction(platform: PlatformInTest, session: Session) -> None:
    """Grading, progress, the score owed and the certificate: all of it or nothing."""
    client = platform.launched()
    row = session.query(Enrolment).one()
    for part in TRACK.published_modules[:-1]:
        take(session, row, part)
    last = TRACK.published_modules[-1]
    url = f"/learn/decideurs/{last.key}/assessment"
    begun = client.post(url, data={"csrf_token": form_token(client.get(url))}).location
    token = form_token(client.get(begun.rsplit("/", 1)[0] + "/review"))
    with statements() as heard:
        done = client.post(begun.rsplit("/", 1)[0] + "/submit", data={"csrf_token": token})
    assert done.status_code == 303
    assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]
    assert len(data(heard)) <= 17  # two of them: who listens to what happens, whose figures changed


@pytest.mark.usefixtures("session")
def test_an_answer_is_one_short_transaction(learner_client: FlaskClient) -> None:
    page = learner_client.get("/learn/decideurs/d1/assessment")
    begun = learner_client.post("/learn/decideurs/d1/assessment", data={"csrf_token": form_token(page)})
    form = {"permission": field(learner_client.get(begun.location), "permission"), "a.choice": "a"}
    with statements() as heard:
        kept = learner_client.post(begun.location, data=form, headers={"Accept": "application/json"})
    assert kept.status_code == 200
    assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]
    assert len(data(heard)) <= 5  # the session, the attempt, its row taken, the last answer, the new one


@pytest.mark.usefixtures("session")
def test_a_launch_of_somebody_known_asks_little(platform: PlatformInTest) -> None:
    before = platform.launched()
    for client, more in ((platform.app.test_client(), 0), (before, 1)):  # the session this browser had ends
        state, nonce = platform.begin(client)
        token = platform.sign(platform.claims(nonce))
        with statements() as heard:
            assert platform.post(client, state, token).status_code == 303
        assert len(data(heard)) == 5 + more  # the login, its use, what is known, the session, the journal
        assert len(writes(heard)) == 3 + more
        assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]


@pytest.mark.usefixtures("session")
def test_a_login_asks_little(platform: PlatformInTest) -> None:
    client = platform.launched()
    with statements() as heard:
        platform.begin(client)
    assert len(data(heard)) <= 3
    assert len(writes(heard)) == 1


def test_a_cohort_of_many_costs_what_one_costs(platform: PlatformInTest, session: Session) -> None:
    platform.launched(**person(0))
    client = platform.launched(**trainer())
    course = f"/teach/{session.query(Context).one().id}"
    session.commit()
    for path in ("/teach/", course):
        client.get(path)
    alone = [len(asked(client, path)) for path in ("/teach/", course)]
    for number in range(1, 25):
        platform.launched(**person(number))
    people = session.query(Person).filter(Person.subject != "trainer-1").all()
    for row in people[:10]:
        enrol(session, row.id, TRACK)
    session.commit()
    assert [len(asked(client, path)) for path in ("/teach/", course)] == alone
    assert "Agent Numéro 24" in client.get(course).text
    assert max(alone) <= 8
