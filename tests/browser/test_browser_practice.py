"""Practising and taking the placement test, as a learner does, wide and on a phone."""

import re

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import LEARNER, TRACK, Stage, right_keys, wrong_keys
from playwright.sync_api import Page, expect
from sqlalchemy import select

from curricula.model import Question, Track
from lms.devlms import HeadlessBrowser
from lms.models import PracticeRound, db
from tests.placed_in_test import KEY, placed_track, published


class Learner:
    """A learner in a browser outside the LMS."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage, self.page = stage, page
        with HeadlessBrowser(stage.lms) as headless:
            headless.launch(LEARNER, TRACK)
        page.context.add_cookies([stage.cookie(LEARNER)])

    def press(self, message: str, **values: object) -> None:
        """A button, or a link that looks like one, named by its message."""
        self.page.locator(".button").get_by_text(self.stage.say(message, **values)).first.click()

    def answer(self, keys: list[str]) -> None:
        """Choose these options of the question shown."""
        for key in keys:
            self.page.locator(f"input[name='a.choice'][value='{key}']").check()

    def says(self, message: str, **values: object) -> None:
        """The page says it."""
        expect(self.page.locator("main").get_by_text(self.stage.say(message, **values)).first).to_be_visible()


def practised(stage: Stage, place: int) -> Question:
    """The question of that place in the round under way."""
    with stage.served.app_context():
        query = select(PracticeRound.questions).order_by(PracticeRound.started_at.desc())
        drawn = db.session.scalars(query).first()
        db.session.remove()
    assert drawn is not None
    return stage.question(stage.module("d1"), drawn[place - 1]["key"])


def test_two_questions_are_practised(new_page: NewPage, stage: Stage) -> None:
    learner = Learner(stage, new_page())
    learner.page.goto(f"/learn/{TRACK}/d1")
    learner.press("Practise")
    accessible(learner.page)
    learner.press("Start a round")
    accessible(learner.page)
    first = practised(stage, 1)
    learner.answer(wrong_keys(first))
    learner.press("Check my answer")
    expect(learner.page.locator(".choices .feedback")).to_have_count(len(first.options))
    accessible(learner.page)
    learner.press("Next question")
    learner.answer(right_keys(practised(stage, 2)))
    learner.press("Check my answer")
    learner.says("Everything in the answer is right.")
    learner.page.goto(f"/learn/{TRACK}/d1/practice")
    learner.press("Resume at question %(number)s", number=3)
    expect(learner.page).to_have_url(re.compile("/3$"))


def test_the_placement_test_of_a_track_is_taken(new_page: NewPage, stage: Stage) -> None:
    with stage.served.app_context():
        track: Track = published(db.session(), placed_track())
        db.session.remove()
    learner = Learner(stage, new_page())
    learner.page.goto(f"/learn/{KEY}")
    accessible(learner.page)
    learner.press("Take the test")
    accessible(learner.page)
    learner.press("Begin the test")
    accessible(learner.page)
    known = {question.stem["fr"][:20]: question for question in track.modules[0].questions}
    for _question in range(3):
        stem = learner.page.locator("#stem").inner_text()
        found = next(each for start, each in known.items() if stage.typeset(start) in stem)
        learner.answer(right_keys(found))
        learner.press("Answer and go on")
    learner.press("Answer and go on")  # the first question about the second module, left without answer
    learner.says("One module is to be followed.")
    accessible(learner.page)
    learner.press("Back to the track")
    learner.says("Exempted by the placement test.")
    accessible(learner.page)
    learner.page.goto(f"/learn/review?track={KEY}")
    learner.says("Exempted by the placement test.")
    accessible(learner.page)
