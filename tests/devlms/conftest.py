"""A development LMS and a fake tool for it to open."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from devlms_calls import Services
from devlms_fake_tool import FakeTool
from flask import Flask
from flask.testing import FlaskClient

from lms.devlms import Campus, CourseLink, DevLmsSettings, HeadlessBrowser, create_devlms, registration, serve
from tests.made_once import give_platform_key
from tests.running_in_test import free_port

LINKS = (
    CourseLink("3", "Décideurs publics", {"track": "decideurs"}, "Le parcours des décideurs."),
    CourseLink("4", "Agents", {"track": "agents", "startModule": "a1"}),
)


@pytest.fixture(scope="session")
def tool() -> Iterator[FakeTool]:
    """A tool with its own key, on an ephemeral port."""
    made = FakeTool()
    yield made
    made.server.stop()


@pytest.fixture
def settings(tool: FakeTool, tmp_path: Path) -> DevLmsSettings:
    """An LMS reached through Flask's test client, hence at plain localhost."""
    tool.forget()
    give_platform_key(tmp_path / "lms")
    return DevLmsSettings("http://localhost", tool.url, "tool-1", "1", tmp_path / "lms", LINKS)


@pytest.fixture
def served(tool: FakeTool, tmp_path: Path) -> Iterator[Campus]:
    """An LMS really served at 127.0.0.1, for the tool at localhost to be another site."""
    port = free_port()
    give_platform_key(tmp_path / "served")
    settings = DevLmsSettings(f"http://127.0.0.1:{port}", tool.url, "tool-1", "1", tmp_path / "served", LINKS)
    app = create_devlms(settings)
    tool.forget()
    tool.auth_url = registration(settings)["auth_url"]
    server = serve(app, "127.0.0.1", port)
    yield app.extensions["devlms"]
    server.stop()


@pytest.fixture
def browser_at(served: Campus) -> Iterator[HeadlessBrowser]:
    """A browser without a window, in front of the served LMS."""
    with HeadlessBrowser(served.settings.issuer) as browser:
        yield browser


@pytest.fixture
def app(settings: DevLmsSettings) -> Flask:
    """The application."""
    return create_devlms(settings)


@pytest.fixture
def campus(app: Flask) -> Campus:
    """The running LMS behind the application."""
    found = app.extensions["devlms"]
    assert isinstance(found, Campus)
    return found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser's or a tool's requests."""
    return app.test_client()


@pytest.fixture
def quirk(campus: Campus) -> Callable[..., None]:
    """Give the running LMS a habit."""

    def give(**habits: Any) -> None:
        campus.quirks = replace(campus.quirks, **habits)

    return give


@pytest.fixture
def services(client: FlaskClient, tool: FakeTool) -> Services:
    """The services, with a token for every scope."""
    return Services(client, tool)
