"""An answer that a learner has given is never lost: whatever happens to the tab, the session or the service."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.app import create_app
from lms.config import Config
from lms.models import Answer, Attempt, OutboxJob, Platform, WebSession, db
from lms.services import platforms
from lms.services.answers import drawn_questions
from tests.learner_in_test import count, module, right
from tests.platform_in_test import PlatformInTest, field, form_token, person, trainer

START = "/learn/decideurs/d1/assessment"
JSON = {"Accept": "application/json"}
D1 = module("d1")
assert D1.quiz is not None


class Exam:
    """An attempt as its learner's browser sees it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        begun = client.post(START, data={"csrf_token": form_token(client.get(START))})
        assert begun.status_code == 303
        self.url, self.number = begun.location.rsplit("/", 1)

    def page(self, number: int = 1) -> TestResponse:
        return self.client.get(f"{self.url}/{number}")

    def options(self, number: int = 1) -> list[str]:
        """The options of a question, in the order shown."""
        return [part.split('"')[0] for part in self.page(number).text.split('name="a.choice"')[1:] for part in [
            part.split('value="')[1]
        ]]  # fmt: skip

    def chosen(self, number: int = 1) -> list[str]:
        """The options that the page shows as chosen."""
        return [
            part.split('value="')[1].split('"')[0]
            for part in self.page(number).text.split('name="a.choice"')[1:]
            if "checked" in part.split(">")[0]
        ]

    def answer(self, permission: str, choice: Any, number: int = 1, **more: Any) -> TestResponse:
        """What the page's form sends."""
        headers = more.pop("headers", None)
        form = {"permission": permission, "a.choice": choice, "go": "2", **more}
        return self.client.post(f"{self.url}/{number}", data=form, headers=headers)

    def submit(self) -> TestResponse:
        token = form_token(self.client.get(f"{self.url}/review"))
        return self.client.post(f"{self.url}/submit", data={"csrf_token": token})


@pytest.fixture
def exam(learner_client: FlaskClient) -> Exam:
    return Exam(learner_client)


@pytest.fixture
def permission(exam: Exam) -> str:
    return field(exam.page(), "permission")


def test_an_answer_is_saved_and_shown_again(exam: Exam, permission: str) -> None:
    chosen = exam.options()[0]
    assert exam.answer(permission, chosen).location == f"{exam.url}/2"
    assert exam.chosen() == [chosen]


def test_the_script_saves_each_choice(exam: Exam, permission: str) -> None:
    for chosen in exam.options()[:3]:
        kept = exam.answer(permission, chosen, headers=JSON)
        assert kept.status_code == 200
        assert kept.json is not None
        assert "Enregistré" in kept.json["message"]
        assert exam.chosen() == [chosen]


def test_the_tab_is_closed_and_the_activity_opened_again(platform: PlatformInTest, exam: Exam, permission: str) -> None:
    chosen = exam.options()[1]
    exam.answer(permission, chosen, headers=JSON)
    again = Exam(platform.launched())
    assert again.url == exam.url
    assert again.number == "2"  # the first question without answer
    assert again.chosen() == [chosen]


@pytest.mark.parametrize("headers", [None, JSON], ids=["form", "script"])
def test_the_session_ended_while_the_page_was_open(
    platform: PlatformInTest, exam: Exam, permission: str, session: Session, headers: dict[str, str] | None
) -> None:
    chosen = exam.options()[0]
    session.query(WebSession).delete()
    session.commit()
    assert exam.page().status_code == 401
    kept = exam.answer(permission, chosen, headers=headers)
    assert kept.status_code == (200 if headers else 303)
    assert Exam(platform.launched()).chosen() == [chosen]


def test_the_platform_was_suspended_while_the_page_was_open(
    platform: PlatformInTest, exam: Exam, permission: str, session: Session
) -> None:
    chosen, row = exam.options()[0], session.get_one(Platform, platform.id)
    platforms.suspend(session, row)
    session.commit()
    assert exam.page().status_code == 401
    assert exam.answer(permission, chosen, headers=JSON).status_code == 200
    platforms.resume(session, row)
    session.commit()
    assert Exam(platform.launched()).chosen() == [chosen]


def test_the_browser_lost_its_cookies(platform: PlatformInTest, exam: Exam, permission: str) -> None:
    chosen = exam.options()[0]
    exam.client.delete_cookie("mpia")
    assert exam.answer(permission, chosen).status_code == 303
    assert Exam(platform.launched()).chosen() == [chosen]


def test_the_service_starts_again(
    platform: PlatformInTest, exam: Exam, permission: str, config: Config, session: Session
) -> None:
    chosen = exam.options()[0]
    exam.answer(permission, chosen, headers=JSON)
    for restarted in _another(config):
        browser = restarted.test_client()
        with exam.client.session_transaction() as old, browser.session_transaction() as new:
            new.update(old)
        after = Exam(browser)
        assert after.url == exam.url
        assert after.chosen() == [chosen]
        assert after.answer(permission, after.options(2)[0], number=2, headers=JSON).status_code == 200
    assert count(session, Answer) == 2


def _another(config: Config) -> Iterator[Flask]:
    app = create_app(config)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["outbound"].close()


def test_submitted_twice_keeps_one_result(exam: Exam, permission: str, session: Session) -> None:
    exam.answer(permission, exam.options()[0])
    token = form_token(exam.client.get(f"{exam.url}/review"))
    for _turn in range(2):
        done = exam.client.post(f"{exam.url}/submit", data={"csrf_token": token})
        assert done.location == f"{exam.url}/result"
    assert count(session, Attempt, Attempt.submitted_at.is_not(None)) == 1
    assert exam.client.get(f"{exam.url}/result").status_code == 200


def test_submitted_in_many_tabs_at_once_keeps_one_result(app: Flask, exam: Exam, session: Session) -> None:
    token, tabs = form_token(exam.client.get(f"{exam.url}/review")), 6
    together = Barrier(tabs)
    with exam.client.session_transaction() as cookie:
        own = dict(cookie)

    def tab(_number: int) -> tuple[int, str | None]:
        browser = app.test_client()
        with browser.session_transaction() as new:
            new.update(own)
        together.wait()
        done = browser.post(f"{exam.url}/submit", data={"csrf_token": token})
        return done.status_code, done.location

    with ThreadPoolExecutor(tabs) as pool:
        assert set(pool.map(tab, range(tabs))) == {(303, f"{exam.url}/result")}
    (job,) = session.query(OutboxJob).filter_by(kind="send_score")
    assert job.version == 1


def test_answers_in_many_tabs_at_once_are_all_kept(app: Flask, exam: Exam, permission: str, session: Session) -> None:
    assert D1.quiz is not None
    total = D1.quiz.questions
    choices = {number: exam.options(number)[0] for number in range(1, total + 1)}
    together = Barrier(total)

    def tab(number: int) -> int:
        together.wait()
        form = {"permission": permission, "a.choice": choices[number]}
        return app.test_client().post(f"{exam.url}/{number}", data=form, headers=JSON).status_code

    with ThreadPoolExecutor(total) as pool:
        assert set(pool.map(tab, choices)) == {200}
    assert {number: exam.chosen(number) for number in choices} == {
        number: [choice] for number, choice in choices.items()
    }


def test_an_answer_after_submission_is_told_apart(exam: Exam, permission: str, session: Session) -> None:
    chosen = exam.options()[0]
    exam.answer(permission, chosen)
    exam.submit()
    assert exam.answer(permission, exam.options()[:1]).location == f"{exam.url}/result"
    late = exam.answer(permission, [], headers=JSON)
    assert late.status_code == 409
    assert late.json is not None
    assert late.json["message"]
    written = [(row.standing, row.response) for row in session.query(Answer).order_by(Answer.id)]
    assert written == [("kept", {"choice": [chosen]}), ("late", {}), ("late", {})]


@pytest.mark.parametrize("forged", ["", "made.up", None])
def test_without_the_pages_permission_nothing_is_kept(exam: Exam, session: Session, forged: str | None) -> None:
    form = {"a.choice": exam.options()[0]} | ({} if forged is None else {"permission": forged})
    assert exam.client.post(f"{exam.url}/1", data=form).status_code == 400
    assert count(session, Answer) == 0


def test_the_permission_of_another_attempt_opens_nothing(
    platform: PlatformInTest, exam: Exam, permission: str, session: Session
) -> None:
    other = Exam(platform.launched(**person(2)))
    theirs = field(other.page(), "permission")
    assert exam.answer(theirs, exam.options()[0]).status_code == 400
    assert other.answer(permission, other.options()[0]).status_code == 400
    assert count(session, Answer) == 0


def test_who_is_signed_in_as_another_cannot_answer_in_their_place(
    platform: PlatformInTest, exam: Exam, permission: str, session: Session
) -> None:
    form = {"permission": permission, "a.choice": exam.options()[0]}
    for browser in (platform.launched(**person(2)), platform.launched(**trainer())):
        assert browser.post(f"{exam.url}/1", data=form).status_code == 404
    assert count(session, Answer) == 0


@pytest.mark.parametrize("path", ["1", "review", "result"])
def test_the_attempt_of_another_is_not_there(platform: PlatformInTest, exam: Exam, path: str) -> None:
    for browser in (platform.launched(**person(2)), platform.launched(**trainer())):
        assert browser.get(f"{exam.url}/{path}").status_code == 404
        assert browser.get(f"/learn/attempts/{uuid4()}/{path}").status_code == 404


def test_the_attempt_of_another_cannot_be_submitted(platform: PlatformInTest, exam: Exam, session: Session) -> None:
    other = platform.launched(**person(2))
    token = form_token(other.get("/learn/"))
    assert other.post(f"{exam.url}/submit", data={"csrf_token": token}).status_code == 404
    assert count(session, Attempt, Attempt.submitted_at.is_not(None)) == 0


@pytest.mark.parametrize("number", ["0", "11", "999999999999", "-1", "one"])
def test_a_question_that_is_not_there(exam: Exam, permission: str, number: str) -> None:
    assert exam.client.get(f"{exam.url}/{number}").status_code == 404
    assert exam.client.post(f"{exam.url}/{number}", data={"permission": permission}).status_code in {404, 405}


def test_options_that_were_not_shown_are_dropped(exam: Exam, permission: str, session: Session) -> None:
    shown = exam.options()[0]
    sent = [shown, "' or 1=1 --", "<script>", "é" * 5000]
    assert exam.answer(permission, sent).status_code == 303
    assert session.query(Answer).one().response == {"choice": [shown]}


def test_the_result_names_what_was_answered(exam: Exam, permission: str, session: Session) -> None:
    attempt = session.query(Attempt).one()
    drawn = drawn_questions(attempt)[0]
    question = D1.question(drawn.key)
    assert question is not None
    session.commit()
    exam.answer(permission, right(question))
    page = exam.client.get(exam.submit().location)
    assert page.status_code == 200
    assert "10\N{NO-BREAK SPACE}%" in page.text or "10\N{NARROW NO-BREAK SPACE}%" in page.text


def test_closed_modules_and_rules_are_told(platform: PlatformInTest, exam: Exam) -> None:
    exam.submit()
    token = form_token(exam.client.get("/learn/"))
    refused = exam.client.post(START, data={"csrf_token": token})
    assert refused.status_code == 409
    assert 'id="reference"' in refused.text
    planned = exam.client.post("/learn/decideurs/d7/assessment", data={"csrf_token": token})
    assert planned.status_code == 404
