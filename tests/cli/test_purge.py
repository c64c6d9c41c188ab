"""``lms purge``: what is due goes, is counted and logged; what is young, or due on a dry run alone, stays."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import lms.cli.purge
from lms.app import create_app
from lms.config import Config
from lms.models import Answer, Attempt, ErasureRequest, Grading, OutboxJob, Person, PurgeLine, db, utcnow
from tests.cli.conftest import Outcome, Run
from tests.learner_in_test import count, learner, module, take

DAYS = timedelta(days=1)


@pytest.fixture
def purge(run: Run, app: Flask, config: Config, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``lms purge`` on the database of the test, of either kind."""
    settings = {
        "LMS_BASE_URL": config.base_url, "LMS_DATABASE_URL": config.database, "LMS_SECRET_KEY": config.secret_key,
        "LMS_DATA_DIR": str(config.data_dir), "LMS_KEYS_DIR": str(config.keys_dir),
    }  # fmt: skip
    made: list[Flask] = []

    def kept() -> Flask:
        made.append(create_app())
        return made[-1]

    monkeypatch.setattr(lms.cli.purge, "create_app", kept)

    def call(*said: str, **more: str) -> Outcome:
        outcome = run("purge", *said, **{**settings, **more})
        with made.pop().app_context():  # a process of its own would end here
            db.session.remove()
            db.engine.dispose()
        return outcome

    return call


@pytest.fixture
def old(session: Session) -> tuple[int, int]:
    """Attempts of 366 and of 300 days ago, and an old and a young one of what has other durations."""
    numbers = []
    for number, age in enumerate((366, 300), 1):
        attempt = take(session, learner(session, number), module("d1"), 5)
        moment = utcnow() - age * DAYS
        attempt.started_at = attempt.submitted_at = moment
        session.query(Grading).filter_by(attempt_id=attempt.id).update({"graded_at": moment})
        numbers.append(attempt.id)
    session.query(OutboxJob).delete()
    for key, age in (("a", 91), ("b", 89)):
        done = utcnow() - age * DAYS
        session.add(
            OutboxJob(
                kind="send_score", key=key, payload={}, status="done", created_at=done, due_at=done, finished_at=done
            )
        )
    person = session.query(Person).first()
    assert person is not None
    session.add(
        ErasureRequest(person_id=person.id, state="refused", asked_at=utcnow(), decided_at=utcnow() - 1826 * DAYS)
    )
    session.commit()
    return numbers[0], numbers[1]


def answered(session: Session, attempt: int) -> int:
    found = count(session, Answer, Answer.attempt_id == attempt)
    session.rollback()
    return found


def test_what_is_due_is_counted_then_goes_and_nothing_else_does(
    purge: Run, session: Session, old: tuple[int, int]
) -> None:
    before = [answered(session, each) for each in old]
    assert all(before)
    done = purge("--dry-run")
    assert done.status == 0, done.err
    said = dict(line.split(": ") for line in done.out.splitlines())
    due = {what: number for what, number in said.items() if number != "0"}
    assert due == {"attempts": "1", "requests": "1", "jobs": "1"}
    assert [answered(session, each) for each in old] == before, "a dry run takes nothing"
    assert count(session, PurgeLine) == 0
    session.rollback()

    done = purge()
    assert done.status == 0, done.err
    assert done.out.splitlines() == ["attempts: 1 removed", "requests: 1 removed", "jobs: 1 removed"]
    assert [answered(session, each) for each in old] == [0, before[1]], "nothing within its time is touched"
    kept = {row.id: row for row in session.query(Attempt)}
    assert kept[old[0]].submitted_at is not None
    assert (kept[old[0]].emptied_at is None, kept[old[1]].emptied_at is None) == (False, True)
    assert [row.key for row in session.query(OutboxJob)] == ["b"]
    assert count(session, Person) == 2
    session.rollback()

    lines = [line.split("  ")[1:] for line in purge("--log").out.splitlines()]
    assert lines == [
        ["attempts", "1", "keep_attempts_days=365"], ["requests", "1", "keep_journal_days=1825"],
        ["jobs", "1", "keep_jobs_days=90"],
    ], "never who"  # fmt: skip
    assert purge().out == "Nothing is due.\n"
    assert purge(LMS_KEEP_ATTEMPTS_DAYS="200").out == "attempts: 1 removed\n"
    assert answered(session, old[1]) == 0
