"""Promises of work: done at least once, never by two workers at the same time, never forgotten."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import OutboxJob, db, utcnow
from lms.services import outbox
from lms.services.outbox import (
    BACKOFF,
    LEASE,
    Claim,
    GiveUp,
    TryLater,
    claim,
    counts,
    finish,
    postpone,
    promise,
    replay,
    waiting,
    work_one,
)
from tests.learners_in_test import at_once, count


@pytest.fixture
def now() -> datetime:
    """A moment after everything that the test promises first."""
    return utcnow() + timedelta(seconds=1)


def promised(session: Session, key: str = "one", **payload: Any) -> OutboxJob:
    promise(session, "job", key, payload)
    session.commit()
    return job(session, key)


def job(session: Session, key: str = "one") -> OutboxJob:
    """The job as it stands in the database."""
    session.expire_all()
    found = session.query(OutboxJob).filter_by(kind="job", key=key).one()
    session.commit()
    return found


def taken(session: Session, now: datetime | None = None) -> Claim:
    """A job, claimed and committed."""
    held = claim(session, now)
    session.commit()
    assert held is not None
    return held


def never(_held: Claim) -> None:
    raise AssertionError("nothing was due")


def nothing(_held: Claim) -> None:
    """A job that succeeds."""


def test_a_promise_is_kept_with_the_transaction_that_made_it(session: Session) -> None:
    promise(session, "job", "one", {})
    session.rollback()
    assert count(session, OutboxJob) == 0


def test_promised_again_before_it_ran_it_runs_once_with_the_last_payload(session: Session) -> None:
    promised(session, score=1)
    promised(session, score=2)
    assert count(session, OutboxJob) == 1
    done: list[dict[str, Any]] = []
    assert work_one(session, lambda held: done.append(held.payload)) is not None
    assert work_one(session, never) is None
    assert done == [{"score": 2}]
    assert (job(session).status, job(session).last_error) == ("done", None)


def test_promised_again_while_it_runs_it_runs_again(session: Session) -> None:
    promised(session, score=1)
    done = []

    def run(held: Claim) -> None:
        done.append(held.payload["score"])
        if len(done) == 1:
            promise(session, "job", "one", {"score": 2})
            session.commit()

    while work_one(session, run):
        pass
    assert done == [1, 2]
    assert job(session).status == "done"


def test_promised_again_after_it_was_done_it_runs_again(session: Session) -> None:
    for turn in range(3):
        promised(session, turn=turn)
        held = work_one(session, nothing)
        assert held is not None
        assert held.payload == {"turn": turn}
    assert counts(session) == {"done": 1}


def test_jobs_of_other_keys_are_other_jobs(session: Session) -> None:
    for key in ("one", "two", "three"):
        promised(session, key)
    seen = []
    while held := work_one(session, nothing):
        seen.append(held.key)
    assert sorted(seen) == ["one", "three", "two"]


def test_a_claimed_job_is_nobody_elses(session: Session) -> None:
    promised(session)
    taken(session)
    assert claim(session) is None


def test_a_dead_workers_job_is_taken_when_its_lease_ends(session: Session, now: datetime) -> None:
    promised(session)
    first = taken(session, now)
    session.commit()
    assert claim(session, now + LEASE - timedelta(seconds=1)) is None
    session.commit()
    second = taken(session, now + LEASE + timedelta(seconds=1))
    assert (first.id, second.tries) == (second.id, 2)


@pytest.mark.parametrize("outcome", ["finish", "postpone", "give up"])
def test_a_worker_that_lost_its_lease_decides_nothing(session: Session, now: datetime, outcome: str) -> None:
    promised(session)
    slow = taken(session, now)
    quick = taken(session, now + LEASE + timedelta(seconds=1))
    if outcome == "finish":
        finish(session, slow)
    else:
        postpone(session, slow, "too late", give_up=outcome == "give up")
    session.commit()
    kept = job(session)
    assert (kept.status, kept.leased_until, kept.last_error) == ("pending", quick.lease, None)
    assert claim(session, now + LEASE + timedelta(seconds=2)) is None
    finish(session, quick)
    session.commit()
    assert job(session).status == "done"


def test_failures_wait_longer_and_longer_then_stop(session: Session, now: datetime) -> None:
    promised(session)
    for delay in BACKOFF:
        held = taken(session, now)
        postpone(session, held, "down", now=now)
        session.commit()
        kept = job(session)
        assert (kept.status, kept.due_at, kept.last_error) == ("pending", now + delay, "down")
        now += delay
    postpone(session, taken(session, now), "still down", now=now)
    session.commit()
    assert (job(session).status, job(session).last_error) == ("failed", "still down")
    assert claim(session, now + timedelta(days=30)) is None


def test_a_platform_may_say_when_to_come_back(session: Session, now: datetime) -> None:
    promised(session)
    postpone(session, taken(session, now), "slow down", timedelta(minutes=7), now)
    session.commit()
    assert job(session).due_at == now + timedelta(minutes=7)


def test_come_back_at_once_is_not_giving_up(session: Session, now: datetime) -> None:
    promised(session)
    postpone(session, taken(session, now), "slow down", timedelta(0), now)
    session.commit()
    assert (job(session).status, job(session).due_at) == ("pending", now + BACKOFF[0])


def test_a_wait_that_is_no_failure_spends_no_try(session: Session, now: datetime) -> None:
    promised(session)
    for _turn in range(2 * len(BACKOFF)):
        postpone(session, taken(session, now), "suspended", timedelta(hours=1), now, counted=False)
        session.commit()
        now += timedelta(hours=1)
    assert (job(session).status, job(session).tries) == ("pending", 0)


def failing(error: Exception) -> Any:
    def run(_held: Claim) -> None:
        raise error

    return run


def test_giving_up_waits_for_an_administrator(session: Session) -> None:
    promised(session)
    work_one(session, failing(GiveUp("the column is gone")))
    assert (job(session).status, job(session).last_error) == ("failed", "the column is gone")
    assert [each.key for each in waiting(session, "failed")] == ["one"]
    session.commit()
    assert work_one(session, never) is None


def test_trying_later_keeps_the_reason(session: Session) -> None:
    promised(session)
    work_one(session, failing(TryLater("the platform is down")))
    assert (job(session).status, job(session).last_error) == ("pending", "the platform is down")


def test_a_faulty_job_neither_stops_the_worker_nor_tells_secrets(session: Session) -> None:
    promised(session, "one")
    promised(session, "two")
    work_one(session, failing(RuntimeError("ada.martin@example.org")))
    kept = job(session)
    assert kept.status == "pending"
    assert "RuntimeError" in str(kept.last_error)
    assert "ada.martin" not in str(kept.last_error)
    held = work_one(session, nothing)
    assert held is not None
    assert held.key == "two"


def test_what_a_failed_job_had_written_is_undone(session: Session) -> None:
    promised(session)

    def half(_held: Claim) -> None:
        promise(session, "job", "half", {})
        raise TryLater("no")

    work_one(session, half)
    assert count(session, OutboxJob) == 1


def test_an_administrator_tries_again(session: Session) -> None:
    number = promised(session).id
    work_one(session, failing(GiveUp("the column is gone")))
    assert replay(session, number) is True
    session.commit()
    assert (job(session).status, job(session).tries) == ("pending", 0)
    assert work_one(session, nothing) is not None
    assert replay(session, number) is False
    assert replay(session, number + 1) is False


def test_trying_again_takes_nothing_away_from_the_worker_that_has_it(session: Session, now: datetime) -> None:
    number = promised(session).id
    held = taken(session, now)
    assert replay(session, number) is True
    session.commit()
    assert claim(session, now + timedelta(seconds=1)) is None
    finish(session, held, now)
    session.commit()
    assert taken(session).id == number  # and it runs again


def test_killed_between_doing_and_noting_it_is_done_again(app: Flask, session: Session, now: datetime) -> None:
    """Hence every job must be idempotent."""
    promised(session)
    done = []

    class Killed(BaseException):
        pass

    def run(_held: Claim) -> None:
        done.append("once")
        raise Killed

    with pytest.raises(Killed):
        work_one(session, run)
    session.rollback()
    assert job(session).leased_until is not None
    held = taken(session, now + LEASE + timedelta(minutes=1))
    assert held.tries == 2
    assert done == ["once"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are tried again at once."""
    monkeypatch.setattr(outbox, "BACKOFF", (timedelta(0),) * 50)


def test_many_workers_share_the_work(app: Flask, session: Session) -> None:
    """Each job once, and no two workers in the same job at the same time."""
    total, workers = 40, 5
    for number in range(total):
        promise(session, "job", str(number), {})
    session.commit()
    guard, busy, done = threading.Lock(), set[str](), Counter[str]()
    clashes: list[str] = []

    def run(held: Claim) -> None:
        with guard:
            if held.key in busy:
                clashes.append(held.key)
            busy.add(held.key)
        with guard:
            done[held.key] += 1
            busy.discard(held.key)

    def worker(_number: int) -> int:
        mine = 0
        while work_one(db.session(), run):
            mine += 1
        return mine

    shares = at_once(app, workers, worker)
    # A worker that finds every free job being claimed by others may stop early; the rest was done by them.
    assert clashes == []
    assert dict(done) == {str(number): 1 for number in range(total)}
    assert sum(shares) == total
    session.rollback()
    assert counts(session) == {"done": total}


def test_promises_made_by_many_at_once_are_one_job(app: Flask, session: Session) -> None:
    def ask(number: int) -> None:
        promise(db.session(), "job", "one", {"number": number})
        db.session.commit()

    at_once(app, 8, ask)
    assert count(session, OutboxJob) == 1
    assert job(session).version == 8


@pytest.mark.usefixtures("impatient")
def test_failures_of_many_workers_are_counted_once_each(app: Flask, session: Session) -> None:
    promised(session)
    tried = Counter[int]()

    def worker(number: int) -> None:
        for _turn in range(3):
            if work_one(db.session(), failing(TryLater("down"))):
                tried[number] += 1

    at_once(app, 4, worker)
    assert job(session).tries == sum(tried.values())
