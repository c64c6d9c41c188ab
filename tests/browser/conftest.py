"""A running service, a development LMS on another site, and the system's Chromium without third-party cookies."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_stage import Stage
from browser_tour import Tour
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

CHROMIUM = "/usr/bin/chromium"
#: Contexts are off the record, where Chromium refuses third-party cookies; the last switch says it again.
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--test-third-party-cookie-phaseout",
]  # fmt: skip
PATIENCE = 10_000

NewPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker holds the whole suite: it shares a service, an LMS and a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service, its worker and the development LMS."""
    with Stage(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture(scope="session")
def tour(stage: Stage) -> Tour:
    """Every page, with people and results worth looking at."""
    return Tour(stage)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield running
        running.close()


@pytest.fixture
def new_page(browser: Browser, stage: Stage) -> Iterator[NewPage]:
    """Makes pages, each in a context of its own; none may log an error or break a policy.

    A page whose test expects trouble says so: ``page.expected_trouble`` lists what a message may contain.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []
    forgiven: list[str] = []

    def make(*allowed: str, context: BrowserContext | None = None, **options: object) -> Page:
        forgiven.extend(allowed)
        if context is None:
            context = browser.new_context(
                base_url=stage.tool, locale="fr-FR", reduced_motion="reduce", **{"viewport": WIDE, **options}
            )
            context.set_default_timeout(PATIENCE)
            context.on("console", lambda message: note(message.type, message.text))
            context.on("weberror", lambda error: note("error", str(error.error)))
            contexts.append(context)
        return context.new_page()

    def note(kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            troubles.append(text)

    yield make
    for context in contexts:
        context.close()
    wrong = [text for text in troubles if not any(part in text for part in forgiven)]
    assert not wrong, wrong


WIDE = {"width": 1280, "height": 900}


def opened(page: Page, url: str) -> Response:
    """Go to an address; its answer."""
    answer = page.goto(url)
    assert answer is not None
    return answer
