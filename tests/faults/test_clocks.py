"""Machines whose clocks are an hour apart, and one that is set while an exam runs: nobody is closed, robbed or put out.

Processes of their own, on one PostgreSQL; in each, the clock of its machine is wrong for whoever reads it.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.models import (
    AccessToken,
    Attempt,
    ExportRun,
    OutboxJob,
    SavedExport,
    ToolKey,
    WebSession,
    WorkerSign,
    clock,
    db,
    utcnow,
)
from lms.services import attempts, exporting
from lms.services.claiming import claim_many
from lms.services.exporting import Order
from lms.services.outbox import promise
from lms.worker import Worker
from tests.account_in_test import make_person
from tests.conftest import Browser, make_config
from tests.exam_in_test import examinee, publish_exam
from tests.faults.dying_in_test import Processes, buried
from tests.faults.test_launch_killed import Entry
from tests.gradebook_in_test import gradebook
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest
from tests.postgresql_in_test import Server

HOUR = timedelta(hours=1)
#: What the machine may have taken to run a test: far less than what clocks are wrong by.
SOON = timedelta(minutes=10)
WRONG = pytest.mark.parametrize("hours", [1.2, -1.2])


@pytest.fixture
def app(postgresql: Server, tmp_path: Path, keys_dir: Path) -> Iterator[Flask]:
    """The service on PostgreSQL alone: where it is on SQLite, it is on one machine."""
    clock.forget()
    with postgresql.lent() as url:
        made = create_app(make_config(url, tmp_path, keys_dir=keys_dir))
        made.test_client_class = Browser
        yield made
        with made.app_context():
            db.session.remove()
            db.engine.dispose()
        made.extensions["outbound"].close()
    clock.forget()


@pytest.fixture
def machines(app: Flask, platform: PlatformInTest) -> Processes:
    return Processes(app, platform)


def running_exam(session: Session) -> Any:
    """The number of an attempt that has an hour left."""
    track = publish_exam(session)
    exam = track.module("d1")
    assert exam is not None
    attempt = attempts.start(session, examinee(session, track, 1), exam)
    session.commit()
    return attempt.id


@WRONG
def test_a_running_exam_is_closed_by_no_worker_whose_clock_is_wrong(
    session: Session, machines: Processes, hours: float
) -> None:
    number = running_exam(session)
    for act in ("round", "drain", "upkeep"):
        machines.does(act, hours=hours)
    buried(session)
    assert session.get_one(Attempt, number).submitted_at is None
    assert count(session, OutboxJob, OutboxJob.kind == "close_attempts") == 0
    signs = session.scalars(sa.select(WorkerSign.seen_at)).all()
    assert all(abs(utcnow() - seen) < SOON for seen in signs), "and it gives its signs of life in time"


@pytest.mark.parametrize("hours", [1.2, -1.2])
def test_the_clock_of_the_database_itself_closes_no_exam_that_a_machine_knows_to_run(
    app: Flask, session: Session, hours: float
) -> None:
    number = running_exam(session)
    clock.believe(utcnow() + timedelta(hours=hours))
    worker = Worker(app)
    worker.round()
    worker.drain()
    session.expire_all()
    assert session.get_one(Attempt, number).submitted_at is None
    session.rollback()


@WRONG
def test_who_enters_on_a_machine_whose_clock_is_wrong_goes_on_on_the_others(
    session: Session, platform: PlatformInTest, machines: Processes, hours: float
) -> None:
    said = machines.does("request", hours=hours, **Entry(platform, 1).posted())
    assert said[0] == 303, "the platform's message is neither too old nor too young"
    (cookie,) = (each.partition(";")[0] for each in said[2])
    for other in (0.0, -hours, hours):
        page = machines.does("request", hours=other, method="GET", path="/learn/", headers={"Cookie": cookie})
        assert page[0] == 200
    buried(session)
    ends = session.scalars(sa.select(WebSession.expires_at)).one()
    assert abs(ends - utcnow() - timedelta(minutes=platform.app.extensions["mpia"].session_minutes)) < SOON


@WRONG
def test_a_job_is_held_no_longer_and_no_shorter(session: Session, machines: Processes, hours: float) -> None:
    promise(session, "check_journal", "journal", {})
    session.commit()
    step, held = 0, None
    while held is None:  # until it dies between taking the job and doing it
        step += 1
        assert machines.does("work", step, hours=hours, kinds=["check_journal"]) == "killed"
        buried(session)
        held = session.scalars(sa.select(OutboxJob.leased_until)).one()
        session.rollback()
    assert abs(held - utcnow() - HOUR) < SOON, "that kind of job may last an hour"
    assert machines.does("work", hours=hours, kinds=["check_journal"]) == "lived"
    buried(session)
    assert session.execute(sa.select(OutboxJob.leased_until, OutboxJob.tries)).one() == (held, 1), "none stole it"


def test_what_a_clock_that_was_ahead_had_taken_is_free_once_it_is_right(session: Session) -> None:
    promise(session, "note", "one", {})
    promise(session, "long", "two", {})
    session.commit()
    leases = {"long": HOUR}
    ahead = claim_many(session, 2, now=utcnow() + 3 * HOUR, leases=leases)
    assert len(ahead) == 2
    session.commit()
    assert {job.key for job in claim_many(session, 2, leases=leases)} == {"one", "two"}
    session.commit()
    assert claim_many(session, 2, leases=leases) == [], "what is held as long as it may be is held"
    session.rollback()


@WRONG
def test_what_comes_round_is_not_done_again(session: Session, machines: Processes, hours: float) -> None:
    person_id = make_person(session, "rh@example.org", account="hr")
    order = Order("completions", "csv", {}, "fr", "training")
    saved = exporting.save(session, person_id, "each day", order, "daily", utcnow())
    saved.next_at = utcnow() - timedelta(minutes=1)
    session.commit()
    next_day = exporting.next_time("daily", utcnow())
    for wrong in (0.0, hours * 21, hours, 0.0):  # up to a day ahead
        assert machines.does("upkeep", hours=wrong) == "lived"
    buried(session)
    assert count(session, ExportRun) == 1
    assert session.scalars(sa.select(SavedExport.next_at)).one() == next_day
    assert count(session, ToolKey) == 1
    day = sa.select(sa.func.count()).select_from(OutboxJob).filter_by(kind="purge")
    assert session.scalar(day) == 1
    session.rollback()


def test_a_key_is_replaced_once_whatever_the_clocks_of_workers(session: Session, machines: Processes) -> None:
    session.execute(sa.update(ToolKey).values(signs_from=utcnow() - timedelta(days=90)))
    session.commit()
    asked = [{"act": "upkeep", "hours": wrong} for wrong in (1.2, 0.0, -1.2)]
    assert machines.at_once(*asked) == ["lived"] * 3
    buried(session)
    keys = session.scalars(sa.select(ToolKey).order_by(ToolKey.created_at)).all()
    assert len(keys) == 2
    assert keys[0].retired_at == keys[1].signs_from, "there is a key that signs at any moment"
    session.rollback()


@WRONG
def test_a_token_is_used_as_long_as_it_serves(app: Flask, session: Session, tmp_path: Path, hours: float) -> None:
    machines = Processes(app)
    with gradebook(app, session, tmp_path) as book:
        book.earn(correct=1)
        book.deliver()
        assert book.asked["token"] == 1
        session.execute(sa.update(AccessToken).values(expires_at=utcnow() + timedelta(minutes=50)))
        session.commit()
        book.earn(correct=2)
        assert machines.does("work", hours=hours, kinds=["send_score"]) == "lived"
        buried(session)
        assert book.job().status == "done"
        assert book.asked["token"] == 1
        # And once it has ended, it is asked for again, by a message that the platform does not take for an old one.
        session.execute(sa.update(AccessToken).values(expires_at=utcnow() - timedelta(seconds=1)))
        session.commit()
        book.earn(correct=3)
        assert machines.does("work", hours=hours, kinds=["send_score"]) == "lived"
        buried(session)
        assert book.job().status == "done"
        assert book.asked["token"] == 2
