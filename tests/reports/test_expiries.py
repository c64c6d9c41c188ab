"""HR's list of certificates to renew: those of their platform that end soon, the first to end first."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import Certificate, utcnow
from lms.reports.expiries import REPORT
from lms.services import certificate_life as life
from lms.services.authority import open_authority
from lms.tables import Extraction, Scope
from tests.issued_in_test import act, issue
from tests.learner_in_test import course


@pytest.fixture
def issued(session: Session, config: Config) -> list[Certificate]:
    """Certificates of three people, that end in a year, in twenty days, and yesterday."""
    authority = open_authority(config)
    made = [issue(session, authority, number) for number in (1, 2, 3)]
    for row, days in zip(made, (365, 20, -1), strict=True):
        row.valid_until = utcnow() + timedelta(days=days)
    session.commit()
    return made


def numbers(session: Session, **more: Any) -> list[Any]:
    return [row[3] for row in REPORT.rows(session, Extraction(at=utcnow(), author="HR", scope="all", **more), {})]


def test_those_that_end_are_listed_by_their_end(session: Session, issued: list[Certificate]) -> None:
    _far, near, over = issued
    assert numbers(session) == [over.number, near.number]
    life.change(session, near, "revoked", act("error"), utcnow())
    assert numbers(session) == [over.number]


def test_another_platform_reads_none(session: Session, issued: list[Certificate]) -> None:
    platform = course(session).context.deployment.platform_id
    assert numbers(session, scope_filter=Scope(None, platform)) == []
    issued[2].person.platform_id = platform
    session.flush()
    assert numbers(session, scope_filter=Scope(None, platform)) == [issued[2].number]
