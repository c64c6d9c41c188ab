"""What tests of whole journeys share: works to hand in."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from curricula.write import folder_of
from lms.services.revisions import publish
from tests.works_in_test import Work, works_track


@pytest.fixture
def works(session: Session) -> None:
    """A track whose one module asks for works."""
    publish(session, folder_of(works_track("project", "deposit")), "imported", now=datetime(2026, 11, 20, tzinfo=UTC))
    session.commit()


@pytest.fixture
def work(works: None, learner_client: FlaskClient) -> Work:
    """The learner's attempt at it."""
    return Work(learner_client)
