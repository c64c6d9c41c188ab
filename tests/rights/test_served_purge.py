"""A purge, which takes away more than anything else does, needs no more than the lesser account may."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import AuditEntry, AuditLink, Certificate, Person
from lms.services import audit, chain
from lms.services.authority import open_authority
from lms.services.chain_check import check
from tests.issued_in_test import issue
from tests.learner_in_test import count
from tests.purged_in_test import purged
from tests.rights.conftest import connected

LATE = timedelta(days=3660)


def aged(url: str) -> None:
    """As if every line of the journal had been written long ago."""
    with connected(url) as owner:
        owner.execute(sa.text("update audit_entry set at = at - interval '9 years'"))
        owner.commit()


def test_all_that_is_due_goes(app: Flask, session: Session, config: Config, owner_url: str) -> None:
    authority = open_authority(config)
    issue(session, authority)
    aged(owner_url)
    for number in range(5):
        audit.record(session, "certificate_verified", f"MPIA-{number:06}", state="valid")
    session.commit()
    while chain.chain(session, authority.keys, after=0) is not None:
        session.commit()
    before = count(session, AuditLink)
    assert before > 5
    assert purged(session, authority, timedelta(0))["journal"] == before - 5
    assert count(session, AuditEntry) == count(session, AuditLink) == 5
    assert check(session, authority.keys.did_document()).intact
    with pytest.raises(DBAPIError, match="stay for 30 days"):
        session.execute(sa.text("select purge_journal(1000000)"))
    session.rollback()
    aged(owner_url)
    taken = purged(session, authority, LATE)
    assert {"attempts", "completions", "certificates", "people", "journal"} <= set(taken)
    assert count(session, Certificate) == count(session, Person) == 0
    assert count(session, AuditLink) == 1, "the last line stays, for the chain to go on from"
