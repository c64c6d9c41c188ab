"""A platform in every mood while thirty scores leave: each arrives once, and the count is taken where it arrives."""

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Response

from lms.lti import tokens
from lms.lti.grades import RESULT_SCOPE
from lms.lti.http import Outbound
from lms.models import utcnow
from tests.faults.crowd_in_test import Crowd, moments


def patience(crowd: Crowd, seconds: float) -> None:
    """How long our side waits for an answer."""
    outbound: Outbound = crowd.book.app.extensions["outbound"]
    outbound._client.timeout = httpx.Timeout(seconds)


def delivered(crowd: Crowd, rounds: int = 12) -> None:
    """Let delays pass, round after round, until everything is delivered."""
    for _ in range(rounds):
        crowd.book.deliver_all()
        if set(crowd.states()) == {("done", None)}:
            return


def test_a_sound_platform(crowd: Crowd) -> None:
    """One token, one request a score."""
    crowd.earn(60)
    crowd.book.deliver_all()
    crowd.arrived_once(60)
    assert crowd.book.asked == {"token": 1, "scores": Crowd.SIZE}


def test_a_platform_that_is_slow(crowd: Crowd) -> None:
    crowd.book.mood(slow_seconds=0.2)
    crowd.earn(60)
    delivered(crowd)
    crowd.arrived_once(60)


def test_a_platform_slower_than_we_wait(crowd: Crowd) -> None:
    """It takes every score and answers too late: none is sent twice, and its learners are not asked for at once."""
    crowd.earn(10)
    crowd.book.deliver_all()
    patience(crowd, 0.3)
    crowd.book.mood(slow_seconds=0.6)
    crowd.earn(60)
    before = crowd.book.asked["scores"]
    crowd.book.deliver_all()
    assert crowd.book.asked["scores"] == before + 1, "one is enough to know"
    crowd.book.mood(slow_seconds=0.0)
    patience(crowd, 10)
    threading.Event().wait(0.7)
    delivered(crowd)
    assert [crowd.values(number) for number in range(Crowd.SIZE)] == [[10.0, 60.0]] * Crowd.SIZE
    # The one that was taken without our knowing was found by its result.
    assert crowd.book.asked["results"] == 1


@pytest.mark.parametrize("html", [False, True])
def test_a_platform_that_is_down(crowd: Crowd, html: bool) -> None:
    crowd.book.mood(down=True, html_errors=html)
    crowd.earn(30)
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "unreachable"): Crowd.SIZE}
    crowd.earn(60)
    crowd.book.deliver_all()
    crowd.book.mood(down=False, html_errors=False)
    delivered(crowd)
    crowd.arrived_once(60)


def test_a_proxy_that_answers_pages(crowd: Crowd) -> None:
    """200, and a page that asks to sign in, on every service door."""
    crowd.book.instead["/scores"] = lambda: Response("<html>Sign in</html>", 302, {"Location": "/login"})
    crowd.book.instead["/token"] = lambda: Response("<html>Sign in</html>", content_type="text/html")
    crowd.earn(60)
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "token_answer"): Crowd.SIZE}
    del crowd.book.instead["/token"]
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "http_302"): Crowd.SIZE}
    crowd.book.instead.clear()
    delivered(crowd)
    crowd.arrived_once(60)


@pytest.mark.parametrize("turn", [1, 12])
def test_a_platform_that_asks_to_slow_down(crowd: Crowd, turn: int) -> None:
    """At its first answer or in the middle: the others wait without being tried."""

    def some() -> Response | None:
        return None if crowd.book.asked["scores"] < turn else Response("", 429, {"Retry-After": "60"})

    crowd.book.instead["/scores"] = some
    crowd.earn(60)
    began = utcnow()
    crowd.book.deliver_all()
    # A few were on their way side by side.
    assert turn <= crowd.book.asked["scores"] < turn + 4
    platform = crowd.book.platform()
    assert platform.quiet_until is not None
    assert platform.quiet_until >= began + timedelta(seconds=60)
    before = crowd.book.asked["scores"]
    assert crowd.book.worker.work() == 0
    assert crowd.book.asked["scores"] == before
    crowd.book.instead.clear()
    delivered(crowd)
    crowd.arrived_once(60)
    assert crowd.book.platform().quiet_until is None


def test_a_platform_that_revokes_its_tokens(crowd: Crowd) -> None:
    def revoke() -> None:
        if crowd.book.asked["scores"] in {5, 12, 20}:
            crowd.book.campus.tokens.revoke_all()

    crowd.book.instead["/scores"] = revoke
    crowd.earn(60)
    delivered(crowd)
    crowd.arrived_once(60)


def test_a_platform_that_restarts_in_the_middle(crowd: Crowd) -> None:
    threads: list[threading.Thread] = []

    def restart() -> None:
        if crowd.book.asked["scores"] == 10:
            threads.append(threading.Thread(target=crowd.book.restart))
            threads[0].start()

    crowd.book.instead["/scores"] = restart
    crowd.earn(60)
    crowd.book.deliver_all()
    threads[0].join()
    delivered(crowd)
    crowd.arrived_once(60)


@pytest.mark.parametrize("skew", [-40, 40])
def test_a_platform_whose_clock_is_wrong(crowd: Crowd, skew: int) -> None:
    crowd.book.mood(clock_skew_seconds=skew)
    crowd.earn(60)
    delivered(crowd)
    crowd.arrived_once(60)


def test_tokens_that_live_a_minute(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for once in their life, and left a quarter of it before they end."""
    crowd.book.mood(token_seconds=60)
    crowd.earn(40)
    delivered(crowd)
    crowd.arrived_once(40)
    assert crowd.book.asked["token"] == 1
    monkeypatch.setattr(tokens, "utcnow", lambda: utcnow() + timedelta(seconds=46))
    crowd.earn(60)
    delivered(crowd)
    assert [crowd.values(number) for number in range(Crowd.SIZE)] == [[40.0, 60.0]] * Crowd.SIZE
    assert crowd.book.asked["token"] == 2


def test_a_platform_that_grants_less_than_it_said(crowd: Crowd) -> None:
    """LTI.md S7: nothing is sent without the scope, and once it is allowed everything leaves."""
    crowd.book.mood(granted_scopes=(RESULT_SCOPE,))
    crowd.earn(60)
    crowd.book.deliver_all()
    assert crowd.book.asked["scores"] == 0
    ((state, cause),) = crowd.states()
    assert state == "pending"
    assert cause in {"scope_refused", "token_refused"}
    crowd.book.mood(granted_scopes=None)
    delivered(crowd)
    crowd.arrived_once(60)


def test_a_web_server_that_strips_authorization(crowd: Crowd) -> None:
    crowd.book.mood(strip_authorization=True)
    crowd.earn(60)
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "http_401"): Crowd.SIZE}
    job = crowd.book.job()
    assert job.last_error is not None
    assert "passes the Authorization header on" in job.last_error
    assert crowd.book.asked["scores"] == 2, "one, and once more with a new token"
    crowd.book.mood(strip_authorization=False)
    delivered(crowd)
    crowd.arrived_once(60)


def test_scores_of_one_second_in_their_order(crowd: Crowd) -> None:
    """Moodle compares whole seconds; Open edX says 400 where Moodle says 409."""
    crowd.book.mood(whole_second_timestamps=True, stale_is_400=True)
    for percent in (10, 20, 90):
        crowd.earn(percent, [0, 1])
        crowd.book.deliver_all()
    for number in (0, 1):
        assert crowd.values(number) == [10.0, 20.0, 90.0]
        said = moments(crowd.received(number))
        assert said == sorted(set(said))
        assert all(moment.microsecond == 0 for moment in said)


def test_people_who_left_or_teach_are_not_tried_for_ever(crowd: Crowd) -> None:
    """LTI.md S13: one refusal, then an administrator's list; the others are served."""
    crowd.book.campus.leave(crowd.people[0])
    crowd.earn(60)
    crowd.book.deliver_all()
    for _ in range(3):
        crowd.book.deliver_all()
    assert crowd.states() == {("done", None): Crowd.SIZE - 1, ("failed", "http_400"): 1}
    assert crowd.values(0) == []
    assert crowd.book.asked["scores"] == Crowd.SIZE


@pytest.mark.parametrize("stale", [{"stale_is_400": True}, {}], ids=["open edx", "moodle"])
def test_a_trainers_later_grade_is_passed_by_in_the_end(crowd: Crowd, stale: dict[str, Any]) -> None:
    """LTI.md S10: refused as too old though it is not ours, it leaves again with a later moment, not blindly."""
    crowd.book.mood(whole_second_timestamps=True, **stale)
    crowd.earn(20, [0])
    crowd.book.deliver_all()
    crowd.book.overrides(crowd.people[0], 12.0, utcnow() + timedelta(seconds=2))
    crowd.earn(60, [0])
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "http_409"): 1}
    threading.Event().wait(2.5)
    crowd.book.deliver_all()
    assert crowd.states() == {("done", None): 1}
    assert crowd.received(0)[-1].grade == crowd.expected(60)
