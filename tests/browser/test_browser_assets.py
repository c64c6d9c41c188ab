"""Style and scripts come once, as Chromium keeps them: a slow network carries the page alone."""

from browser_stage import Stage
from playwright.sync_api import Browser

#: What the page is made of: each part's path, and the bytes that came for it.
PARTS = """() => Object.fromEntries(performance.getEntriesByType("resource")
    .map((part) => [new URL(part.name).pathname, part.transferSize]).filter(([path]) => path.startsWith("/static/")))"""


def test_the_parts_of_a_page_come_once(browser: Browser, stage: Stage) -> None:
    page = browser.new_context(base_url=stage.tool).new_page()
    page.goto("/verify")
    page.wait_for_load_state("networkidle")
    first = page.evaluate(PARTS)
    assert {path.rpartition("/")[2] for path in first} >= {"look.css", "app.js", "page.js"}
    assert all(first.values())
    page.goto("/account/login")
    page.wait_for_load_state("networkidle")
    then = page.evaluate(PARTS)
    assert set(first) <= set(then)
    assert {then[path] for path in first} == {0}
    page.context.close()
