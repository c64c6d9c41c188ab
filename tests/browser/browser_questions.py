"""A track whose one assessment asks a question of each type that has a sample (``tests/assessments/questions``)."""

import json
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

from browser_stage import Stage
from playwright.sync_api import Locator, Page
from sqlalchemy import select

from assessments.registry import question_types
from curricula.bank import read_bank
from curricula.model import Localized, Module, Question, Track
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


def right(key: str) -> dict[str, list[str]]:
    """The right answer to a question: what earns everything."""
    if key == TICKED:
        return {"choice": [name for name, said in right("errors").items() if said != ["-"]]}
    found: dict[str, list[str]] = json.loads((SAMPLES / f"{key}.json").read_text())["right"]
    return found


def samples(module: Module) -> tuple[Question, ...]:
    """The sample of each type that no person marks, its key the type's, as a question of that module."""
    every = [read_bank(Place.of(path.name, path.read_bytes()), [])[0] for path in sorted(SAMPLES.glob("*.toml"))]
    found = [each for each in every if not question_types()[each.type].by_person]
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


def plain(text: str) -> str:
    """A text whose spaces, no-break or not, are plain ones."""
    return " ".join(text.split())


class Answering:
    """A person who answers, out of any frame, one question of each type."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage, self.page = stage, page
        self.who = stage.arrived()
        with stage.served.app_context():
            session, track = db.session(), track_of_types(stage)
            digest = revisions.publish(session, folder_of(track), "imported").digest
            person = session.scalars(select(Person).where(Person.subject == self.who)).one()
            learning.enrol(session, person.id, replace(track, digest=digest))
            row = learning.enrolment(session, person.id, KEY)
            assert isinstance(row, Enrolment)
            attempt = attempts.start(session, row, track.modules[0])
            session.commit()
            self.attempt_id = attempt.id
            self.questions = track.modules[0].questions
            self.keys = [each["key"] for each in attempt.questions]
            db.session.remove()
        page.context.add_cookies([stage.cookie(self.who)])

    @property
    def form(self) -> Locator:
        """What is answered."""
        return self.page.locator("#answer .asked")

    def open(self, key: str) -> Question:
        """The page of that question, its script come; gives the question."""
        self.page.goto(f"/learn/attempts/{self.attempt_id}/{self.keys.index(key) + 1}", wait_until="load")
        return next(each for each in self.questions if each.key == key)

    def leave(self) -> None:
        """Go on by the button of the page, which sends the whole answer."""
        here = self.page.url
        self.page.locator("#answer .row.ends > button").last.press("Enter")
        self.page.wait_for_url(lambda url: url != here)

    def kept(self, key: str) -> dict[str, list[str]]:
        """What the database holds of the answer."""
        with self.stage.served.app_context():
            said = responses(db.session(), self.attempt_id).get(key, {})
            db.session.remove()
        return {name: list(values) for name, values in said.items() if values}

    def words(self, text: Localized) -> str:
        """A text of the question as the page shows it, any space being a space."""
        return plain(self.stage.typeset(text["fr"]))

    def submit(self) -> dict[str, Any]:
        """Submit and open the result; gives what each question earned."""
        self.page.goto(f"/learn/attempts/{self.attempt_id}/review")
        self.page.locator("form[action$='/submit'] button").press("Enter")
        self.page.wait_for_url("**/result")
        with self.stage.served.app_context():
            attempt = db.session.get(Attempt, self.attempt_id)
            assert attempt is not None
            marks = {key: mark.points for key, mark in stored_marks(attempt).items()}
            db.session.remove()
        return marks
