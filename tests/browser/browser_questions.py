"""A track whose one assessment asks a question of each type that has a sample (``tests/assessments/questions``)."""

from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

from browser_stage import Stage
from playwright.sync_api import Page
from sqlalchemy import select

from curricula.bank import read_bank
from curricula.model import Module, Question, Track
from curricula.problems import Place
from curricula.write import folder_of
from lms.models import Attempt, Enrolment, Person, db
from lms.services import attempts, learning, revisions
from lms.services.answers import responses
from lms.services.gradings import stored_marks

SAMPLES = Path(__file__).parents[1] / "assessments" / "questions"
KEY = "types"


#: An error-finding question with one kind of errors, to tick: the sample of the type has several, to name.
TICKED = "errors-ticked"


def samples(module: Module) -> tuple[Question, ...]:
    """The sample of each type, its key the type's, as a question of that module."""
    found = [read_bank(Place.of(path.name, path.read_bytes()), [])[0] for path in sorted(SAMPLES.glob("*.toml"))]
    keyed = [
        *(replace(each, key=each.type) for each in found),
        *(ticked(each) for each in found if each.type == "errors"),
    ]
    return tuple(
        replace(each, objective=objective.key, source=module.sources[0].key)
        for each, objective in zip(keyed, cycle(module.objectives), strict=False)
    )


def ticked(question: Question) -> Question:
    """The same errors, of one kind."""
    only = question.places[0]
    options = tuple(replace(each, place=only.key if each.place else "") for each in question.options)
    return replace(question, key=TICKED, places=(only,), options=options)


def track_of_types(stage: Stage) -> Track:
    """That track, as it is written."""
    model = stage.module("d1")
    assert model.quiz is not None
    assert stage.track.certificate is not None
    asked = samples(model)
    module = replace(model, questions=asked, quiz=replace(model.quiz, questions=len(asked)))
    rule = replace(stage.track.certificate, modules=(module.key,))
    return replace(stage.track, key=KEY, code="T", version="2026.1", modules=(module,), certificate=rule)


class Answering:
    """A person who answers, out of any frame, one question of each type."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage, self.page = stage, page
        self.who = stage.arrived()
        with stage.app.app_context():
            session, track = db.session(), track_of_types(stage)
            digest = revisions.publish(session, folder_of(track), "imported").digest
            person = session.scalars(select(Person).where(Person.subject == self.who)).one()
            learning.enrol(session, person.id, replace(track, digest=digest))
            row = learning.enrolment(session, person.id, KEY)
            assert isinstance(row, Enrolment)
            attempt = attempts.start(session, row, track.modules[0])
            session.commit()
            self.attempt_id = attempt.id
            self.keys = [each["key"] for each in attempt.questions]
            db.session.remove()
        page.context.add_cookies([stage.cookie(self.who)])

    def open(self, kind: str) -> None:
        """The page of the question of that type, its script come."""
        self.page.goto(f"/learn/attempts/{self.attempt_id}/{self.keys.index(kind) + 1}", wait_until="load")

    def kept(self, kind: str) -> dict[str, list[str]]:
        """What the database holds of the answer."""
        with self.stage.app.app_context():
            said = responses(db.session(), self.attempt_id).get(kind, {})
            db.session.remove()
        return {name: list(values) for name, values in said.items() if values}

    def submit(self) -> dict[str, Any]:
        """Submit and open the result; gives what each question earned."""
        self.page.goto(f"/learn/attempts/{self.attempt_id}/review")
        self.page.locator("form[action$='/submit'] button").press("Enter")
        self.page.wait_for_url("**/result")
        with self.stage.app.app_context():
            attempt = db.session.get(Attempt, self.attempt_id)
            assert attempt is not None
            marks = {key: mark.points for key, mark in stored_marks(attempt).items()}
            db.session.remove()
        return marks
