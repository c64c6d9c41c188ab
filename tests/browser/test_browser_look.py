"""Every page: accessible in both schemes and at both widths, narrow enough, silent on the console, said to readers."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from browser_axe import bring_axe, violations
from browser_origins import asked_elsewhere
from browser_tour import NAMES, Tour
from playwright.sync_api import Browser, Page, Request, expect

WIDE, NARROW, NARROWEST = 1280, 360, 320
#: Every rule in the light scheme; the dark one changes colours and nothing else.
RULES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
OVERFLOWS = "() => [document.documentElement.scrollWidth, window.innerWidth]"
#: WCAG 2.2, 1.4.12: what a reader may impose without losing anything.
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
    p { margin-block-end: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
#: What a screen reader is given before it reads: gathered in one call.
OUTLINE = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  h1: [...document.querySelectorAll('h1')].length,
  main: document.querySelectorAll('main').length,
  header: document.querySelectorAll('body > header').length,
  footer: document.querySelectorAll('body > footer').length,
  skip: document.querySelector('body > a')?.getAttribute('href'),
  levels: [...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1])),
  unlinked: [...document.querySelectorAll('[aria-invalid=true]')]
    .filter(f => !(f.getAttribute('aria-describedby') ?? '').split(' ').some(id => document.getElementById(id)))
    .map(f => f.outerHTML),
  dangling: [...document.querySelectorAll('[aria-labelledby], [aria-describedby]')]
    .flatMap(e => `${e.getAttribute('aria-labelledby') ?? ''} ${e.getAttribute('aria-describedby') ?? ''}`.split(' '))
    .filter(id => id && !document.getElementById(id)),
  filled: document.querySelectorAll('main .button:not(.quiet)').length,
  unlimited: [...document.querySelectorAll('input[type=file]:not([data-largest][data-too-large])')]
    .map(f => f.outerHTML),
  untold: document.body.innerText.match(/\\{n\\}|%\\(|\\b(None|undefined|null)\\b/g),
})"""

Visit = Callable[[str], Page]


class Visitor:
    """A person's tab, kept from one page of the tour to the next; what its pages said on the console, and to whom."""

    def __init__(self, browser: Browser, tour: Tour, who: str | None) -> None:
        self.tour = tour
        self.said: list[str] = []
        self.asked_elsewhere: list[str] = []
        self._statuses: list[int] = []
        self._context = browser.new_context(base_url=tour.stage.tool, locale="fr-FR", reduced_motion="reduce")
        if who:
            self._context.add_cookies([tour.stage.cookie(who)])
        self._page = self._context.new_page()
        self._page.on("response", lambda r: self._statuses.append(r.status) if r.request.is_navigation_request() else 0)
        self._page.on("console", lambda message: self.said.append(message.text))
        self._page.on("pageerror", lambda error: self.said.append(str(error)))
        self._page.on("request", self._hear)

    def _hear(self, request: Request) -> None:
        if asked_elsewhere(request, self.tour.stage.tool):
            self.asked_elsewhere.append(request.url)

    def open(self, name: str) -> Page:
        """A page of the tour, as a wide window shows it in the light."""
        stop, page = self.tour.stops[name], self._page
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(stop.path)
        if stop.act:
            stop.act(page)
            page.wait_for_load_state()
        assert self._statuses[-1] == NAMES[name]
        return page

    def close(self) -> None:
        """Close the tab."""
        self._context.close()


@pytest.fixture(scope="module")
def visitors() -> Iterator[dict[str | None, Visitor]]:
    """Who has come so far."""
    come: dict[str | None, Visitor] = {}
    yield come
    for visitor in come.values():
        visitor.close()


@pytest.fixture
def visit(browser: Browser, tour: Tour, visitors: dict[str | None, Visitor]) -> Iterator[Visit]:
    """Opens a page of the tour as the person it is for; it may say nothing on the console, and ask no other site."""

    def go(name: str) -> Page:
        who = tour.stops[name].who
        if who not in visitors:
            visitors[who] = Visitor(browser, tour, who)
        return visitors[who].open(name)

    yield go
    said = [text for visitor in visitors.values() for text in visitor.said]
    for visitor in visitors.values():
        visitor.said.clear()
    assert [url for visitor in visitors.values() for url in visitor.asked_elsewhere] == []
    # Chromium itself reports the status of an error page.
    assert [text for text in said if "the server responded with a status of" not in text] == []


def test_the_tour_shows_every_page(tour: Tour) -> None:
    assert set(tour.stops) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_accessible_and_fits(name: str, visit: Visit) -> None:
    page = visit(name)
    seen = page.evaluate(OUTLINE)
    assert seen["lang"] == "fr"
    assert seen["title"].endswith(" · Manager Public IA")
    assert len(seen["title"]) > len(" · Manager Public IA")
    assert (seen["h1"], seen["main"], seen["header"], seen["footer"]) == (1, 1, 1, 1)
    assert seen["skip"] == "#content"
    assert all(after - before <= 1 for before, after in pairwise(seen["levels"]))
    assert seen["unlinked"] == []
    assert seen["dangling"] == []
    assert seen["unlimited"] == [], "a file too large would be refused after it was sent"
    assert seen["untold"] is None
    bring_axe(page)
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert violations(page, **rules) == [], (scheme, width)
    fits(page)
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    fits(page)
    page.evaluate(SPACING)
    fits(page)


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    content, window = page.evaluate(OVERFLOWS)
    assert content <= window


@pytest.mark.parametrize("name", ["track", "question-single", "verify", "login-empty"])
def test_the_keyboard_skips_to_the_content_and_shows_where_it_is(name: str, visit: Visit) -> None:
    page = visit(name)
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    # From there, every stop shows a ring of 3 px and is in sight; the tour comes back to the start by itself.
    for _ in range(page.locator("a, button, input, select, summary").count()):
        page.keyboard.press("Tab")
        width, tag = page.evaluate(
            "[getComputedStyle(document.activeElement).outlineWidth, document.activeElement.tagName]"
        )
        if tag == "BODY":
            break
        assert width == "3px", page.evaluate("document.activeElement.outerHTML")
        expect(page.locator("*:focus")).to_be_in_viewport()


def test_the_form_errors_are_tied_to_their_fields(visit: Visit) -> None:
    page = visit("login-empty")
    field = page.locator("#username")
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby") or ""
    assert page.locator(f"#{described.split()[-1]}").inner_text().strip()
    summary = page.get_by_role("alert")
    summary.get_by_role("link").first.click()
    expect(field).to_be_focused()


def test_the_plan_of_questions_says_each_state(visit: Visit, tour: Tour) -> None:
    page = visit("question-last")
    strip = page.locator(".strip").get_by_role("button")
    said = [
        ("Question %(number)s", 3, "answered", "flagged"),
        ("Question %(number)s", 5, "no answer"),
        ("Question %(number)s", 10, "this one", "no answer"),
    ]
    for message, number, *states in said:
        words = [tour.stage.say(message, number=number), *map(tour.stage.say, states)]
        expect(strip.nth(number - 1)).to_have_accessible_name(re.compile(" ?, ".join(map(re.escape, words)) + "$"))
