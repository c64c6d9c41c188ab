"""Whole launches: by the headless helper, and in a real browser across two sites."""

from collections.abc import Iterator
from dataclasses import replace

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from devlms_fake_tool import FakeTool
from playwright.sync_api import Browser, Page

from lms.devlms import Campus, HeadlessBrowser
from lms.devlms.gradebook import Score
from lms.devlms.vocabulary import DEEP_LINKING_SPEC

CONTENT_ITEMS = DEEP_LINKING_SPEC + "content_items"


@pytest.fixture
def campus(served: Campus) -> Campus:
    """The served LMS."""
    return served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the system's Chromium."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_the_headless_browser_walks_a_launch(campus: Campus, tool: FakeTool) -> None:
    with HeadlessBrowser(campus.settings.issuer) as browser:
        landing = browser.launch("11", "3")
        assert str(landing.url) == f"{tool.url}/landing"
        assert "preuve : kept" in landing.text
        assert [step.status_code for step in browser.trail] == [200, 302, 200, 303, 200]
        assert browser.grades() == []
    claims = jwt.decode(tool.launches[0]["id_token"], options={"verify_signature": False})
    assert claims["sub"] == "11"


@pytest.mark.browser
def test_an_activity_opens_in_its_frame_and_takes_its_height(campus: Campus, tool: FakeTool, page: Page) -> None:
    page.goto(f"{campus.settings.issuer}/course/3?as=12")
    frame = page.frame_locator("#tool")
    frame.get_by_role("heading", name="Outil ouvert").wait_for()
    assert "preuve : kept" in frame.locator("p").inner_text()
    page.locator("iframe[height='912']").wait_for()
    page.evaluate('window.postMessage({subject: "lti.frameResize", height: 5000}, "*")')
    assert page.locator("#tool").get_attribute("height") == "912"


@pytest.mark.browser
def test_an_activity_opens_in_a_new_tab(campus: Campus, tool: FakeTool, page: Page) -> None:
    page.goto(f"{campus.settings.issuer}/course/3?as=11")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Ouvrir dans un nouvel onglet").click()
    opened.value.get_by_role("heading", name="Outil ouvert").wait_for()


@pytest.mark.browser
def test_content_is_chosen_in_a_frame_and_opened_from_the_course(campus: Campus, tool: FakeTool, page: Page) -> None:
    tool.picked = {CONTENT_ITEMS: [{"type": "ltiResourceLink", "title": "Santé", "lineItem": {"scoreMaximum": 20}}]}
    page.goto(f"{campus.settings.issuer}/course?as=13")
    page.get_by_role("button", name="Ajouter une activité").click()
    frame = page.frame_locator("#tool")
    frame.get_by_role("button", name="Choisir").click()
    frame.get_by_role("button", name="Envoyer").click()
    frame.get_by_role("link", name="Revenir au cours").click()
    page.get_by_role("link", name="Santé").click()
    page.frame_locator("#tool").get_by_role("heading", name="Outil ouvert").wait_for()


@pytest.mark.browser
def test_a_tool_is_connected_by_one_paste(campus: Campus, tool: FakeTool, page: Page) -> None:
    page.goto(f"{campus.settings.issuer}/tools?as=15")
    page.get_by_label("Adresse d'inscription").fill(f"{tool.url}/lti/register")
    page.get_by_role("button", name="Connecter un outil").click()
    page.frame_locator("#tool").get_by_role("button", name="Oui").click()
    page.get_by_text("Outil inscrit").wait_for()
    page.get_by_role("button", name="Activer").click()
    page.get_by_text("Outil inscrit · actif").wait_for()


@pytest.mark.browser
def test_pages_are_accessible_and_fit_a_narrow_screen(campus: Campus, tool: FakeTool, page: Page) -> None:
    score = Score("11", "2026-11-02T09:00:00Z", "Completed", "FullyGraded", 8, 10, "Acquis", 80, 1)
    campus.store.add_score(score, lambda _latest: score)
    campus.catalogue.add_tool(replace(campus.settings.tool, client_id="second", name="Second outil"))
    campus.copy_course(campus.settings.course)
    campus.quirks = replace(campus.quirks, submission_review=True, data_privacy=True, platform_storage="keeper")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        for path in (
            *("/?as=11", "/course", "/course/3", "/grades", "/nowhere", "/auth", "/course?as=13", "/courses/2/add"),
            *("/?as=15", "/tools", "/quirks", "/review/1/11", "/privacy/11"),
        ):
            page.goto(campus.settings.issuer + path)
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
