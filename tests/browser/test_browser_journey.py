"""The main job in a browser: from the LMS's page to the score in its gradebook and the certificate."""

import pytest
from browser_frame import Activity, NewPage
from browser_stage import TRACK, Stage, right_keys, wrong_keys
from playwright.sync_api import Locator, expect

from lms.models import Attempt


def test_a_learner_passes_by_keyboard_alone(new_page: NewPage, stage: Stage) -> None:
    who = stage.arrived(d2=9)
    page = new_page()
    activity = Activity(page, stage, who).launch()
    tab = Keyboard(activity)
    # A lesson: reached, read to its end, and known as read.
    tab.to(activity.frame.locator(".panel a.button")).press("Enter")
    lesson = stage.module("d1").lessons[0]
    activity.heading(stage.typeset(lesson.texts["fr"].title))
    with page.expect_response(lambda answer: answer.url.endswith(f"/{lesson.key}/read")) as marked:
        tab.to(activity.frame.locator("form[data-read-url] button"))
    assert marked.value.status == 204
    page.keyboard.press("Enter")
    activity.heading(stage.typeset(stage.module("d1").lessons[1].texts["fr"].title))
    expect(activity.frame.locator(".plan > li").first).to_have_class("ok")
    # The assessment: every question answered with arrows and the space bar, Enter going on.
    tab.to(activity.frame.locator(".plan > li:last-child a")).press("Enter")
    activity.heading(stage.say("Assessment: %(title)s", title=stage.module("d1").title["fr"]))
    tab.to(activity.frame.locator("main form[method=post] button")).press("Enter")
    expect(activity.frame.locator("form[data-autosave]")).to_be_visible()
    attempt = stage.attempts_of(who)[-1]
    for number in range(1, len(attempt.questions) + 1):
        expect(activity.frame.locator("form[data-autosave]")).to_have_attribute("data-question", str(number))
        # One wrong answer: its feedback is what the learner reads at the end.
        tab.answer(stage, attempt, number, wrong=number == 1)
        activity.expect_saved()
        page.keyboard.press("Enter")
    activity.heading(stage.say("Review my answers"))
    tab.to(activity.frame.locator("form[action$='/submit'] button")).press("Enter")
    activity.heading(stage.say("%(code)s is passed", code="D1"))
    expect(activity.frame.locator(".verdict .big")).to_have_text("90 %")
    # Feedback: the question missed is open, with a reason under each option.
    opened = activity.frame.locator("details.question[open]")
    expect(opened).to_have_count(1)
    expect(opened.locator(".choice.wrong .feedback")).not_to_be_empty()
    expect(opened.locator(".feedback")).to_have_count(len(attempt.questions[0]["options"]))
    # The gradebook of the LMS, then the certificate.
    stage.settle()
    assert stage.grade(who) == pytest.approx(90)
    page.reload()
    Activity(page, stage, who).launch()
    tab.to(activity.frame.locator(".panel a.button")).press("Enter")
    expect(activity.frame.locator(".verdict.ok h1")).to_have_text(stage.say("This certificate is valid"))
    page.goto(f"{stage.lms}/grades")
    row = page.get_by_role("row").filter(has_text=stage.campus.people[who].name).first
    expect(row).to_contain_text("90 / 100")


def test_the_essential_path_needs_no_script(new_page: NewPage, stage: Stage) -> None:
    who = stage.arrived(d2=10)
    page = new_page(java_script_enabled=False)
    activity = Activity(page, stage, who)
    page.goto(f"{stage.lms}/course/{TRACK}?as={who}")
    page.locator("#framed button").click()
    activity.follow("Continue")  # a first visit in a frame: the page that would keep another proof than the cookie
    activity.frame.get_by_role("button", name="Continuer").click()  # the LMS's own
    activity.heading(stage.typeset(stage.track.title["fr"]))
    activity.resume()
    lessons = stage.module("d1").lessons
    for lesson in lessons:
        activity.heading(stage.typeset(lesson.texts["fr"].title))
        activity.frame.locator("form[data-read-url] button").click()
    activity.heading(stage.say("Assessment: %(title)s", title=stage.module("d1").title["fr"]))
    activity.frame.locator("main form[method=post] button").click()
    expect(activity.frame.locator("#answer")).to_be_visible()
    attempt = stage.attempts_of(who)[-1]
    for number, item in enumerate(attempt.questions, start=1):
        activity.heading(stage.say("Question %(number)s of %(count)s", number=number, count=len(attempt.questions)))
        activity.choose(*right_keys(stage.question(stage.module("d1"), item["key"])))
        activity.frame.locator("#answer .row.ends .button").last.click()
    expect(activity.frame.locator("table .tag.ok")).to_have_count(len(attempt.questions))
    # Without the script nothing holds the second click back: the server does.
    activity.frame.locator("form[action$='/submit'] button").dblclick()
    activity.heading(stage.say("%(code)s is passed", code="D1"))
    assert len(stage.attempts_of(who)) == 2
    stage.settle()
    assert stage.grade(who) == pytest.approx(100)
    activity.frame.locator(".brand").click()
    activity.frame.locator("article.card h2 a").click()
    activity.resume()
    expect(activity.frame.locator(".verdict.ok h1")).to_have_text(stage.say("This certificate is valid"))


class Keyboard:
    """Goes through the page by Tab alone."""

    def __init__(self, activity: Activity) -> None:
        self.activity, self.keys = activity, activity.page.keyboard

    def to(self, target: Locator) -> Locator:
        """Press Tab until ``target`` has the focus."""
        expect(target).to_be_visible()
        for _ in range(120):
            if target.evaluate("e => e === document.activeElement && document.hasFocus()"):
                expect(target).to_be_in_viewport()
                return target
            self.keys.press("Tab")
        raise AssertionError(f"Tab never reached {target}")

    def answer(self, stage: Stage, attempt: Attempt, number: int, *, wrong: bool) -> None:
        """Answer the question shown, right or wrong."""
        item = attempt.questions[number - 1]
        asked = stage.question(stage.module(attempt.module_key), item["key"])
        wanted = wrong_keys(asked) if wrong else right_keys(asked)
        choices = self.activity.frame.locator("input[name='a.choice']")
        if asked.type == "multiple":
            for key in wanted:
                self.to(choices.nth(item["options"].index(key)))
                self.keys.press("Space")
            return
        self.to(choices.first)
        self.keys.press("Space")
        for _ in range(item["options"].index(wanted[0])):
            self.keys.press("ArrowDown")
