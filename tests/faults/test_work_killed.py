"""A worker killed at any step of a certificate, a score, a status list, the upkeep, the journal, an export."""

import csv
import io
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates import format as formats
from lms.config import Config
from lms.models import AuditEntry, Certificate, CertificateFile, ExportRun, OutboxJob, ToolKey, db
from lms.services import awards, chain_check, exporting
from lms.services.audit import record
from lms.services.authority import open_authority, publish
from lms.services.exporting import Order
from lms.services.extractions import still_picture
from lms.worker import Worker
from tests.account_in_test import make_person
from tests.faults.crowd_in_test import Crowd
from tests.faults.dying_in_test import MOST, Processes, buried, time_passes
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, count
from tests.postgresql_in_test import Server


@pytest.fixture
def database_url(postgresql: Server) -> Iterator[str]:
    """PostgreSQL alone: SQLite has no more steps, and dies the same."""
    with postgresql.lent() as url:
        yield url


@pytest.fixture
def worker(app: Flask, config: Config) -> Processes:
    open_authority(config)  # the keys are made before the process looks for them
    return Processes(app)


def sound(app: Flask, session: Session, config: Config) -> None:
    """The journal is chained from end to end, with nothing removed, altered or left out."""
    Worker(app).chain(after=0)
    session.rollback()
    document = open_authority(config).keys.did_document()
    with still_picture(db.engine) as still:
        report = chain_check.check(still, document)
    assert (report.faults, report.waiting) == ([], 0)


def test_killed_at_any_step_of_a_certificate(app: Flask, session: Session, config: Config, worker: Processes) -> None:
    publish(session, open_authority(config))
    class_of(session, 60)
    learners = iter(session.scalars(sa.select(awards.Enrolment).order_by(awards.Enrolment.id)).all())
    session.commit()
    wanted, row, survivor = 0, next(learners), Worker(app)
    for step in range(1, MOST):
        awards.ask(session, row, TRACK.key)
        session.execute(sa.delete(OutboxJob).where(OutboxJob.key != f"enrolment:{row.id}"))
        session.commit()
        said = worker.does("work", step, kinds=["issue_certificate"])
        buried(session)
        made = count(session, Certificate, Certificate.person_id == row.person_id)
        files = count(session, CertificateFile)
        assert made in {0, 1}
        assert files == (wanted + made) * len(formats.FORMATS), f"killed at step {step}"
        session.rollback()
        if said != "killed":
            break
        time_passes(session)
        if made:  # it was made, and nobody noted it: the job is done again, and finds it
            survivor.work(kinds=["issue_certificate"])
            wanted, row = wanted + 1, next(learners)
    else:
        pytest.fail("no worker lived to the end")
    assert wanted > 0, "killed after the certificate too"
    assert step > 15
    numbers = session.scalars(sa.select(Certificate.number).order_by(Certificate.number)).all()
    assert [int(each.rpartition("-")[2]) for each in numbers] == list(range(1, wanted + 2)), "no number twice or lost"
    lines = session.scalars(sa.select(AuditEntry.target).filter_by(action="certificate_issued")).all()
    assert sorted(lines) == sorted(numbers)
    assert set(session.scalars(sa.select(OutboxJob.status).filter_by(kind="issue_certificate"))) == {"done"}
    session.rollback()
    sound(app, session, config)


def test_killed_at_any_step_of_a_score(crowd: Crowd, worker: Processes) -> None:
    session, sent = crowd.session, list[float]()
    crowd.book.mood(whole_second_timestamps=True)
    for step in range(1, MOST):
        percent = 100 - step if step % 2 else step
        crowd.earn(percent, [0])
        said = worker.does("work", step, kinds=["send_score"])
        buried(session)
        time_passes(session)
        crowd.book.deliver_all()
        sent.append(float(percent))
        assert crowd.values(0) == sent, f"killed at step {step}"
        if said != "killed":
            break
    else:
        pytest.fail("no worker lived to the end")
    assert step > 10


@pytest.mark.parametrize("act", ["upkeep", "round", "chain"])
def test_killed_at_any_step_of_what_comes_round(
    app: Flask, session: Session, config: Config, worker: Processes, act: str
) -> None:
    publish(session, open_authority(config))
    session.commit()
    for step in range(1, MOST):
        record(session, "something_happened", f"step:{step}")
        session.commit()
        said = worker.does(act, step)
        buried(session)
        if said != "killed":
            break
    else:
        pytest.fail("no worker lived to the end")
    Worker(app).upkeep()
    assert count(session, ToolKey) == 1
    assert count(session, AuditEntry, AuditEntry.action == "something_happened") == step
    session.rollback()
    sound(app, session, config)


def test_killed_at_any_step_of_an_export(app: Flask, session: Session, config: Config, worker: Processes) -> None:
    class_of(session, 5)
    person_id = make_person(session, "rh@example.org", account="hr")
    order = Order("completions", "csv-plain", {}, "fr", "training")
    whole, survivor = set[int](), Worker(app)
    for step in range(1, MOST):
        run = exporting.ask(session, person_id, order).id
        session.commit()
        said = worker.does("work", step, kinds=["export_report"])
        buried(session)
        whole.add(kept(session, config, run) or 0)
        time_passes(session)
        survivor.drain()
        session.rollback()
        session.expire_all()
        found = kept(session, config, run)
        assert found is not None, f"killed at step {step}"
        whole.add(found)
        if said != "killed":
            break
    else:
        pytest.fail("no worker lived to the end")
    assert len(whole - {0}) == 1, "each file that was said to be made is whole"
    assert 0 in whole


def kept(session: Session, config: Config, number: int) -> int | None:
    """How many rows the file of a run has; None while the run is not said to be done."""
    run = session.get_one(ExportRun, number)
    state, name = run.state, run.file
    session.rollback()
    if state != "done":
        return None
    assert name is not None
    return len(list(csv.reader(io.StringIO((config.exports / name).read_text("utf-8-sig")))))
