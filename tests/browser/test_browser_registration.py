"""An administrator connects an LMS: one paste, one consent in its frame, activated, checked, first entry."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_axe import bring_axe, violations
from browser_frame import NewPage
from browser_stage import STEWARD, TRACK, TRAINER, Stage
from playwright.sync_api import Frame, Page, expect

from lms.devlms import CourseLink, DevLmsSettings, ServerHandle, create_devlms, serve
from tests.running_in_test import free_port

ADMINISTRATOR, AGENT = "15", "11"


@pytest.fixture
def new_lms(stage: Stage, tmp_path: Path) -> Iterator[ServerHandle]:
    """An LMS that the service has never heard of."""
    port = free_port()
    settings = DevLmsSettings(
        issuer=f"http://127.0.0.1:{port}", tool_url=stage.tool, client_id="by-hand", deployment_id="1",
        data_dir=tmp_path, links=(CourseLink("none", "Another tool"),),
    )  # fmt: skip
    handle = serve(create_devlms(settings), "127.0.0.1", port)
    yield handle
    handle.stop()


def steward(new_page: NewPage, stage: Stage) -> Page:
    """The administrator of the service, signed in."""
    page = new_page("403")
    page.context.add_cookies([stage.cookie(STEWARD)])
    return page


def address(page: Page, stage: Stage) -> str:
    """A connection address, made on our page."""
    page.goto("/admin/")
    page.get_by_role("link", name=stage.say("Connect a platform")).click()
    page.get_by_role("button", name=stage.say("Make the address")).click()
    return page.locator("#invitation").inner_text()


def inside(page: Page) -> Frame:
    """What the LMS frames."""
    frame = page.frame(name="tool")
    assert frame is not None
    return frame


def paste(page: Page, lms: str, url: str) -> Frame:
    """Paste the address in the LMS, as its administrator."""
    page.goto(f"{lms}/tools?as={ADMINISTRATOR}")
    page.locator("input[name=url]").fill(url)
    page.get_by_role("button", name="Connecter un outil").click()
    expect(page.frame_locator("#tool").locator("h1")).to_be_visible()
    return inside(page)


def accessible(frame: Frame) -> None:
    bring_axe(frame)
    assert violations(frame) == []
    assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_from_one_paste_to_the_first_entry(new_page: NewPage, stage: Stage, new_lms: ServerHandle) -> None:
    ours, theirs, lms = steward(new_page, stage), new_page("403"), new_lms.url
    frame = paste(theirs, lms, address(ours, stage))
    accessible(frame)
    theirs.set_viewport_size({"width": 360, "height": 800})
    accessible(frame)
    theirs.set_viewport_size({"width": 1280, "height": 900})
    frame.get_by_role("button", name=stage.say("Agree and connect")).click()
    # The platform is told, and leaves the frame by itself.
    theirs.wait_for_url(f"{lms}/tools")
    expect(theirs.get_by_text("en attente d'activation")).to_be_visible()
    # Its page checks itself, and names the one thing to do.
    ours.goto("/admin/")
    ours.get_by_role("link", name="127.0.0.1").last.click()
    expect(ours.locator("#fix")).to_contain_text(stage.say("An access token is given"))
    expect(ours.get_by_text(stage.say("In the platform, activate the tool if it is pending."))).to_be_visible()
    accessible(ours.main_frame)
    theirs.get_by_role("button", name="Activer").click()
    # Green by itself: nobody touches the page.
    expect(ours.locator("#fix")).to_have_count(0, timeout=40_000)
    waited = stage.say("Awaited: add the activity to a course and open it.")
    expect(ours.get_by_text(waited, exact=True)).to_be_visible()
    theirs.goto(f"{lms}/courses/2?as={TRAINER}")
    theirs.get_by_text("Décrire une activité à la main").click()
    form = theirs.locator("form[action$='/links']").last
    form.locator("select[name=tool]").select_option(label="Manager Public IA")
    form.locator("[name=title]").fill("Décideurs")
    form.locator("[name=custom]").fill(f"track={TRACK}")
    form.get_by_role("button").click()
    link = theirs.get_by_role("link", name="Décideurs").get_attribute("href")
    theirs.goto(f"{lms}{link}?as={AGENT}")
    expect(theirs.frame_locator("#tool").locator("h1")).to_have_text("Décideurs publics")
    expect(ours.get_by_text(waited, exact=True)).to_have_count(0, timeout=15_000)
    expect(ours.locator(".lead")).to_have_text(stage.say("The connection works."))
    accessible(ours.main_frame)


def test_without_cookies_the_consent_goes_on_in_a_tab(new_page: NewPage, stage: Stage, new_lms: ServerHandle) -> None:
    ours, theirs = steward(new_page, stage), new_page("403", "401")
    frame = paste(theirs, new_lms.url, address(ours, stage))
    theirs.context.clear_cookies()  # as a browser that keeps none in frames
    frame.get_by_role("button", name=stage.say("Agree and connect")).click()
    way = theirs.frame_locator("#tool").get_by_role("link", name=stage.say("Open in a new tab"))
    expect(way).to_be_visible()
    accessible(inside(theirs))
    with theirs.expect_popup() as opened:
        way.click()
    tab = opened.value
    tab.get_by_role("button", name=stage.say("Agree and connect")).click()
    expect(tab.locator("h1")).to_have_text(stage.say("%(name)s is registered", name="127.0.0.1"))
