"""Automatic accessibility rules, in a page or in a frame of another site."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

_RUN = """async (options) => (await axe.run(document, {resultTypes: ['violations'], ...options}))
  .violations.map(v => [v.id, v.nodes.map(n => n.html)])"""


def bring_axe(where: Page | Frame) -> None:
    """Make the rules known to a document, before ``violations``; a click comes back before the next one is read."""
    where.wait_for_load_state()
    where.evaluate(AXE_SCRIPT)


def violations(where: Page | Frame, **options: Any) -> list[Any]:
    """The rules that do not hold, each with the elements concerned."""
    found: list[Any] = where.evaluate(_RUN, options)
    return found


def accessible(page: Page, inside: Frame | None = None, widths: tuple[int, ...] = (1280, 360)) -> None:
    """A page, or what a frame of it shows, breaks no rule and never scrolls sideways: wide and as on a phone."""
    shown, size = inside or page, page.viewport_size
    assert size is not None
    bring_axe(shown)
    for width in widths:
        page.set_viewport_size({"width": width, "height": size["height"]})
        found = violations(shown)
        assert found == [], f"{shown.url}: {found}"
        assert shown.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), shown.url
    page.set_viewport_size(size)
