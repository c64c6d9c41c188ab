"""A worker killed between any two steps of a run of certificates: the next one goes on, nothing is twice or missing."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import AuditEntry, IssuingRun, OutboxJob, utcnow
from lms.services import bulk_issuing
from lms.services.authority import open_authority, publish
from lms.services.library import Library
from tests.faults.dying_in_test import MOST, Processes, buried, time_passes
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, learner
from tests.services.test_bulk_issuing import whole

LEARNERS = 8


@pytest.fixture
def workers(app: Flask, config: Config) -> Processes:
    open_authority(config)  # the keys are made before the process looks for them
    return Processes(app)


def test_killed_at_every_step_a_run_is_whole(session: Session, config: Config, workers: Processes) -> None:
    publish(session, open_authority(config))
    place = class_of(session, LEARNERS)
    run = bulk_issuing.ask(session, place, TRACK, Library(session), learner(session, "asks").person_id).id
    session.commit()
    deaths = 0
    for step in range(1, MOST):
        session.rollback()
        if workers.does("drain", step) != "killed":
            break
        deaths += 1
        buried(session)
        session.execute(sa.update(OutboxJob).values(due_at=utcnow()))
        time_passes(session)
    else:
        pytest.fail("no worker lived to the end")
    assert deaths > 6, "killed before and after the claim, before and after a learner's commit"
    assert bulk_issuing.counts(session, run) == {"issued": LEARNERS}
    assert session.get_one(IssuingRun, run, populate_existing=True).finished_at is not None
    whole(session, LEARNERS)
    lines = session.scalars(sa.select(AuditEntry.target).filter_by(action="certificate_issued")).all()
    assert len(lines) == len(set(lines)) == LEARNERS
    assert session.scalars(sa.select(OutboxJob.status).filter_by(kind="issue_run")).one() == "done"
