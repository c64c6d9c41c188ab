"""The job that issues: certificates come by themselves, and what stops one is said."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.formats import RenderError
from lms.jobs import issue_certificate
from lms.models import Certificate, OutboxJob, Person, utcnow
from lms.services import performing
from lms.services.awards import promise_earned
from lms.services.library import Library
from lms.services.outbox import promise
from lms.worker import Worker
from tests.learner_in_test import earn, learner, module, take

NAMELESS = {"given_name": "", "family_name": "", "full_name": ""}


@pytest.fixture
def worker(app: Flask, session: Session) -> Worker:
    made = Worker(app)
    made.upkeep()
    made.drain()  # what comes round
    return made


@pytest.fixture
def job(session: Session, worker: Worker) -> Callable[[], OutboxJob]:
    """Do what is due; gives the job of the certificate."""

    def drained() -> OutboxJob:
        session.commit()
        worker.drain()
        session.expire_all()
        return session.scalars(sa.select(OutboxJob).filter_by(kind="issue_certificate")).one()

    return drained


def certificates(session: Session) -> list[Certificate]:
    return list(session.scalars(sa.select(Certificate)))


def test_passing_the_last_module_brings_the_certificate(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session)
    earn(session, row)
    done = job()
    assert (done.status, done.last_error) == ("done", None)
    assert [made.person_id for made in certificates(session)] == [row.person_id]


def test_promised_again_it_is_not_issued_again(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session)
    earn(session, row)
    job()
    first = certificates(session)[0].id
    promise(session, "issue_certificate", f"enrolment:{row.id}", {"enrolment_id": row.id})
    assert job().status == "done"
    assert [made.id for made in certificates(session)] == [first]


def test_a_name_given_later_brings_it(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session, **NAMELESS)
    earn(session, row)
    assert job().status == "done"
    assert certificates(session) == []
    session.get_one(Person, row.person_id).certificate_name = "Zoé Lefèvre"
    promise_earned(session, row.person_id, Library(session))
    assert job().status == "done"
    assert [made.record["holder"] for made in certificates(session)] == ["Zoé Lefèvre"]


def test_a_name_that_is_refused_is_said(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session, full_name="阿達")
    earn(session, row)
    failed = job()
    assert failed.status == "failed"
    assert failed.last_error == (
        "The name cannot be printed. The learner can write another one in their settings.\nname_script"
    )
    session.get_one(Person, row.person_id).certificate_name = "A Da"
    promise_earned(session, row.person_id, Library(session))
    assert job().status == "done"
    assert len(certificates(session)) == 1


def test_nothing_is_promised_to_who_has_not_earned(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session)
    take(session, row, module("d1"))
    promise_earned(session, row.person_id, Library(session))
    assert session.scalars(sa.select(OutboxJob).filter_by(kind="issue_certificate")).all() == []
    promise(session, "issue_certificate", f"enrolment:{row.id}", {"enrolment_id": row.id})
    assert job().status == "done"
    assert certificates(session) == []


def test_who_holds_it_is_promised_nothing_more(session: Session, job: Callable[[], OutboxJob]) -> None:
    row = learner(session)
    earn(session, row)
    version = job().version
    promise_earned(session, row.person_id, Library(session))
    assert job().version == version


def test_a_page_that_cannot_be_drawn_is_said_and_leaves_nothing(
    session: Session, job: Callable[[], OutboxJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RenderError("the name does not fit")

    row = learner(session)
    earn(session, row)
    with monkeypatch.context() as patch:
        patch.setattr(issue_certificate, "issue", fail)
        failed = job()
    assert failed.status == "failed"
    assert failed.last_error == "The certificate cannot be drawn.\nthe name does not fit"
    assert certificates(session) == []


def test_an_enrolment_that_is_gone_is_said(session: Session, job: Callable[[], OutboxJob]) -> None:
    promise(session, "issue_certificate", "enrolment:999", {"enrolment_id": 999})
    failed = job()
    assert (failed.status, failed.last_error) == ("failed", "The enrolment or its track no longer exists.")


def test_a_worker_killed_after_issuing_issues_no_second_one(
    session: Session, worker: Worker, job: Callable[[], OutboxJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = learner(session)
    earn(session, row)

    real, here = performing.settle, threading.get_ident()

    def killed(*given: Any, **named: Any) -> Any:
        if threading.get_ident() == here:  # not the worker of the browsers' stage, which may run beside
            raise KeyboardInterrupt
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(performing, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            worker.drain()
    session.rollback()
    assert len(certificates(session)) == 1
    session.execute(sa.update(OutboxJob).values(leased_until=utcnow().replace(year=2020)))
    done = job()
    assert (done.status, done.tries, len(certificates(session))) == ("done", 2, 1)


def test_work_of_an_unknown_kind_waits_for_the_release_that_knows_it(session: Session, worker: Worker) -> None:
    promise(session, "brew_coffee", "a", {})
    session.commit()
    worker.drain()
    session.expire_all()
    row = session.scalars(sa.select(OutboxJob).filter_by(kind="brew_coffee")).one()
    assert (row.status, row.tries, row.leased_until) == ("pending", 0, None)
