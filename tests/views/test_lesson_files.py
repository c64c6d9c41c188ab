"""Images and terms in a lesson's page: who may read them, which revision's, and how browsers keep them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.model import File, Lesson, Term, Track
from curricula.write import folder_of
from lms.services.revisions import publish
from tests.image_samples import PNG, SVG
from tests.learner_in_test import TRACK

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LESSON = TRACK.modules[0].lessons[0].key
PAGE = f"/learn/decideurs/d1/{LESSON}"


def illustrated(version: str, content: bytes) -> Track:
    """The shipped track, its first lesson showing an image and using a term."""
    first = TRACK.modules[0]
    lesson: Lesson = first.lessons[0]
    added = '\n![Un plan](files/plan.png "Le plan")\n\nUn [jeton](term:token).\n'
    texts = {language: replace(text, body=text.body + added) for language, text in lesson.texts.items()}
    module = replace(
        first,
        lessons=(replace(lesson, texts=texts), *first.lessons[1:]),
        files=(File("plan.png", "image/svg+xml" if content == SVG else "image/png", content),),
    )
    token = Term("token", {"fr": "jeton", "en": "token"}, {"fr": "Un morceau de mot.", "en": "A piece of a word."})
    return replace(TRACK, version=version, modules=(module, *TRACK.modules[1:]), glossary=(token,))


def address(track: Track) -> str:
    return f"/learn/decideurs/d1/files/{track.modules[0].files[0].digest}/plan.png"


@pytest.fixture
def first(session: Session) -> Track:
    track = illustrated("2026.8", PNG)
    publish(session, folder_of(track), "imported", now=NOW)
    session.commit()
    return track


def test_a_lesson_shows_its_image_and_explains_its_term(first: Track, learner_client: FlaskClient) -> None:
    page = learner_client.get(PAGE).text
    assert f'<figure><img src="{address(first)}" alt="Un plan"><figcaption>Le plan</figcaption></figure>' in page
    assert '<a href="#term-token" class="term" rel="noopener">jeton</a>' in page
    assert '<dt id="term-token">jeton</dt><dd>Un morceau de mot.</dd>' in page


def test_an_image_is_kept_for_long_by_its_digest(first: Track, learner_client: FlaskClient) -> None:
    answer = learner_client.get(address(first))
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", PNG)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_drawing_opened_alone_may_do_nothing(session: Session, learner_client: FlaskClient) -> None:
    track = illustrated("2026.8", SVG)
    publish(session, folder_of(track), "imported", now=NOW)
    session.commit()
    answer = learner_client.get(address(track))
    assert answer.mimetype == "image/svg+xml"
    (policy,) = answer.headers.getlist("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; sandbox; object-src 'none'")


def test_an_image_is_read_by_who_may_read_the_lesson(
    first: Track, app: Flask, learner_client: FlaskClient, trainer_client: FlaskClient, hr_client: FlaskClient
) -> None:
    readers = {"learner": learner_client, "trainer": trainer_client, "hr": hr_client, "nobody": app.test_client()}
    for page in (PAGE, address(first)):
        codes = {who: client.get(page).status_code for who, client in readers.items()}
        assert codes == {"learner": 200, "trainer": 200, "hr": 403, "nobody": 401}, page


def test_a_learner_sees_the_image_of_the_revision_they_follow(
    first: Track, session: Session, learner_client: FlaskClient, trainer_client: FlaskClient
) -> None:
    learner_client.get(PAGE)
    second = illustrated("2026.9", SVG)
    publish(session, folder_of(second), "imported", now=NOW)
    session.commit()
    assert address(first) in learner_client.get(PAGE).text
    assert learner_client.get(address(first)).data == PNG
    assert trainer_client.get(address(second)).data == SVG
    assert trainer_client.get(address(first)).status_code == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [("plan.png", "plan.svg"), ("plan.png", "..%2Fmodule.toml"), ("/d1/", "/d2/"), ("/d1/", "/d9/"),
     ("decideurs", "agents"), ("files/", "files/0")],
)  # fmt: skip
def test_what_is_not_there_is_not_found(first: Track, learner_client: FlaskClient, old: str, new: str) -> None:
    assert learner_client.get(address(first).replace(old, new)).status_code == 404
