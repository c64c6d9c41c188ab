"""A worker killed between any two steps of a run of certificates: the next one goes on, nothing is twice or missing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import AuditEntry, IssuingRun, OutboxJob, utcnow
from lms.services import bulk_issuing
from lms.services.authority import open_authority, publish
from lms.services.library import Library
from tests.faults.test_worker_killed import Mortal
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, learner
from tests.services.test_bulk_issuing import whole

LEARNERS = 8
#: More steps than there are commits, each passed before and after.
MOST = 2 * (LEARNERS + 6)


@pytest.fixture
def mortal(app: Flask, config: Config) -> Iterator[Mortal]:
    open_authority(config)  # the keys are made before the process looks for them
    process = Mortal(app)
    yield process
    process.end()


def test_killed_at_every_step_a_run_is_whole(session: Session, config: Config, mortal: Mortal) -> None:
    publish(session, open_authority(config))
    place = class_of(session, LEARNERS)
    run = bulk_issuing.ask(session, place, TRACK, Library(session), learner(session, "asks").person_id).id
    session.commit()
    deaths = 0
    for step in range(1, MOST):
        session.rollback()
        if not mortal.dies_at(step):
            break
        deaths += 1
        past = utcnow() - timedelta(seconds=1)
        free = sa.update(OutboxJob).where(OutboxJob.leased_until.is_not(None)).values(leased_until=past, due_at=past)
        session.execute(free)
        session.commit()
    else:
        pytest.fail("no worker lived to the end")
    assert deaths > 6, "killed before and after the claim, before and after a learner's commit"
    assert bulk_issuing.counts(session, run) == {"issued": LEARNERS}
    assert session.get_one(IssuingRun, run, populate_existing=True).finished_at is not None
    whole(session, LEARNERS)
    lines = session.scalars(sa.select(AuditEntry.target).filter_by(action="certificate_issued")).all()
    assert len(lines) == len(set(lines)) == LEARNERS
    assert session.scalars(sa.select(OutboxJob.status).filter_by(kind="issue_run")).one() == "done"
