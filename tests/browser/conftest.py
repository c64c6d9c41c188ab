"""A running service, a development LMS on another site, and the system's Chromium without third-party cookies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser_frame import NewPage
from browser_hush import hush
from browser_origins import asked_elsewhere
from browser_stage import Stage
from browser_tour import Tour
from playwright.sync_api import Browser, BrowserContext, Page, Request, ViewportSize, expect

from lms.counting import Counts

WINDOW: ViewportSize = {"width": 1280, "height": 900}
#: How long anything may take to come, in milliseconds: what comes at once costs none of it, a busy machine needs it.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests here can be left out by their mark."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service, its worker and the development LMS."""
    made = Stage(tmp_path_factory.mktemp("stage"))
    hush(made.demo.worker)
    with made as running:
        yield running


@pytest.fixture(scope="session")
def tour(stage: Stage) -> Tour:
    """Every page, with people and results worth looking at."""
    return Tour(stage)


@pytest.fixture
def new_page(browser: Browser, stage: Stage) -> Iterator[NewPage]:
    """Makes pages."""
    with watched(browser, stage) as make:
        yield make


@pytest.fixture
def new_whole_page(whole_browser: Browser, stage: Stage) -> Iterator[NewPage]:
    """Makes pages of the browser that refuses third-party cookies by itself."""
    with watched(whole_browser, stage) as make:
        yield make


@contextmanager
def watched(browser: Browser, stage: Stage) -> Iterator[NewPage]:
    """Makes pages, each in a context of its own; none may log an error, break a policy or ask anything elsewhere.

    A test that expects trouble gives parts of the messages it allows.
    """
    # All come from one address: what the tests before asked of it in this minute is forgotten.
    config = stage.served.extensions["mpia"]
    stage.served.extensions["counts"] = Counts(config.cache_url, config.secret_key)
    contexts: list[BrowserContext] = []
    troubles: list[str] = []
    allowed: list[str] = []

    def hear(request: Request) -> None:
        if asked_elsewhere(request, stage.tool):
            troubles.append(f"asked elsewhere: {request.url}")

    def make(*expected: str, **options: Any) -> Page:
        allowed.extend(expected)
        context = browser.new_context(
            base_url=stage.tool, locale="fr-FR", reduced_motion="reduce", viewport=WINDOW, **options
        )
        context.set_default_timeout(PATIENCE)
        context.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} else None)
        context.on("weberror", lambda error: troubles.append(str(error.error)))
        context.on("request", hear)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert [text for text in troubles if not any(part in text for part in allowed)] == []
