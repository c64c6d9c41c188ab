"""The pages of an analysis: sentences first, no name, nothing of fewer than five; and marking attempts again."""

import random
import re
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Attempt, Context, Enrolment, Grading, Membership, Regrading
from lms.worker import Worker
from tests.account_in_test import browser_of, token_of
from tests.author_in_test import plain
from tests.crowds_in_test import crowd
from tests.learner_in_test import TRACK, data, statements, take
from tests.platform_in_test import PlatformInTest, trainer
from tests.regrading_in_test import D1, QUESTION, mended

PAGE = f"/teach/analysis/{TRACK.key}/d1?lang=en"
AGAIN = f"/author/{TRACK.key}/d1/regrade/{QUESTION.key}?lang=en"


@pytest.fixture
def teacher(platform: PlatformInTest) -> FlaskClient:
    """The browser of a trainer of a course where the track is placed."""
    return platform.launched(**trainer())


@pytest.fixture
def author(app: Flask) -> FlaskClient:
    return browser_of(app, "ada@example.org", "author", name="Ada", track_key=TRACK.key)


def test_trainers_read_figures_of_everybody_and_no_name(teacher: FlaskClient, session: Session) -> None:
    crowd(session, TRACK, D1, 60)  # none of them is in the trainer's course
    said = plain(page := teacher.get(PAGE))
    assert "60 attempts have a result." in said
    assert re.search(r"Half of them reach \d+ ?% or more", said)
    assert "crowd-" not in page.text
    assert "Mark attempts again" not in said
    assert page.text.count('<svg class="wide"') == page.text.count('<svg class="narrow"') == 1
    assert "style=" not in page.text.split("<main")[1]


def test_authors_read_them_too_and_go_on_to_marking_again(author: FlaskClient, session: Session) -> None:
    crowd(session, TRACK, D1, 60)
    shown = author.get(f"{PAGE}&question={QUESTION.key}&sort=discrimination")
    assert f"/author/{TRACK.key}/d1/regrade/{QUESTION.key}" in shown.text
    assert "Lowest third" in plain(shown)
    assert 'aria-current="true">Discrimination' in shown.text


def test_a_page_costs_the_same_whatever_the_attempts(author: FlaskClient, session: Session) -> None:
    asked = []
    for count in (10, 40):
        crowd(session, TRACK, D1, count)
        author.get(PAGE)
        with statements() as heard:
            author.get(PAGE)
        asked.append(len(data(heard)))
    assert asked[0] == asked[1] <= 7


def test_fewer_than_five_attempts_show_nothing(author: FlaskClient, session: Session) -> None:
    crowd(session, TRACK, D1, 4)
    said = plain(author.get(PAGE))
    assert "Figures appear from five attempts on." in said
    assert "Every question" not in said
    assert len(author.get(PAGE.replace("?", "/questions.csv?")).text.splitlines()) <= 1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("&since=hier", "for example 30/09/2026"),
        ("&since=2026-10-02&until=2026-10-01", "The last day comes before the first."),
        ("&until=9999-99-99", "for example 30/09/2026"),
        ("&until=9999-12-31", "for example 30/09/2026"),
        ("&since=0001-01-01", "for example 30/09/2026"),
    ],
)
def test_a_period_that_is_none_is_said(author: FlaskClient, session: Session, query: str, told: str) -> None:
    crowd(session, TRACK, D1, 6)
    answer = author.get(PAGE + query)
    assert answer.status_code == (400 if told else answer.status_code)
    assert answer.status_code < 500
    assert told in plain(answer)


@pytest.mark.parametrize("query", ["&sort=x", "&revision=nothing", "&question=none", "&revision=&revision=x"])
def test_what_an_address_says_wrong_says_nothing(author: FlaskClient, session: Session, query: str) -> None:
    crowd(session, TRACK, D1, 6)
    assert "6 attempts have a result." in plain(author.get(PAGE + query))


def test_the_table_is_taken_away_as_a_file(teacher: FlaskClient, session: Session) -> None:
    crowd(session, TRACK, D1, 60)
    answer = teacher.get(f"/teach/analysis/{TRACK.key}/d1/questions.csv?lang=fr")
    head, *lines = answer.text.lstrip("\ufeff").splitlines()
    assert head.startswith("Question;Révision;Réponses;Exposition;Difficulté (points moyens)")
    assert len(lines) == len(D1.questions)
    assert "filename=questions-decideurs-d1-" in answer.headers["Content-Disposition"]


def test_pairs_are_for_trainers_of_the_course_alone(
    platform: PlatformInTest, teacher: FlaskClient, author: FlaskClient, session: Session
) -> None:
    context = session.scalars(sa.select(Context)).one()
    crowd(session, TRACK, D1, 40)
    members = session.scalars(sa.select(Enrolment.person_id))
    session.add_all(Membership(person_id=person, context_id=context.id, role="learner") for person in members)
    rng = random.Random(1)
    for place, row in enumerate(session.scalars(sa.select(Grading).order_by(Grading.id))):
        said = ["x"] * 15 if place < 2 else rng.choices("abcdefx", k=15)
        row.marks = {
            question.key: {"points": "0", "reason": "wrong", "response": {"choice": [option]}}
            for question, option in zip(D1.questions, said, strict=True)
        }
    session.commit()
    url = f"/teach/{context.id}/similarity/{TRACK.key}/d1?lang=en"
    assert url.split("?")[0] in teacher.get(PAGE).text
    said = plain(shown := teacher.get(url))
    assert "it proves nothing" in said
    assert shown.text.count("/learners/") == 2
    assert author.get(url).status_code == 403
    assert platform.launched().get(url).status_code == 403
    assert teacher.get(url.replace(f"/teach/{context.id}", f"/teach/{context.id + 1}")).status_code == 404


def test_attempts_are_marked_again_after_the_numbers(
    app: Flask, platform: PlatformInTest, author: FlaskClient, session: Session
) -> None:
    learner = platform.launched()
    row = session.scalars(sa.select(Enrolment)).one()
    attempt = take(session, row, D1, 0)
    drawn = attempt.questions[0]["key"]
    url, before = AGAIN.replace(QUESTION.key, drawn), attempt.score
    assert before == 0
    said = plain(shown := author.get(url))
    assert "One attempt has a mark for this question." in said
    digest = re.search(r'name="digest" type="hidden" value="([0-9a-f]{64})"', shown.text)
    assert digest is not None
    form = {"csrf_token": token_of(author), "digest": digest[1], "total": "1", "kind": "withdrawn", "reason": " "}
    refused = author.post(url, data=form)
    assert (refused.status_code, session.query(Regrading).count()) == (400, 0)
    session.commit()  # what was read holds no page back
    assert "Write a sentence." in plain(refused)
    form["reason"] = "Two options <b>were</b> right."
    assert author.post(url, data=form).status_code == 303
    Worker(app).drain()
    assert "1 higher" in plain(author.get(url))
    assert (
        "Two options &lt;b&gt;were&lt;/b&gt; right."
        in (result := learner.get(f"/learn/attempts/{attempt.id}/result?lang=en")).text
    )
    assert "Before: 0%. After: 10%." in plain(result)
    context, person = session.scalars(sa.select(Context)).one(), row.person_id
    session.commit()
    evidence = platform.launched(**trainer()).get(f"/teach/{context.id}/learners/{person}?lang=en")
    assert "Result seen again on" in plain(evidence)
    assert session.get_one(Attempt, attempt.id, populate_existing=True).score == Fraction(1, 10)


def test_a_version_published_meanwhile_shows_the_numbers_again(author: FlaskClient, session: Session) -> None:
    crowd(session, TRACK, D1, 6)
    form = {"csrf_token": token_of(author), "digest": TRACK.digest, "total": "6", "kind": "corrected", "reason": "Why."}
    mended(session)
    answer = author.post(AGAIN, data=form)
    assert answer.status_code == 409
    assert "Another version was published while you were reading." in plain(answer)
    assert "Why." in answer.text
    assert session.query(Regrading).count() == 0


def test_strangers_see_none_of_it(app: Flask, platform: PlatformInTest, session: Session) -> None:
    crowd(session, TRACK, D1, 6)
    other = browser_of(app, "eve@example.org", "author", name="Eve", track_key="another")
    learner = platform.launched()
    for url in (PAGE, AGAIN, PAGE.replace("?", "/questions.csv?"), PAGE.replace("decideurs", "unknown")):
        assert [browser.get(url).status_code for browser in (other, learner)] == [404, 404]
