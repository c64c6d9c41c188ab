"""Messages that come by the wrong way, twice, or to the wrong browser (LTI.md T1 to T14)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from werkzeug.test import TestResponse

from lms.app import create_app
from lms.models import LaunchState, Person, WebSession, db, utcnow
from tests.conftest import make_config
from tests.hostile.conftest import Court
from tests.platform_in_test import ABSENT, PlatformInTest, new_state


def token(court: Court, nonce: str) -> str:
    return court.platform.sign(court.platform.claims(nonce))


def by_get(court: Court, state: str, good: str) -> TestResponse:
    return court.browser.get("/lti/launch", query_string={"state": state, "id_token": good})


def in_query(court: Court, state: str, good: str) -> TestResponse:
    return court.browser.post(f"/lti/launch?id_token={good}", data={"state": state})


def in_query_too(court: Court, state: str, good: str) -> TestResponse:
    return court.browser.post(f"/lti/launch?id_token={good}", data={"state": state, "id_token": good})


CASES: dict[str, Callable[[Court, str, str], TestResponse]] = {
    "T1 GET": by_get,
    "T2 no state": lambda court, state, good: court.answer(ABSENT, good),
    "T2 empty state": lambda court, state, good: court.answer("", good),
    "T3 unknown state": lambda court, state, good: court.answer(new_state(), good),
    "T3 altered state": lambda court, state, good: court.answer(state[:-1] + ("A" if state[-1] != "A" else "B"), good),
    "T3 state with a NUL": lambda court, state, good: court.answer(state + "\x00", good),
    "T8 error response": lambda court, state, good: court.answer(
        state, ABSENT, error="access_denied", error_description="<script>alert(1)</script>"
    ),
    "T8 error that is no code": lambda court, state, good: court.answer(state, ABSENT, error="Ada Martin is not here"),
    "T8 error beside a token": lambda court, state, good: court.answer(state, good, error="access_denied"),
    "T9 no id_token": lambda court, state, good: court.answer(state, ABSENT),
    "T9 empty id_token": lambda court, state, good: court.answer(state, ""),
    "T10 token of 100 KB": lambda court, state, good: court.answer(state, good + "a" * 100_000),
    "T10 token of 2 MB": lambda court, state, good: court.answer(state, good + "a" * 2_000_000),
    "T10 form of 3 MB": lambda court, state, good: court.answer(state, good, more="a" * 3_000_000),
    "T10 state of 9 KB": lambda court, state, good: court.answer("a" * 9000, good),
    "T12 id_token in the query": in_query,
    "T12 id_token in the query too": in_query_too,
    "T13 two id_tokens": lambda court, state, good: court.answer(state, [good, good]),
    "T13 two states": lambda court, state, good: court.answer([state, state], good),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_refused_transport(court: Court, case: Callable[[Court, str, str], TestResponse]) -> None:
    state, nonce = court.platform.begin(court.browser)
    answer = case(court, state, token(court, nonce))
    court.refuses(answer)
    assert "<script>alert" not in answer.text


def test_t3_expired_state(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    with court.app.app_context():
        db.session.query(LaunchState).update({"expires_at": utcnow() - timedelta(seconds=1)})
        db.session.commit()
        db.session.remove()
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


def test_t4_state_of_another_browser(court: Court) -> None:
    state, nonce = court.platform.begin(court.app.test_client())
    court.refuses(court.answer(state, token(court, nonce)), "lti_browser")


def test_t4_state_of_another_browser_that_began_its_own(court: Court) -> None:
    state, nonce = court.platform.begin(court.app.test_client())
    court.platform.begin(court.browser)
    court.refuses(court.answer(state, token(court, nonce)), "lti_browser")


def test_t4_the_first_browser_may_still_go_on(court: Court) -> None:
    first = court.app.test_client()
    state, nonce = court.platform.begin(first)
    court.answer(state, token(court, nonce))
    assert court.platform.post(first, state, token(court, nonce)).status_code == 303


def used(court: Court) -> tuple[str, str, str]:
    """(state, nonce, token) of a launch that another tab of the same browser completed, then signed out."""
    state, nonce = court.platform.begin(court.browser)
    good = token(court, nonce)
    assert court.answer(state, good).status_code == 303
    with court.browser.session_transaction() as cookie:
        del cookie["sid"]
    court.before = court._kept()
    return state, nonce, good


def test_t5_same_post_twice(court: Court) -> None:
    state, _nonce, good = used(court)
    court.refuses(court.answer(state, good), "lti_state_unknown")


def test_t6_same_token_with_a_new_state(court: Court) -> None:
    _state, _nonce, good = used(court)
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, good), "lti_nonce")


def test_t7_state_used_again_with_a_new_token(court: Court) -> None:
    state, nonce, _good = used(court)
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


def test_a_refused_message_uses_its_state_up(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, token(court, nonce)[:-4] + "AAAA"), "lti_signature")
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


def test_t8_the_platforms_refusal_is_readable_in_its_frame(court: Court) -> None:
    state, _nonce = court.platform.begin(court.browser)
    answer = court.answer(state, ABSENT, error="login_required")
    court.refuses(answer, "lti_platform_refused")
    assert "frame-ancestors https://lms.example.org" in answer.headers["Content-Security-Policy"]


def test_t11_http_where_https_is_promised(court: Court) -> None:
    config = make_config(
        court.app.config["SQLALCHEMY_DATABASE_URI"], court.app.extensions["mpia"].data_dir,
        base_url="https://tool.example.org", trusted_proxies=1,
    )  # fmt: skip
    app = create_app(config)
    platform = PlatformInTest(app)
    browser, target = app.test_client(), "https://tool.example.org/lti/launch"
    state, nonce = platform.begin(browser, target_link_uri=target)
    good = platform.sign(platform.claims(nonce, target_link_uri=target))
    form = {"state": state, "id_token": good}
    plain = browser.post("/lti/launch", data=form, headers={"X-Forwarded-Proto": "http"})
    court.refuses(plain, "lti_insecure")
    assert browser.post("/lti/launch", data=form, headers={"X-Forwarded-Proto": "https"}).status_code == 303
    with app.app_context():
        db.engine.dispose()


def test_t14_of_concurrent_replays_exactly_one_wins(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    good, count = token(court, nonce), 8
    with court.browser.session_transaction() as cookie:
        proof = cookie["browser"]
    together = Barrier(count)

    def replay(_number: int) -> int:
        browser = court.app.test_client()
        with browser.session_transaction() as own:
            own["browser"] = proof
        together.wait()
        return court.platform.post(browser, state, good).status_code

    with ThreadPoolExecutor(count) as pool:
        statuses = sorted(pool.map(replay, range(count)))
    assert statuses == [303] + [400] * (count - 1)
    with court.app.app_context():
        assert db.session.query(WebSession).count() == 1
        assert db.session.query(Person).count() == 1
        db.session.remove()
