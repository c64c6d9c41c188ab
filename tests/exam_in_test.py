"""Assessments under rules of an exam, published for a test; and the browser of a learner in one."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from curricula.model import Module, QuizRules, Track
from curricula.write import folder_of
from lms.models import Enrolment
from lms.services.library import Library
from lms.services.revisions import publish
from tests.learner_in_test import TRACK, learner, module
from tests.platform_in_test import field, form_token

START = "/learn/decideurs/d1/assessment"
JSON = {"Accept": "application/json"}
EXAM = QuizRules(questions=4, threshold=Fraction(1, 2), attempts=0, cooldown_minutes=0, minutes=60)


def examined(**rules: Any) -> Module:
    """D1, assessed by an exam of 4 questions in 60 minutes, or under other rules."""
    return replace(module("d1"), quiz=replace(EXAM, **rules))


def publish_exam(session: Session, **more: Any) -> Track:
    """The track with that exam, published and committed; with ``questions_more`` in the bank of D1."""
    extra = more.pop("questions_more", ())
    first = examined(**more)
    first = replace(first, questions=(*first.questions, *extra))
    assert TRACK.certificate is not None
    track = replace(
        TRACK, version="2099.1", certificate=replace(TRACK.certificate, threshold=EXAM.threshold),
        modules=tuple(first if m.key == "d1" else m for m in TRACK.modules),
    )  # fmt: skip
    row = publish(session, folder_of(track), "imported", note="Épreuve")
    session.commit()
    found = Library(session).revision(row.track_key, row.digest)
    session.commit()
    assert found is not None
    return found


def examinee(session: Session, track: Track, number: int) -> Enrolment:
    """A learner who follows that revision, committed."""
    row = learner(session, number)
    row.track_version, row.track_digest = track.version, track.digest
    session.commit()
    return row


class Exam:
    """An exam as its learner's browser sees it."""

    def __init__(self, client: FlaskClient, **more: str) -> None:
        self.client = client
        begun = client.post(START, data={"csrf_token": form_token(client.get(START)), **more})
        assert begun.status_code == 303, begun.text
        self.url, self.number = begun.location.rsplit("/", 1)

    def get(self, path: str | int) -> TestResponse:
        return self.client.get(f"{self.url}/{path}")

    def permission(self) -> str:
        return field(self.get(1), "permission")

    def answer(self, permission: str, choice: Any, number: int = 1, **more: Any) -> TestResponse:
        """What the page's form sends; with ``headers=JSON``, its script."""
        headers = more.pop("headers", None)
        form = {"permission": permission, "a.choice": choice, "go": "2", **more}
        return self.client.post(f"{self.url}/{number}", data=form, headers=headers)

    def submit(self) -> TestResponse:
        return self.post("submit")

    def post(self, path: str, **more: Any) -> TestResponse:
        token = form_token(self.client.get("/learn/"))
        return self.client.post(f"{self.url}/{path}", data={"csrf_token": token, **more})
