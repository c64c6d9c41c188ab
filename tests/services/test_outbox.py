"""The outbox: what is promised is done, by one worker at a time, and never forgotten."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import OutboxJob, utcnow
from lms.services import deliveries
from lms.services.claiming import LEASE, Claim, claim_many
from lms.services.deliveries import Filter
from lms.services.outbox import promise
from lms.services.outcomes import GiveUp, Outcome, TryLater
from lms.services.performing import BACKOFF, DEATHS, perform_many
from tests.learner_in_test import together
from tests.outbox_in_test import claim, finish, postpone, work_one


def promised(session: Session, key: str = "a", payload: dict[str, Any] | None = None) -> None:
    promise(session, "test", key, payload or {})
    session.commit()


def job(session: Session, key: str = "a") -> OutboxJob:
    session.expire_all()
    return session.scalars(sa.select(OutboxJob).filter_by(key=key)).one()


def due(session: Session, key: str = "a") -> None:
    """Let the delay of a job pass."""
    session.execute(sa.update(OutboxJob).where(OutboxJob.key == key).values(due_at=utcnow()))
    session.commit()


def later(why: str = "not now", after: timedelta | None = None, **more: Any) -> Any:
    def do(_held: Claim) -> None:
        raise TryLater(why, after, **more)

    return do


def nothing(_held: Claim) -> None:
    """A job that succeeds."""


def test_one_row_for_what_is_asked_many_times(session: Session) -> None:
    for number in range(3):
        promised(session, payload={"number": number})
    done: list[Claim] = []
    while work_one(session, done.append):
        pass
    assert [held.payload for held in done] == [{"number": 2}]
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxJob)) == 1


def test_other_keys_and_kinds_are_other_jobs(session: Session) -> None:
    for kind, key in (("test", "a"), ("test", "b"), ("other", "a")):
        promise(session, kind, key, {})
    session.commit()
    done: list[Claim] = []
    while work_one(session, done.append):
        pass
    assert {(held.kind, held.key) for held in done} == {("test", "a"), ("test", "b"), ("other", "a")}


def test_nothing_is_promised_by_a_transaction_that_fails(session: Session) -> None:
    promise(session, "test", "a", {})
    session.rollback()
    assert work_one(session, nothing) is None


def test_promises_made_at_once_make_one_row(app: Flask, session: Session) -> None:
    def ask(own: Session) -> None:
        promise(own, "test", "a", {})
        own.commit()

    together(app, [ask] * 6)
    assert job(session).version == 6


def test_a_done_job_is_not_done_again(session: Session) -> None:
    promised(session)
    assert work_one(session, nothing) is not None
    assert work_one(session, nothing) is None
    row = job(session)
    assert (row.status, row.leased_until, row.last_error) == ("done", None, None)
    assert row.finished_at is not None


def test_asked_again_after_it_was_done_it_runs_again(session: Session) -> None:
    promised(session)
    work_one(session, nothing)
    promised(session, payload={"again": True})
    assert job(session).finished_at is None
    held = work_one(session, nothing)
    assert held is not None
    assert (held.payload, held.tries) == ({"again": True}, 1)


def test_asked_again_while_it_runs_it_runs_again(app: Flask, session: Session) -> None:
    promised(session, payload={"score": 1})
    seen: list[int] = []

    def do(held: Claim) -> None:
        seen.append(held.payload["score"])
        if len(seen) == 1:
            together(app, [lambda own: promised(own, payload={"score": 2})])

    assert work_one(session, do) is not None
    assert job(session).status == "pending"
    assert work_one(session, do) is not None
    assert seen == [1, 2]
    assert work_one(session, do) is None


def test_asked_again_while_it_fails_it_runs_again_at_once(app: Flask, session: Session) -> None:
    """A failure of what is no longer wanted neither delays nor ends what is wanted now."""
    promised(session)

    def do(_held: Claim) -> None:
        together(app, [lambda own: promised(own, payload={"new": True})])
        raise GiveUp("the old one cannot be done")

    work_one(session, do)
    row = job(session)
    assert (row.status, row.last_error) == ("pending", None)
    held = work_one(session, nothing)
    assert held is not None
    assert held.payload == {"new": True}


def test_a_job_that_is_held_is_nobody_elses(session: Session) -> None:
    promised(session)
    assert claim(session) is not None
    session.commit()
    assert claim(session) is None


def test_the_job_of_a_dead_worker_is_taken_over(session: Session) -> None:
    promised(session)
    now = utcnow()
    dead = claim(session, now)
    session.commit()
    assert claim(session, now + LEASE) is None
    other = claim(session, now + LEASE + timedelta(seconds=1))
    session.commit()
    assert dead is not None
    assert other is not None
    assert (other.id, other.tries) == (dead.id, 2)


def test_a_worker_that_comes_back_late_does_not_decide(session: Session) -> None:
    promised(session)
    now = utcnow()
    slow = claim(session, now)
    other = claim(session, now + LEASE * 2)
    assert slow is not None
    assert other is not None
    postpone(session, slow, GiveUp("too late"))
    assert job(session).status == "pending"
    finish(session, slow)
    row = job(session)
    assert (row.status, row.leased_until) == ("pending", other.lease)
    finish(session, other)
    assert job(session).status == "done"


def test_the_wait_grows_until_the_job_is_given_up(session: Session) -> None:
    promised(session)
    waits = []
    for number in range(1, len(BACKOFF) + 1):
        before = utcnow()
        held = work_one(session, later(f"try {number}"))
        assert held is not None
        row = job(session)
        waits.append(row.due_at - before)
        assert (held.tries, row.status, row.last_error) == (number, "pending", f"try {number}")
        assert work_one(session, nothing) is None, "not before its time"
        due(session)
    assert list(BACKOFF) == sorted(BACKOFF)
    assert all(
        expected <= wait < expected + timedelta(seconds=30) for wait, expected in zip(waits, BACKOFF, strict=True)
    )
    work_one(session, later("the last one"))
    row = job(session)
    assert (row.status, row.last_error) == ("failed", "the last one")
    due(session)
    assert work_one(session, nothing) is None


def test_a_wait_that_was_asked_for_is_kept(session: Session) -> None:
    promised(session)
    before = utcnow()
    work_one(session, later(after=timedelta(hours=3)))
    assert timedelta(hours=3) <= job(session).due_at - before < timedelta(hours=3, minutes=1)


def test_nobody_is_hammered_even_when_asked_to(session: Session) -> None:
    promised(session)
    before = utcnow()
    work_one(session, later(after=timedelta(0)))
    assert job(session).due_at >= before + BACKOFF[0]


def test_a_wait_that_is_no_failure_spends_no_try(session: Session) -> None:
    promised(session)
    for _ in range(len(BACKOFF) + 5):
        work_one(session, later("suspended", counted=False))
        due(session)
    row = job(session)
    assert (row.status, row.tries, row.last_error) == ("pending", 0, "suspended")


def test_giving_up_is_at_once(session: Session) -> None:
    def do(_held: Claim) -> None:
        raise GiveUp("an administrator must act")

    promised(session)
    work_one(session, do)
    row = job(session)
    assert (row.status, row.tries, row.last_error) == ("failed", 1, "an administrator must act")


def test_a_faulty_job_stops_nobody(session: Session) -> None:
    def do(held: Claim) -> None:
        if held.key == "a":
            session.add(OutboxJob(kind="test", key="half done", payload={}))
            session.flush()
            raise ZeroDivisionError("of ada.martin@example.org")

    promised(session)
    promised(session, "b")
    assert work_one(session, do) is not None
    assert work_one(session, do) is not None
    row = job(session)
    assert row.status == "pending"
    assert row.last_error is not None
    assert "ZeroDivisionError" in row.last_error
    assert "ada.martin" not in row.last_error  # an administrator reads this: no name, no answer
    assert job(session, "b").status == "done"
    assert session.scalars(sa.select(OutboxJob).filter_by(key="half done")).first() is None


def test_a_worker_killed_before_noting_leaves_the_same_effect(session: Session) -> None:
    """The job runs twice; being idempotent, it changes things once."""
    promised(session, payload={"value": 7})
    effects: dict[str, int] = {}

    def do(held: Claim) -> None:
        effects[held.key] = held.payload["value"]
        if held.tries == 1:
            raise KeyboardInterrupt  # as a signal: nothing is noted

    with pytest.raises(KeyboardInterrupt):
        work_one(session, do)
    session.rollback()
    assert job(session).status == "pending"
    assert work_one(session, do) is None, "its lease still runs"
    session.execute(sa.update(OutboxJob).values(leased_until=utcnow() - timedelta(seconds=1)))
    session.commit()
    held = work_one(session, do)
    assert held is not None
    assert (held.tries, effects, job(session).status) == (2, {"a": 7}, "done")


def dies(session: Session, times: int) -> None:
    """So many workers take what is due and end before they note anything."""
    for _ in range(times):
        assert claim_many(session, 10)
        session.execute(sa.update(OutboxJob).values(leased_until=None))
    session.commit()


def test_a_job_that_workers_die_of_is_given_up(session: Session) -> None:
    promised(session)
    dies(session, DEATHS)
    done: list[Claim] = []
    work_one(session, done.append)
    row = job(session)
    assert (row.status, row.cause, done) == ("failed", "died", [])
    assert deliveries.replay(session, row.id)
    session.commit()
    work_one(session, done.append)
    assert (job(session).status, len(done)) == ("done", 1)


def test_of_jobs_done_together_those_that_workers_die_of_are_given_up(session: Session) -> None:
    promised(session)
    dies(session, DEATHS)
    promised(session, "b")
    held, done = claim_many(session, 10), list[str]()
    session.commit()

    def do(fit: Sequence[Claim]) -> Mapping[int, Outcome]:
        done.extend(each.key for each in fit)
        return {each.id: None for each in fit}

    perform_many(session, held, do)
    assert done == ["b"]
    assert (job(session).status, job(session).cause, job(session, "b").status) == ("failed", "died", "done")
    due(session)
    promised(session)
    dies(session, DEATHS)
    perform_many(session, claim_many(session, 10), do)
    assert (done, job(session).status) == (["b"], "failed")


def test_a_failed_job_is_tried_again_on_demand(session: Session) -> None:
    promised(session)
    for _ in range(len(BACKOFF) + 1):
        work_one(session, later())
        due(session)
    row = job(session)
    assert row.status == "failed"
    assert deliveries.replay(session, row.id)
    session.commit()
    held = work_one(session, nothing)
    assert held is not None
    assert held.tries == 1
    assert job(session).status == "done"


def test_only_what_waits_or_failed_is_replayed(session: Session) -> None:
    promised(session)
    number = job(session).id
    work_one(session, nothing)
    assert not deliveries.replay(session, number)
    assert not deliveries.replay(session, number + 1)
    promised(session)
    work_one(session, later(after=timedelta(days=1)))
    assert deliveries.replay(session, number)
    session.commit()
    assert work_one(session, nothing) is not None


def test_replayed_while_it_runs_it_runs_again_after(app: Flask, session: Session) -> None:
    promised(session)
    number = job(session).id
    runs: list[int] = []

    def again(own: Session) -> None:
        assert deliveries.replay(own, number)
        own.commit()
        assert claim(own) is None, "the worker that has it keeps it"

    def do(held: Claim) -> None:
        runs.append(held.version)
        if len(runs) == 1:
            together(app, [again])

    while work_one(session, do):
        pass
    assert runs == [1, 2]


def test_the_oldest_comes_first(session: Session) -> None:
    for key in ("a", "b", "c"):
        promised(session, key)
    session.execute(sa.update(OutboxJob).filter_by(key="c").values(due_at=utcnow() - timedelta(hours=1)))
    session.commit()
    done: list[str] = []
    while work_one(session, lambda held: done.append(held.key)):
        pass
    assert done == ["c", "a", "b"]


def test_an_administrator_counts_and_reads(session: Session) -> None:
    for key in ("a", "b", "c"):
        promised(session, key)
    work_one(session, nothing)
    work_one(session, later("why it waits\nHTTP 503", cause="away"))
    assert deliveries.counts(session) == {"done": 1, "pending": 2}
    numbers = [job(session, key).id for key in ("b", "c")]
    found = deliveries.waiting(session, Filter())
    assert [(row.id, row.cause) for row in found] == [(numbers[0], "away"), (numbers[1], None)]
    assert [row.id for row in deliveries.waiting(session, Filter(cause="away"))] == numbers[:1]
    after = (found[0].created_at, found[0].id)
    assert [row.id for row in deliveries.waiting(session, Filter(), after)] == numbers[1:]
    assert deliveries.causes(session) == [("away", "why it waits", 1)]
    assert deliveries.oldest(session) == found[0].created_at


def test_a_reused_session_sees_what_was_asked_last(app: Flask, session: Session) -> None:
    promised(session, payload={"score": 1})
    session.scalars(sa.select(OutboxJob)).one()
    session.commit()
    together(app, [lambda own: promised(own, payload={"score": 2})])
    held = claim(session)
    assert held is not None
    assert held.payload == {"score": 2}


def test_no_two_workers_hold_one_job(app: Flask, session: Session) -> None:
    keys = [str(number) for number in range(24)]
    for key in keys:
        promise(session, "test", key, {})
    session.commit()
    done, holding, lock = Counter[str](), set[str](), threading.Lock()

    def do(held: Claim) -> None:
        with lock:
            assert held.key not in holding
            holding.add(held.key)
        threading.Event().wait(0.005)
        with lock:
            holding.remove(held.key)
            done[held.key] += 1

    def work(own: Session) -> None:
        idle = 0
        while idle < 3:
            idle = 0 if work_one(own, do) else idle + 1

    together(app, [work] * 4)
    assert done == Counter(keys)
    assert deliveries.counts(session) == {"done": len(keys)}
