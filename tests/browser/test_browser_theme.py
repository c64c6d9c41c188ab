"""A deployer's theme, that of the guide, as browsers show it: its values, its picture, and nothing less readable."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser_axe import accessible
from browser_stage import Stage
from playwright.sync_api import Browser, Page

from lms.app import create_app
from lms.devlms import serve
from tests.running_in_test import free_port

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/deployment.md").read_text("utf-8").partition("## A theme of your own\n")[2].partition("\n## ")[0]
ARMS = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#000091" d="M0 0h8v8H0z"/></svg>'
SHOWN = """() => ({
  accent: getComputedStyle(document.documentElement).getPropertyValue("--accent"),
  button: getComputedStyle(document.querySelector(".button")).backgroundColor,
  mark: getComputedStyle(document.querySelector(".brand svg")).display,
  parts: performance.getEntriesByType("resource").map((part) => part.name.split("/").pop()),
})"""


@pytest.fixture
def page(browser: Browser, stage: Stage, tmp_path: Path) -> Iterator[Page]:
    """A page of a service that has the theme of the guide."""
    sheet = re.search(r"```css\n(.*?)```", GUIDE, re.DOTALL)
    assert sheet is not None
    (tmp_path / "theme.css").write_text(sheet[1], "utf-8")
    (tmp_path / "arms.svg").write_text(ARMS, "utf-8")
    app = create_app(replace(stage.app.extensions["mpia"], theme_dir=tmp_path))
    server = serve(app, "127.0.0.1", free_port())
    context = browser.new_context(base_url=server.url)
    shown = context.new_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    yield shown
    context.close()
    server.stop()
    app.extensions["outbound"].close()
    assert said == []


@pytest.mark.parametrize(("scheme", "accent", "button"), [
    ("light", "#000091", "rgb(0, 0, 145)"), ("dark", "#aeaef9", "rgb(174, 174, 249)"),
])  # fmt: skip
def test_the_theme_of_the_guide_is_shown(page: Page, scheme: str, accent: str, button: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in ("/account/login", "/verify"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        seen = page.evaluate(SHOWN)
        assert (seen["accent"], seen["button"], seen["mark"]) == (accent, button, "none")
        assert {"look.css", "theme.css", "arms.svg"} <= set(seen["parts"])
        accessible(page)


def test_the_values_that_the_guide_names_are_those_of_our_look() -> None:
    look = (ROOT / "lms/static/look.css").read_text("utf-8")
    named = set(re.findall(r"--[a-z-]+", GUIDE))
    assert len(named) > 15
    assert [name for name in sorted(named) if f"{name}: " not in look] == []
