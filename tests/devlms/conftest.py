"""A development LMS and a fake tool for it to open."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from devlms_fake_tool import FakeTool
from flask import Flask
from flask.testing import FlaskClient

from lms.devlms import Campus, CourseLink, DevLmsSettings, create_devlms
from lms.devlms.vocabulary import LINE_ITEM_MEDIA, SCOPES, SCORE_MEDIA

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
    tool.launches.clear()
    return DevLmsSettings("http://localhost", tool.url, "tool-1", "1", tmp_path / "lms", LINKS)


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
def services(client: FlaskClient, tool: FakeTool) -> "Services":
    """The services, with a token for every scope."""
    return Services(client, tool)


class Services:
    """Calls services as a well-behaved tool does."""

    def __init__(self, client: FlaskClient, tool: FakeTool) -> None:
        self.client = client
        answer = client.post("/token", data=tool.token_request("http://localhost/token", " ".join(SCOPES)))
        assert answer.json is not None
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
        self.column = "/services/ags/2/lineitems/1/lineitem"

    def get(self, path: str, accept: str = "*/*") -> Any:
        return self.client.get(path, headers={**self.headers, "Accept": accept})

    def post_item(self, **body: Any) -> Any:
        return self.client.post(
            "/services/ags/2/lineitems", json=body, headers=self.headers, content_type=LINE_ITEM_MEDIA
        )

    def score(self, media: str = SCORE_MEDIA, **changes: Any) -> Any:
        body = {
            "userId": "11",
            "timestamp": "2026-11-02T09:00:00.000Z",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 8,
            "scoreMaximum": 10,
            **changes,
        }
        sent = {name: value for name, value in body.items() if value is not None}
        return self.client.post(f"{self.column}/scores", json=sent, headers=self.headers, content_type=media)

    def grade(self) -> Any:
        """The grade of the first learner in the first column, None without any."""
        results = self.get(f"{self.column}/results").json
        return results[0]["resultScore"] if results else None
