"""An answer that was given is never lost."""

import pytest
from browser_frame import Activity, NewPage
from browser_outage import UNAVAILABLE, without_database
from browser_stage import Stage, right_keys, wrong_keys
from playwright.sync_api import Page, Route, expect

from lms.models import Attempt

#: What Chromium logs by itself when the network is cut or a session has ended.
NETWORK = ("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "ERR_CONNECTION_REFUSED", "status of 401")


class Sitting:
    """A person before the first question of an attempt, in the LMS's frame."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self.stage = stage
        self.who = stage.arrived()
        self.attempt: Attempt = stage.attempt(self.who, "d1", None)
        self.activity = Activity(page, stage, self.who).launch()
        self.activity.resume()
        self.on(1)

    def on(self, number: int) -> None:
        """Wait for the page of that question."""
        expect(self.activity.frame.locator("form[data-autosave]")).to_have_attribute("data-question", str(number))

    def right(self, number: int) -> list[str]:
        """The right options of a question."""
        return right_keys(self.stage.question(self.stage.module("d1"), self.key(number)))

    def wrong(self, number: int) -> list[str]:
        """A wrong option of a question."""
        return wrong_keys(self.stage.question(self.stage.module("d1"), self.key(number)))

    def key(self, number: int) -> str:
        """The key of a question."""
        return str(self.attempt.questions[number - 1]["key"])

    def kept(self, number: int) -> set[str]:
        """What the database holds."""
        return set(self.stage.kept_answers(self.attempt.id).get(self.key(number), []))

    def go(self, number: int) -> None:
        """Press the button of a question in the list."""
        self.activity.frame.locator(f".strip button[value='{number}']").click()

    def relaunch(self, page: Page | None = None) -> None:
        """Open the activity again and go on; the panel leads to the first question without answer."""
        self.activity = Activity(page or self.activity.page, self.stage, self.who).launch()
        self.activity.resume()


@pytest.fixture
def sitting(new_page: NewPage, stage: Stage) -> Sitting:
    return Sitting(stage, new_page(*NETWORK, UNAVAILABLE))


def test_each_answer_is_saved_as_it_is_chosen(sitting: Sitting) -> None:
    activity = sitting.activity
    line = activity.frame.locator("[data-answered]")
    expect(line).to_contain_text("0")
    activity.choose(*sitting.right(1))
    activity.expect_saved()
    assert sitting.kept(1) == set(sitting.right(1))
    # The bar and the list follow without a reload, for every reader.
    expect(line).to_contain_text("1")
    expect(activity.frame.locator(".exam progress")).to_have_js_property("value", 1)
    expect(activity.frame.locator(".strip li").first).to_have_class("done")
    assert activity.saved.get_attribute("role") == "status"
    # The last answer wins.
    activity.frame.locator("input[name='a.choice']:checked").first.press("ArrowDown")
    activity.frame.locator("#flag").check()
    expect(activity.frame.locator(".strip li").first).to_have_class("done flag")


def test_an_answer_given_without_network_is_sent_when_it_is_back(sitting: Sitting) -> None:
    activity = sitting.activity
    activity.page.wait_for_load_state("networkidle")  # its scripts came while there was a network
    activity.page.context.set_offline(True)
    activity.choose(*sitting.right(1))
    activity.expect_saved("failed")
    expect(activity.saved).to_contain_text(sitting.stage.say(OFFLINE))
    assert sitting.kept(1) == set()
    activity.page.context.set_offline(False)
    activity.expect_saved()
    assert sitting.kept(1) == set(sitting.right(1))


def test_an_answer_that_nothing_comes_back_for_is_sent_again(sitting: Sitting) -> None:
    activity, held = sitting.activity, list[Route]()

    def silent_once(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    activity.page.route("**/learn/attempts/*/1", silent_once)
    activity.choose(*sitting.right(1))
    sitting.go(2)  # waits for it
    sitting.on(2)
    assert sitting.kept(1) == set(sitting.right(1))


def test_an_answer_is_kept_when_the_tab_closes_at_once(sitting: Sitting) -> None:
    context = sitting.activity.page.context
    sitting.activity.choose(*sitting.right(1))
    sitting.activity.page.close(run_before_unload=True)
    sitting.relaunch(context.new_page())
    sitting.on(2)
    sitting.go(1)
    sitting.on(1)
    assert set(sitting.activity.chosen()) == set(sitting.right(1))


def test_an_answer_given_after_the_session_ended_is_kept(sitting: Sitting) -> None:
    sitting.stage.end_sessions(sitting.who)
    sitting.activity.choose(*sitting.right(1))
    sitting.activity.expect_saved()
    sitting.go(2)
    sitting.activity.heading(sitting.stage.say("Open the activity again"))
    sitting.relaunch()
    sitting.on(2)
    sitting.go(1)
    sitting.on(1)
    assert set(sitting.activity.chosen()) == set(sitting.right(1))
    assert sitting.kept(1) == set(sitting.right(1))


def test_a_restart_of_the_service_loses_nothing(sitting: Sitting) -> None:
    activity = sitting.activity
    activity.choose(*sitting.right(1))
    activity.expect_saved()
    sitting.go(2)
    sitting.on(2)
    activity.loaded()
    with sitting.stage.stopped():
        activity.choose(*sitting.right(2))
        activity.expect_saved("failed")
    activity.expect_saved()
    sitting.go(3)
    sitting.on(3)
    assert (sitting.kept(1), sitting.kept(2)) == (set(sitting.right(1)), set(sitting.right(2)))


def test_an_answer_given_before_the_script_comes_is_saved(sitting: Sitting) -> None:
    activity = sitting.activity
    late: list[Route] = []
    activity.page.route("**/static/*/attempt.js", lambda route: late.append(route))
    sitting.go(2)
    sitting.on(2)
    activity.choose(*sitting.right(2))
    assert late
    for held in late:
        held.continue_()
    activity.expect_saved()
    assert sitting.kept(2) == set(sitting.right(2))


def test_an_answer_left_unsent_by_one_page_is_sent_by_the_next(sitting: Sitting) -> None:
    activity = sitting.activity
    activity.page.route(
        "**/learn/attempts/*/1", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    activity.choose(*sitting.right(1))
    activity.expect_saved("failed")
    activity.page.once("dialog", lambda dialog: dialog.accept())
    activity.page.unroute("**/learn/attempts/*/1")
    sitting.relaunch()
    expect(sitting.activity.frame.locator("form[data-autosave]")).to_be_visible()
    for _ in range(50):
        if sitting.kept(1):
            break
        activity.page.wait_for_timeout(100)
    assert sitting.kept(1) == set(sitting.right(1))


@pytest.mark.parametrize("chosen", ["again", "as it was"])
def test_nobody_leaves_a_question_before_its_answer_is_kept(sitting: Sitting, stage: Stage, chosen: str) -> None:
    """The frame of this browser has no memory: a page that is left takes what it could not send with it."""
    activity = sitting.activity
    with without_database(stage.served):
        activity.choose(*sitting.wrong(1))
        activity.expect_saved("failed")
        sitting.go(3)
        activity.expect_saved("failed")
        sitting.on(1)
        assert set(activity.chosen()) == set(sitting.wrong(1))
        if chosen == "again":  # they stay here, then: it is for them to go on
            for field in activity.frame.locator("input[type=checkbox][name='a.choice']:checked").all():
                field.uncheck()
            activity.choose(*sitting.right(1))
            activity.expect_saved("failed")
    if chosen == "again":
        activity.expect_saved()
        sitting.on(1)
    else:
        sitting.on(3)
    assert sitting.kept(1) == set(sitting.right(1) if chosen == "again" else sitting.wrong(1))


def in_a_tab(sitting: Sitting, stage: Stage, new_page: NewPage) -> Page:
    """The first question on a page of its own, which has a memory."""
    tab = new_page(*NETWORK)
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.context.add_cookies([stage.cookie(sitting.who)])
    tab.goto(f"{stage.tool}/learn/attempts/{sitting.attempt.id}/1")
    return tab


def test_what_a_page_could_not_send_arrives_before_submitting(
    sitting: Sitting, stage: Stage, new_page: NewPage
) -> None:
    for number in range(2, 11):
        stage.answer(sitting.attempt, number)
    tab = in_a_tab(sitting, stage, new_page)
    tab.route(
        "**/learn/attempts/*/1", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    for key in sitting.right(1):
        tab.locator(f"input[name='a.choice'][value='{key}']").check()
    status = tab.locator("[data-save-status]")
    expect(status).to_have_attribute("data-state", "failed")
    tab.goto(f"{stage.tool}/learn/attempts/{sitting.attempt.id}/review")
    expect(status).to_have_text(stage.say(OFFLINE))
    tab.locator("form[action$='/submit'] button").click()
    expect(status).to_have_text(stage.say(OFFLINE))
    assert [row.submitted_at for row in stage.attempts_of(sitting.who)] == [None]
    tab.unroute("**/learn/attempts/*/1")
    tab.evaluate("dispatchEvent(new Event('online'))")
    expect(tab.locator("h1 + .lead")).to_have_text(stage.say("Every question is answered."))
    assert sitting.kept(1) == set(sitting.right(1))
    tab.locator("form[action$='/submit'] button").click()
    expect(tab.locator("#score .big")).to_contain_text("100")


def test_what_arrived_unknown_to_its_page_takes_no_later_answers_place(
    sitting: Sitting, stage: Stage, new_page: NewPage
) -> None:
    """In a tab, which has a memory: an answer arrives, its acknowledgement does not, and another page answers since."""
    tab = in_a_tab(sitting, stage, new_page)

    def unanswered(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    tab.route("**/learn/attempts/*/1", unanswered)
    for key in sitting.wrong(1):
        tab.locator(f"input[name='a.choice'][value='{key}']").check()
    expect(tab.locator("[data-save-status]")).to_have_attribute("data-state", "failed")
    assert sitting.kept(1) == set(sitting.wrong(1))
    stage.answer(sitting.attempt, 1)
    tab.unroute("**/learn/attempts/*/1")
    tab.reload()
    chosen = tab.locator("input[name='a.choice']:checked")
    expect(chosen).to_have_count(len(sitting.right(1)))
    assert {field.get_attribute("value") for field in chosen.all()} == set(sitting.right(1))
    assert tab.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('answer:'))") == []
    assert sitting.kept(1) == set(sitting.right(1))


def test_a_double_click_submits_once(sitting: Sitting, stage: Stage) -> None:
    for number in range(1, 11):
        stage.answer(sitting.attempt, number)
    activity = sitting.activity
    activity.frame.locator("#answer button[name=go][value=review]").or_(
        activity.frame.locator("button[form=answer][value=review]")
    ).first.click()
    activity.frame.locator("form[action$='/submit'] button").dblclick()
    activity.heading(stage.say("%(code)s is passed", code="D1"))
    rows = stage.attempts_of(sitting.who)
    assert len(rows) == 1
    assert rows[0].submitted_at is not None
    # Going back and answering again changes nothing, and says so by leading to the result.
    activity.frame.locator("body").evaluate("() => history.back()")
    activity.heading(stage.say("%(code)s is passed", code="D1"))


OFFLINE = "Not saved: the server cannot be reached. Your answer is kept in this tab and will be sent again by itself."
