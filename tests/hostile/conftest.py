"""What every hostile case must meet: a refusal one can read, and nothing kept of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.models import (
    Context,
    Enrolment,
    Membership,
    OutboxJob,
    Participation,
    Person,
    ResourceLink,
    WebSession,
    db,
)
from tests.platform_in_test import ABSENT, PlatformInTest

KEPT = (Person, WebSession, Context, ResourceLink, Membership, Participation, Enrolment, OutboxJob)


class Court:
    """Judges what the service did with a hostile message."""

    def __init__(self, app: Flask, platform: PlatformInTest, logs: list[Any]) -> None:
        self.app, self.platform, self.logs = app, platform, logs
        self.browser: FlaskClient = app.test_client()
        self.before = self._kept()

    def refuses(self, answer: TestResponse, *causes: str) -> None:
        """4xx on an accessible page with a reference; no session, nothing stored, nothing fetched, nothing told."""
        assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.location}"
        assert re.search(r'<html lang="(fr|en)"', answer.text)
        assert answer.text.count("<h1>") == 1
        assert re.search(r'id="reference">[0-9A-F]{8}<', answer.text)
        assert self.browser.get("/learn/").status_code == 401
        assert self._kept() == self.before
        assert set(self.platform.network.asked) <= {self.platform.jwks_url}
        self._told_nothing()
        if causes:
            assert {log.get("cause") for log in self.logs} & set(causes)

    def accepts(self, answer: TestResponse) -> None:
        """Signed in, and led to a page of ours."""
        assert answer.status_code == 303, answer.text
        assert answer.location.startswith("/")
        assert self.browser.get("/learn/").status_code == 200

    def launch(self, **changes: Any) -> TestResponse:
        """A launch with claims changed, after an ordinary login."""
        state, nonce = self.platform.begin(self.browser)
        return self.answer(state, self.platform.sign(self.platform.claims(nonce, **changes)))

    def launch_without_hint(self, **changes: Any) -> TestResponse:
        """The same after a login that names no deployment."""
        state, nonce = self.platform.begin(self.browser, lti_deployment_id=ABSENT)
        return self.answer(state, self.platform.sign(self.platform.claims(nonce, **changes)))

    def answer(self, state: str, token: str, **more: Any) -> TestResponse:
        """The platform's answer, as this browser posts it."""
        return self.platform.post(self.browser, state, token, **more)

    def _kept(self) -> dict[str, int]:
        with self.app.app_context():
            counts = {
                model.__name__: db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in KEPT
            }
            db.session.remove()
        return counts

    def _told_nothing(self) -> None:
        told = repr(self.logs)
        for secret in ("Ada", "Martin", "ada.martin", "learner-1", "eyJ"):
            assert secret not in told


@pytest.fixture
def court(app: Flask, platform: PlatformInTest) -> Iterator[Court]:
    """A platform, a browser, and a judge of what becomes of its messages."""
    with structlog.testing.capture_logs() as logs:
        yield Court(app, platform, logs)
