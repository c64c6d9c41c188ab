"""A platform in every mood while thirty scores leave: each arrives once, and the count is taken where it arrives."""

import threading
from datetime import timedelta

import pytest
from flask import Response

from lms.lti import tokens
from lms.models import utcnow
from tests.faults.crowd_in_test import Crowd


def test_a_sound_platform(crowd: Crowd) -> None:
    """One token, one request a score."""
    crowd.earn(60)
    crowd.book.deliver_all()
    crowd.arrived_once(60)
    assert crowd.book.asked == {"token": 1, "scores": Crowd.SIZE}


def test_a_platform_that_is_slow(crowd: Crowd) -> None:
    crowd.book.mood(slow_seconds=0.2)
    crowd.earn(60)
    crowd.delivered()
    crowd.arrived_once(60)


@pytest.mark.parametrize("html", [False, True])
def test_a_platform_that_is_down(crowd: Crowd, html: bool) -> None:
    crowd.book.mood(down=True, html_errors=html)
    crowd.earn(30)
    crowd.book.deliver_all()
    assert crowd.states() == {("pending", "unreachable"): Crowd.SIZE}
    crowd.earn(60)
    crowd.book.deliver_all()
    crowd.book.mood(down=False, html_errors=False)
    crowd.delivered()
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
    crowd.delivered()
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
    crowd.delivered()
    crowd.arrived_once(60)
    assert crowd.book.platform().quiet_until is None


def test_a_platform_that_revokes_its_tokens(crowd: Crowd) -> None:
    def revoke() -> None:
        if crowd.book.asked["scores"] in {5, 12, 20}:
            crowd.book.campus.tokens.revoke_all()

    crowd.book.instead["/scores"] = revoke
    crowd.earn(60)
    crowd.delivered()
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
    crowd.delivered()
    crowd.arrived_once(60)


@pytest.mark.parametrize("skew", [-40, 40])
def test_a_platform_whose_clock_is_wrong(crowd: Crowd, skew: int) -> None:
    crowd.book.mood(clock_skew_seconds=skew)
    crowd.earn(60)
    crowd.delivered()
    crowd.arrived_once(60)


def test_tokens_that_live_a_minute(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for once in their life, and left a quarter of it before they end."""
    crowd.book.mood(token_seconds=60)
    crowd.earn(40)
    crowd.delivered()
    crowd.arrived_once(40)
    assert crowd.book.asked["token"] == 1
    monkeypatch.setattr(tokens, "utcnow", lambda: utcnow() + timedelta(seconds=46))
    crowd.earn(60)
    crowd.delivered()
    assert [crowd.values(number) for number in range(Crowd.SIZE)] == [[40.0, 60.0]] * Crowd.SIZE
    assert crowd.book.asked["token"] == 2


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
    crowd.delivered()
    crowd.arrived_once(60)
