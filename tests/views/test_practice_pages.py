"""Practising: corrected at once, resumed, without limit; nothing counts, and the answers come after the answer."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from assessments.practice import ROUND
from curricula.model import Question
from curricula.write import folder_of
from lms.models import Attempt, Enrolment, OutboxJob, PracticeRound
from lms.services.revisions import publish
from tests.learner_in_test import TRACK, count, data, module, right, statements, writes, wrong
from tests.platform_in_test import PlatformInTest, form_token, person

URL = "/learn/decideurs/d1/practice"
D1 = module("d1")


def begin(client: FlaskClient, url: str = URL) -> str:
    """The address of the question to go on with."""
    answer = client.post(url, data={"csrf_token": form_token(client.get(url))})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def the_round(session: Session) -> PracticeRound:
    """The last round, as it is kept; holds no page back."""
    session.expunge_all()
    found = session.scalars(sa.select(PracticeRound).order_by(PracticeRound.started_at.desc())).first()
    assert found is not None
    session.expunge_all()
    session.rollback()
    return found


def question(session: Session, url: str) -> Question:
    found = D1.question(the_round(session).questions[int(url.rsplit("/", 1)[1]) - 1]["key"])
    assert found is not None
    return found


def answer(client: FlaskClient, url: str, chosen: list[str]) -> TestResponse:
    sent = {"csrf_token": form_token(client.get(url)), "a.choice": chosen}
    done = client.post(url, data=sent)
    assert (done.status_code, done.location) == (303, url)
    return client.get(url)


def plain(text: str) -> str:
    """A text without marks, spaces and signs."""
    return re.sub(r"\W+", "", re.sub(r"<[^>]+>|&[^;]+;|[*`]", "", text))


def test_a_round_is_practised_to_its_end_and_what_was_wrong_comes_back(
    learner_client: FlaskClient, session: Session
) -> None:
    learner_client.get("/learn/decideurs")
    assert f'href="{URL}"' in learner_client.get("/learn/decideurs/d1").text
    url = begin(learner_client)
    missed = set()
    for number in range(1, ROUND + 1):
        assert url.endswith(f"/{number}")
        asked = question(session, url)
        if number <= 4:
            missed.add(asked.key)
        page = answer(learner_client, url, wrong(asked) if number <= 4 else right(asked)).text
        assert ("Pas juste cette fois" in page or "En partie juste" in page) is (number <= 4)
        for option in asked.options:
            assert plain(option.feedback["fr"]) in plain(page)
        url = re.findall(r'class="button" href="([^"]+)"', page)[-1]
    end = learner_client.get(url).text
    assert f"Bonnes réponses : 6 sur {ROUND}" in end.replace("\u00a0", " ")
    begin(learner_client)
    assert missed <= {item["key"] for item in the_round(session).questions}
    assert "questions vues : 10 sur 15" in learner_client.get(URL).text.replace("\u00a0", " ")
    # Nothing counts and nothing is told.
    assert count(session, Attempt) == count(session, OutboxJob) == 0
    row = session.scalars(sa.select(Enrolment)).one()
    assert (row.started_at, row.completed_at) == (None, None)
    assert row.last_at is not None


def test_the_answers_come_after_the_answer(learner_client: FlaskClient, session: Session) -> None:
    learner_client.get("/learn/decideurs")
    url = begin(learner_client)
    for _number in range(3):
        asked, page = question(session, url), learner_client.get(url)
        assert plain(asked.stem["fr"]) in plain(page.text)
        assert not any(plain(option.feedback["fr"]) in plain(page.text) for option in asked.options)
        form = page.text[page.text.index("<form") : page.text.rindex("</form>")]
        # Nothing tells the options apart but their text and their key.
        shown = re.findall(r'<label class="choice"[^>]*><input([^>]*)>', form)
        alike = {re.sub(r'id="[^"]*"|value="[^"]*"', "", each) for each in shown}
        assert len(shown) == len(asked.options)
        assert len(alike) == 1
        learner_client.post(url, data={"csrf_token": form_token(page), "a.choice": right(asked)})
        url = re.sub(r"\d+$", lambda found: str(int(found[0]) + 1), url)


def test_it_is_resumed_where_it_was_left_and_a_first_answer_stays(
    learner_client: FlaskClient, session: Session
) -> None:
    learner_client.get("/learn/decideurs")
    url = begin(learner_client)
    asked, token = question(session, url), form_token(learner_client.get(url))
    answer(learner_client, url, wrong(asked))
    again = learner_client.post(url, data={"csrf_token": token, "a.choice": right(asked)})
    assert again.status_code == 303
    kept = the_round(session).answers[asked.key]
    assert kept["response"] == {"choice": wrong(asked)}
    assert begin(learner_client) == re.sub(r"\d+$", "2", url)
    assert "Reprendre à la question 2" in learner_client.get(URL).text
    assert count(session, PracticeRound) == 1
    session.rollback()
    # An end asked for too early leads back; an answer left out is corrected too.
    assert learner_client.get(url.rsplit("/", 1)[0]).location == re.sub(r"\d+$", "2", url)
    assert "sans réponse" in answer(learner_client, re.sub(r"\d+$", "2", url), []).text


@pytest.mark.parametrize(
    "sent",
    [{}, {"a.choice": "zz"}, {"a.choice": ["a"] * 500}, {"a.other": "a"}, {"a.choice": "x" * 100_000}],
    ids=["nothing", "unknown", "many", "other field", "long"],
)
def test_a_strange_answer_breaks_nothing(learner_client: FlaskClient, session: Session, sent: dict[str, Any]) -> None:
    learner_client.get("/learn/decideurs")
    url = begin(learner_client)
    token = form_token(learner_client.get(url))
    assert learner_client.post(url, data={"csrf_token": token, **sent}).status_code == 303
    assert learner_client.get(url).status_code == 200
    assert json.dumps(the_round(session).answers).count("x" * 50) == 0


def test_it_is_one_s_own(platform: PlatformInTest, session: Session) -> None:
    owner, other = platform.launched(), platform.launched(**person(2))
    for client in (owner, other):
        client.get("/learn/decideurs")
    url = begin(owner)
    token = form_token(other.get(URL))
    assert other.get(url).status_code == 404
    assert other.get(url.rsplit("/", 1)[0]).status_code == 404
    assert other.post(url, data={"csrf_token": token, "a.choice": "a"}).status_code == 404
    for number in (0, ROUND + 1, 10**12):
        assert owner.get(re.sub(r"\d+$", str(number), url)).status_code == 404
    assert the_round(session).answers == {}
    assert owner.get("/learn/decideurs/d3/practice").status_code == 404


def test_it_waits_while_a_timed_assessment_of_the_same_questions_is_under_way(
    learner_client: FlaskClient, session: Session
) -> None:
    def timed(**rules: Any) -> None:
        quiz = replace(D1.quiz, minutes=20) if D1.quiz else None
        bank = tuple(replace(each, **rules) if place < 11 else each for place, each in enumerate(D1.questions))
        track = replace(TRACK, key="timed", modules=(replace(D1, quiz=quiz, questions=bank), *TRACK.modules[1:]),
                        version=f"2026.{len(rules) + 1}")  # fmt: skip
        publish(session, folder_of(track), "imported")
        session.commit()

    timed()
    learner_client.get("/learn/timed")
    url = begin(learner_client, "/learn/timed/d1/practice")
    start = "/learn/timed/d1/assessment"
    attempt = learner_client.post(start, data={"csrf_token": form_token(learner_client.get(start))}).location
    page = learner_client.get("/learn/timed/d1/practice").text
    assert "L’entraînement à ce module est fermé tant que son évaluation est en cours" in page
    assert "Commencer une série" not in page
    assert [learner_client.get(url).status_code, learner_client.get(url[:-1]).status_code] == [409, 404]
    token = form_token(learner_client.get("/learn/timed"))
    for path in ("/learn/timed/d1/practice", url):
        assert learner_client.post(path, data={"csrf_token": token, "a.choice": "a"}).status_code == 409
    assert the_round(session).answers == {}
    learner_client.post(attempt.rsplit("/", 1)[0] + "/submit", data={"csrf_token": token})
    assert learner_client.get(url).status_code == 200


@pytest.mark.usefixtures("session")
def test_its_pages_ask_little(learner_client: FlaskClient) -> None:
    learner_client.get("/learn/decideurs")
    url = begin(learner_client)
    budgets = ((URL, 4), (url, 3))
    for path, budget in budgets:
        with statements() as heard:
            assert learner_client.get(path).status_code == 200
        assert len(data(heard)) <= budget, data(heard)
        assert writes(heard) == []
    token = form_token(learner_client.get(url))
    with statements() as heard:
        learner_client.post(url, data={"csrf_token": token, "a.choice": "a"})
    assert [text for text in heard if text in {"BEGIN", "COMMIT", "ROLLBACK"}] == ["BEGIN", "COMMIT"]
    assert len(data(heard)) <= 3
