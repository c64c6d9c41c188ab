"""A worker killed between any two steps of a delivery: every score arrives once, in order, the last value in force."""

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from lms.models import AccessToken
from lms.worker import Worker
from tests.faults.crowd_in_test import Crowd, moments
from tests.faults.dying_in_test import MOST, Processes, buried, time_passes

PEOPLE = (0, 1)


@pytest.fixture
def workers(app: Flask) -> Processes:
    return Processes(app)


def forgotten_tokens(crowd: Crowd) -> None:
    """The next worker asks for a token: its steps are the same each time."""
    crowd.session.execute(sa.delete(AccessToken))
    crowd.session.commit()


@pytest.mark.parametrize("stale_is_400", [False, True], ids=["moodle", "open edx"])
def test_killed_at_any_step(crowd: Crowd, workers: Processes, stale_is_400: bool) -> None:
    crowd.book.mood(whole_second_timestamps=True, stale_is_400=stale_is_400)
    sent: list[float] = []
    for step in range(1, MOST):
        percent = 100 - step if step % 2 else step
        forgotten_tokens(crowd)
        crowd.earn(percent, PEOPLE)
        killed = workers.does("drain", step) == "killed"
        buried(crowd.session)
        time_passes(crowd.session)
        crowd.book.deliver_all()
        sent.append(float(percent))
        for number in PEOPLE:
            assert crowd.values(number) == sent, f"killed at step {step}"
        assert crowd.states() == {("done", None): len(PEOPLE)}
        if not killed:
            break
    assert not killed, "no worker lived to the end"
    # Claim, token asked and kept, intents, scores, notes: each was survived before and after.
    assert step > 2 * (5 + 1 + len(PEOPLE))


def test_killed_at_any_step_with_a_better_score_meanwhile(crowd: Crowd, workers: Processes) -> None:
    """The first value may have left or not; the last one is in force, and nothing arrives out of order."""
    crowd.book.mood(whole_second_timestamps=True)
    for step in range(1, MOST):
        forgotten_tokens(crowd)
        before = [len(crowd.values(number)) for number in PEOPLE]
        crowd.earn(step, PEOPLE)
        killed = workers.does("drain", step) == "killed"
        crowd.earn(100 - step, PEOPLE)
        buried(crowd.session)
        time_passes(crowd.session)
        crowd.book.deliver_all()
        for number in PEOPLE:
            new = crowd.values(number)[before[number] :]
            assert new in ([float(step), 100.0 - step], [100.0 - step]), f"killed at step {step}"
            said = moments(crowd.received(number))
            assert said == sorted(set(said))
            assert crowd.received(number)[-1].grade == crowd.expected(100 - step)
        assert crowd.states() == {("done", None): len(PEOPLE)}
        if not killed:
            break
    assert not killed


def test_two_workers_at_once_send_nothing_twice(crowd: Crowd) -> None:
    """Workers beside each other, each with its own process in life, share the crowd out."""
    crowd.earn(60)
    workers = [Worker(crowd.book.app) for _ in range(3)]
    threads = [threading.Thread(target=worker.drain) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crowd.arrived_once(60)
    assert crowd.book.asked["scores"] == Crowd.SIZE
