"""What the studio keeps from learners (drafts, answer keys), and what it keeps from authors (learners)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from curricula.model import Localized, Module, Track
from curricula.pieces import pieces, track_path
from curricula.write import folder_of
from lms.models import Draft, db
from lms.services import drafts, merging, revisions
from tests.account_in_test import browser_of, make_person, signed_in, token_of
from tests.choice_in_test import Choice
from tests.platform_in_test import PlatformInTest, author, hr_officer, trainer
from tests.test_authorisation import Stage, lesson_of, routes
from tests.test_studio_authorisation import PARTS
from tests.tracks_in_test import fixed_tracks

KEY, NEW = "decideurs", "parcours-secret"
#: What a page shows does not depend on the database: each walk is done on one.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: What a draft says and no published revision does; what answers questions that nobody answered yet.
DRAFT, ANSWER = "BROUILLONSECRET", "CORRIGESECRET"
#: Names of a learner, in every form they are held in.
LEARNER = {
    "given_name": "Apolline", "family_name": "Vauquelin", "name": "Apolline Vauquelin", "sub": "sujet-4471",
    "email": "apolline.vauquelin@example.org", "lis": {"person_sourcedid": "MATRICULE-4471"},
}  # fmt: skip
NAMES = ("Apolline", "Vauquelin", "sujet-4471", "MATRICULE-4471")
#: What ends the walk, or shows the answers for good reason: whoever submits reads them explained.
LAST = {"account.logout", "quiz.submit", "account.login"}


def marked(text: Localized, word: str) -> Localized:
    return {language: f"{said} {word}" for language, said in text.items()}


def with_answers(track: Track) -> Track:
    """A later revision whose answers are marked: every feedback, and what each wrong option stands for."""

    def module(found: Module) -> Module:
        questions = (
            replace(
                question,
                options=tuple(
                    replace(
                        option, feedback=marked(option.feedback, ANSWER),
                        misconception=option.misconception and f"{option.misconception} {ANSWER}",
                    )
                    for option in question.options
                ),
            )
            for question in found.questions
        )  # fmt: skip
        return replace(found, questions=tuple(questions))

    return replace(track, version="2026.2", modules=tuple(module(each) for each in track.modules))


def as_draft(track: Track) -> Track:
    """The same track with words of a draft everywhere learners read."""

    def module(found: Module) -> Module:
        lessons = (
            replace(
                lesson,
                texts={
                    language: replace(text, title=f"{text.title} {DRAFT}", body=f"{text.body}\n{DRAFT}\n")
                    for language, text in lesson.texts.items()
                },
            )
            for lesson in found.lessons
        )
        questions = (
            replace(
                question, stem=marked(question.stem, DRAFT),
                options=tuple(replace(option, text=marked(option.text, DRAFT)) for option in question.options),
            )
            for question in found.questions
        )  # fmt: skip
        return replace(
            found, title=marked(found.title, DRAFT), summary=marked(found.summary, DRAFT), lessons=tuple(lessons),
            questions=tuple(questions),
        )  # fmt: skip

    return replace(
        track, title=marked(track.title, DRAFT), promise=marked(track.promise, DRAFT),
        modules=tuple(module(each) for each in track.modules),
    )  # fmt: skip


@pytest.fixture
def platform(app: Flask) -> PlatformInTest:
    """A platform, once answers are marked and two tracks are being written: the next version of one, and a new one."""
    with app.app_context():
        session = db.session()
        known = fixed_tracks()[KEY]
        revisions.publish(session, folder_of(with_answers(known)), "imported")
        draft = drafts.begin(session, KEY, None)
        merging.rewrite(session, draft, list(pieces(folder_of(as_draft(with_answers(known))))), None)
        new = replace(as_draft(known), key=NEW)
        drafts.create(session, new, None, found=pieces(folder_of(new)))
        session.commit()
        db.session.remove()
    return PlatformInTest(app)


def addresses(app: Flask, values: dict[str, Any], method: str = "GET") -> Iterator[tuple[str, str]]:
    """(endpoint, address) of every route, of each track in turn."""
    known = routes(app)
    for key in (KEY, NEW):
        with app.test_request_context():
            for rule in app.url_map.iter_rules():
                if (rule.endpoint, method) in known and rule.endpoint not in LAST:
                    given = {**values, "track_key": key}
                    yield rule.endpoint, url_for(rule.endpoint, **{name: given.get(name, 1) for name in rule.arguments})


def said(browser: FlaskClient, url: str, method: str = "GET", token: str = "") -> str:
    """Everything an address answers: headers and body."""
    data = {"csrf_token": token, "language": "fr", "size": "m", "space": "m"} if method == "POST" else None
    with browser.open(url, method=method, data=data) as answer:
        assert answer.status_code != 500, url
        return f"{answer.headers}\n{answer.get_data().decode(errors='replace')}"


def values_of(app: Flask, attempt: str = "1") -> dict[str, Any]:
    scene = Stage(app, {}, {}, attempt, "1", attempt)
    return {**scene.values(), **PARTS}


def test_no_learner_sees_a_draft_or_an_answer_before_answering(app: Flask, platform: PlatformInTest) -> None:
    learner = platform.launched(**LEARNER)
    token = token_of(learner)
    began = learner.post(f"/learn/{KEY}/d1/assessment", data={"csrf_token": token})
    values = values_of(app, began.location.split("/")[-2])
    asked = learner.get(began.location).text
    assert 'name="a.choice"' in asked, "an assessment is under way"
    shown = []
    for method in ("GET", "POST", "GET"):  # the last round, once everything was posted
        for endpoint, url in list(addresses(app, values, method)):
            text = said(learner, url, method, token)
            shown += [(endpoint, url, mark) for mark in (DRAFT, ANSWER) if mark in text]
    assert shown == []


def test_a_submitted_answer_is_explained(app: Flask, platform: PlatformInTest) -> None:
    """The marks are where they should be: else the test above would see nothing."""
    learner = platform.launched(**LEARNER)
    token = token_of(learner)
    began = learner.post(f"/learn/{KEY}/d1/assessment", data={"csrf_token": token})
    attempt = began.location.rpartition("/")[0]
    assert learner.post(f"{attempt}/submit", data={"csrf_token": token}).status_code == 303
    text = learner.get(f"{attempt}/result").text
    assert ANSWER in text
    assert DRAFT not in text


def test_nobody_else_sees_a_draft(app: Flask, platform: PlatformInTest) -> None:
    """Nor anonymous visitors, trainers, HR officers, administrators, nor authors who have no role for the track."""
    every = ("author", "reviewer", "publisher")
    browsers = {
        "anonymous": app.test_client(), "trainer": platform.launched(**trainer()),
        "hr": platform.launched(**hr_officer()), "author of the platform": platform.launched(**author()),
        "administrator": browser_of(app, "someone@example.org", account="administrator"),
        "author elsewhere": browser_of(app, "ailleurs@example.org", *every, track_key="another"),
    }  # fmt: skip
    values = values_of(app)
    shown = [
        (visitor, endpoint, url)
        for visitor, browser in browsers.items()
        for endpoint, url in list(addresses(app, values))
        if DRAFT in said(browser, url)
    ]
    assert shown == []


def test_a_trainer_who_chooses_content_sees_no_draft(app: Flask, platform: PlatformInTest) -> None:
    choice = Choice(platform)
    page = choice.open()
    assert page.status_code == 200
    for path in ("", "/review?pick=decideurs/d1", f"/preview/{KEY}/d1", f"?q={DRAFT}"):
        text = choice.client.get(choice.url + path).text
        assert DRAFT not in text.replace(f'value="{DRAFT}"', "").replace(f"q={DRAFT}", "").replace(f"« {DRAFT} »", "")
        assert NEW not in text


def test_an_author_sees_no_learner(app: Flask) -> None:
    """Neither in the studio nor on any page their account may open, whatever their role in it."""
    here = PlatformInTest(app)
    learner = here.launched(**LEARNER)
    began = learner.post(f"/learn/{KEY}/d1/assessment", data={"csrf_token": token_of(learner)})
    here.launched(**trainer())
    with app.app_context():
        person = make_person(db.session(), "auteur@example.org", "author", "reviewer", "publisher")
        drafts.begin(db.session(), KEY, person)
        new = replace(fixed_tracks()[KEY], key=NEW)
        drafts.create(db.session(), new, person, found=pieces(folder_of(new)))
        db.session.commit()
        db.session.remove()
    browsers = (signed_in(app, "auteur@example.org"), here.launched(**author()))
    values = values_of(app, began.location.split("/")[-2])
    values["person_id"] = 1  # the learner, who came first
    shown, opened = [], 0
    for browser in browsers:
        for endpoint, url in list(addresses(app, values)):
            with browser.get(url) as answer:
                text = f"{answer.headers}\n{answer.get_data().decode(errors='replace')}"
                opened += endpoint.startswith(("author.", "law.", "forks.")) and answer.status_code == 200
            shown += [(endpoint, url, name) for name in NAMES if name.lower() in text.lower()]
    assert shown == []
    assert opened >= 8, "the studio was opened"


def test_the_marks_are_in_the_drafts(app: Flask, platform: PlatformInTest) -> None:
    with app.app_context():
        for draft in db.session.query(Draft):
            found = drafts.piece(db.session(), draft, track_path())
            assert found is not None
            assert DRAFT.encode() in found.content
        assert lesson_of(app)
        db.session.remove()
