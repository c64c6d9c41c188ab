"""Inside the LMS: cookies across sites, the frame's height, a tab of one's own, and what is told when it cannot be."""

from browser_frame import Activity, NewPage
from browser_stage import LEARNER, TRACK, Stage
from playwright.sync_api import expect
from sqlalchemy import update

from lms.models import Platform, db


def test_only_our_partitioned_cookie_crosses_sites(new_whole_page: NewPage, stage: Stage) -> None:
    page = new_whole_page()
    # A cookie like any other, that a browser without protection would send in the frame.
    given = {"Set-Cookie": "plain=1; Path=/; Secure; SameSite=None"}
    page.route("**/plain", lambda route: route.fulfill(status=200, headers=given, body=""))
    page.goto("/plain")
    first_party = page.goto("/verify")
    assert first_party is not None
    assert "plain=1" in (first_party.request.all_headers().get("cookie") or "")
    with page.expect_response(lambda answer: answer.url.endswith(f"/learn/{TRACK}")) as landed:
        Activity(page, stage, LEARNER).launch()
    sent = landed.value.request.all_headers().get("cookie") or ""
    assert "mpia=" in sent
    assert "plain" not in sent
    kept = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert kept["mpia"]["secure"]
    assert kept["mpia"]["httpOnly"]
    assert kept["mpia"]["sameSite"] == "None"
    assert kept["mpia"].get("partitionKey") == "http://127.0.0.1"


def test_the_frame_takes_the_height_of_what_it_shows(new_page: NewPage, stage: Stage) -> None:
    page = new_page()
    activity = Activity(page, stage, LEARNER).launch()
    height = "e => [Math.ceil(e.getBoundingClientRect().height), e.scrollWidth <= window.innerWidth]"

    def follows() -> int:
        for _ in range(50):
            wanted, fits = activity.frame.locator("html").evaluate(height)
            if page.locator("#tool").get_attribute("height") == str(wanted):
                assert fits
                return int(wanted)
            page.wait_for_timeout(100)
        raise AssertionError(f"{page.locator('#tool').get_attribute('height')} for {wanted}")

    track = follows()
    assert track > 900
    activity.resume()
    expect(activity.frame.locator(".read")).to_be_visible()
    lesson = follows()
    assert lesson > track
    # Opening something on the page is enough.
    activity.frame.locator(".reveal > summary").first.click()
    assert follows() > lesson
    page.set_viewport_size({"width": 360, "height": 700})
    assert follows() > lesson


def test_a_new_tab_arrives_signed_in(new_page: NewPage, stage: Stage) -> None:
    page = new_page()
    activity = Activity(page, stage, stage.learner()).launch()
    activity.accessible()
    activity.follow("Open in a new tab")
    with page.expect_popup() as opened:
        activity.press("Open the new tab")
    tab = opened.value
    tab.wait_for_url(f"{stage.tool}/learn/{TRACK}")
    expect(tab.locator("body.embedded")).to_have_count(0)
    leave = tab.get_by_role("button", name=stage.say("Sign out"))
    expect(leave).to_be_visible()
    # Both go on, each with its session.
    activity.follow("Stay here")
    activity.heading("Décideurs publics")
    leave.click()
    tab.wait_for_url(f"{stage.tool}/account/login")
    activity.resume()
    expect(activity.frame.locator(".read")).to_be_visible()


def test_the_way_back_is_shown_when_the_session_has_ended(new_page: NewPage, stage: Stage) -> None:
    page = new_page("401")
    activity = Activity(page, stage, stage.learner()).launch()
    stage.end_sessions(activity.who)
    activity.resume()
    activity.heading(stage.say("Open the activity again"))
    expect(activity.says("Nothing is lost.")).to_be_visible()
    activity.accessible()
    activity.follow("Back to my course")
    page.wait_for_url(f"{stage.lms}/course")
    activity.launch().heading("Décideurs publics")


def test_a_refused_entry_is_told_inside_the_frame(new_page: NewPage, stage: Stage) -> None:
    page = new_page("403")
    set_platform(stage, "suspended")
    try:
        activity = Activity(page, stage, LEARNER).launch()
        activity.heading(stage.say("The connection with this training platform is suspended."))
        expect(activity.frame.locator("#reference")).to_be_visible()
        activity.accessible()
    finally:
        set_platform(stage, "active")


def test_the_language_chosen_is_kept(new_page: NewPage, stage: Stage) -> None:
    page = new_page()
    activity = Activity(page, stage, stage.learner()).launch()
    activity.frame.get_by_role("button", name="English").click()
    activity.heading("Public decision makers")
    expect(activity.frame.locator("html")).to_have_attribute("lang", "en")
    activity.resume()
    expect(activity.frame.get_by_role("heading", name="By the end of this lesson")).to_be_visible()
    activity.launch().heading("Public decision makers")
    activity.frame.get_by_role("button", name="Français").click()
    activity.heading("Décideurs publics")


def test_a_platform_in_english_opens_in_english(new_page: NewPage, stage: Stage) -> None:
    Activity(new_page(), stage, stage.learner(locale="en-GB")).launch().heading("Public decision makers")


def test_reading_settings_are_seen_at_once_and_kept(new_page: NewPage, stage: Stage) -> None:
    page = new_page()
    activity = Activity(page, stage, stage.learner()).launch()
    activity.resume()
    html = activity.frame.locator("html")
    kept = activity.frame.locator("form[data-reading]").get_by_role("status")
    activity.frame.locator("#size-xl").check()
    expect(html).to_have_attribute("data-size", "xl")
    expect(kept).to_have_text(stage.say("Setting kept."))
    activity.frame.locator("#space-l").check()
    expect(html).to_have_attribute("data-space", "l")
    expect(kept).to_have_text(stage.say("Setting kept."))
    assert html.evaluate("e => e.scrollWidth <= window.innerWidth")
    activity.launch()
    expect(html).to_have_attribute("data-size", "xl")
    expect(html).to_have_attribute("data-space", "l")


def test_what_was_saved_is_announced(new_page: NewPage, stage: Stage) -> None:
    activity = Activity(new_page(), stage, stage.learner()).launch()
    activity.follow("Reading settings")
    activity.heading(stage.say("My settings"))
    activity.frame.locator("#certificate_name").fill("Agent de démonstration")
    activity.press("Save")
    expect(activity.frame.get_by_role("status")).to_have_text(stage.say("Your settings are kept."))


def set_platform(stage: Stage, status: str) -> None:
    """Suspend the LMS's connection, or resume it."""
    with stage.app.app_context():
        db.session.execute(update(Platform).values(status=status))
        db.session.commit()
        db.session.remove()
