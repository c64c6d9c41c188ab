"""A worker killed between any two steps of a delivery: every score arrives once, in order, the last value in force."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from lms.models import AccessToken, OutboxJob, utcnow
from lms.worker import Worker
from tests.faults.crowd_in_test import Crowd, moments

#: More steps than any delivery has.
MOST = 120
PEOPLE = (0, 1)


class Mortal:
    """Workers that die at a step."""

    def __init__(self, app: Flask) -> None:
        config = app.extensions["mpia"]
        where = [str(value) for value in (config.database, config.data_dir, config.keys_dir)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.killed_worker", *where],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert self._said() == "ready"

    def dies_at(self, step: int) -> bool:
        """Let a worker do what is due; whether it died on the way."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n")
        self._process.stdin.flush()
        said = self._said()
        assert said in {"killed", "lived"}
        return said == "killed"

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def mortal(app: Flask) -> Iterator[Mortal]:
    process = Mortal(app)
    yield process
    process.end()


def time_passes(crowd: Crowd) -> None:
    """What the dead held is taken for free: jobs, and the asking for a token."""
    past = utcnow() - timedelta(seconds=1)
    crowd.session.execute(sa.update(OutboxJob).where(OutboxJob.leased_until.is_not(None)).values(leased_until=past))
    crowd.session.execute(sa.update(AccessToken).values(asking_until=None))
    crowd.session.commit()


def forgotten_tokens(crowd: Crowd) -> None:
    """The next worker asks for a token: its steps are the same each time."""
    crowd.session.execute(sa.delete(AccessToken))
    crowd.session.commit()


@pytest.mark.parametrize("stale_is_400", [False, True], ids=["moodle", "open edx"])
def test_killed_at_any_step(crowd: Crowd, mortal: Mortal, stale_is_400: bool) -> None:
    crowd.book.mood(whole_second_timestamps=True, stale_is_400=stale_is_400)
    sent: list[float] = []
    for step in range(1, MOST):
        percent = 100 - step if step % 2 else step
        forgotten_tokens(crowd)
        crowd.earn(percent, PEOPLE)
        killed = mortal.dies_at(step)
        time_passes(crowd)
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


def test_killed_at_any_step_with_a_better_score_meanwhile(crowd: Crowd, mortal: Mortal) -> None:
    """The first value may have left or not; the last one is in force, and nothing arrives out of order."""
    crowd.book.mood(whole_second_timestamps=True)
    for step in range(1, MOST):
        forgotten_tokens(crowd)
        before = [len(crowd.values(number)) for number in PEOPLE]
        crowd.earn(step, PEOPLE)
        killed = mortal.dies_at(step)
        crowd.earn(100 - step, PEOPLE)
        time_passes(crowd)
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
