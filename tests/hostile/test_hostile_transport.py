"""Messages that come by the wrong way, twice, or to the wrong browser (LTI.md T1 to T15)."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from lms.models import LaunchState, Person, WebSession, db, utcnow
from tests.hostile.browser import Answer, Browser
from tests.hostile.court import Court, case
from tests.hostile.service import TOOL
from tests.platform_in_test import ABSENT, field, new_state, person


def token(court: Court, nonce: str, **changes: Any) -> str:
    return court.platform.sign(court.platform.claims(nonce, **changes))


def by_get(court: Court, state: str, good: str) -> Answer:
    return court.browser.get("/lti/launch", query_string={"state": state, "id_token": good})


def in_query(court: Court, state: str, good: str) -> Answer:
    return court.browser.post(f"/lti/launch?id_token={good}", data={"state": state})


def in_query_too(court: Court, state: str, good: str) -> Answer:
    return court.browser.post(f"/lti/launch?id_token={good}", data={"state": state, "id_token": good})


CASES: dict[str, Callable[[Court, str, str], Answer]] = {
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
    "T13 the same fields in the query": lambda court, state, good: court.browser.post(
        "/lti/launch?" + urlencode({"state": state}), data={"state": state, "id_token": good}
    ),
    "T13 two states": lambda court, state, good: court.answer([state, state], good),
}


@pytest.mark.parametrize("send", CASES.values(), ids=CASES)
def test_refused_transport(court: Court, send: Callable[[Court, str, str], Answer]) -> None:
    state, nonce = court.platform.begin(court.browser)
    answer = send(court, state, token(court, nonce))
    court.refuses(answer)
    assert "<script>alert" not in answer.text


@case("T3 expired state")
def test_expired_state(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    with court.app.app_context():
        mine = db.session.query(LaunchState).filter_by(platform_id=court.platform.id)
        mine.update({"expires_at": utcnow() - timedelta(seconds=1)})
        db.session.commit()
        db.session.remove()
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


@case("T4 state of another browser")
def test_state_of_another_browser(court: Court) -> None:
    state, nonce = court.platform.begin(court.new_browser())
    court.refuses(court.answer(state, token(court, nonce)), "browser")


@case("T4 state of another browser, in one that began its own")
def test_state_of_another_browser_that_began_its_own(court: Court) -> None:
    state, nonce = court.platform.begin(court.new_browser())
    court.platform.begin(court.browser)
    court.refuses(court.answer(state, token(court, nonce)), "browser")


@case("T4 the first browser may still go on")
def test_the_first_browser_may_still_go_on(court: Court) -> None:
    first = court.new_browser()
    state, nonce = court.platform.begin(first)
    court.refuses(court.answer(state, token(court, nonce)), "browser")
    assert court.platform.post(first, state, token(court, nonce)).status_code == 303


def used(court: Court) -> tuple[str, str, str]:
    """(state, nonce, token) of a launch that this browser completed, before it signed out."""
    state, nonce = court.platform.begin(court.browser)
    good, before = token(court, nonce), dict(court.browser.cookies)
    assert court.answer(state, good).status_code == 303
    court.browser.cookies.update(before)
    court.settle()
    return state, nonce, good


@pytest.mark.parametrize("process", [0, 1], ids=["to one process", "to the other"])
@case("T5 same post twice")
def test_same_post_twice(court: Court, process: int) -> None:
    """On the process that took it, and on the one that did not."""
    state, _nonce, good = used(court)
    fields = {"state": state, "id_token": good}
    court.refuses(court.browser.post("/lti/launch", data=fields, process=process), "lti_state_unknown")


@case("T5 same post twice, by who is signed in")
def test_same_post_twice_by_who_is_signed_in(court: Court) -> None:
    """As after « refresh »: nothing is done again, and the page leads on to where they were (R6)."""
    state, nonce = court.platform.begin(court.browser)
    good = token(court, nonce)
    court.accepts(court.answer(state, good))
    court.settle()
    again = court.answer(state, good)
    assert again.status_code == 400
    court.readable(again)
    assert court.kept() == court.before
    assert 'href="/learn/decideurs"' in again.text
    assert court.browser.get("/learn/decideurs").status_code == 200


@case("T6 same token with a new state")
def test_same_token_with_a_new_state(court: Court) -> None:
    _state, _nonce, good = used(court)
    state, _nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, good), "lti_nonce")


@case("T7 state used again with a new token")
def test_state_used_again_with_a_new_token(court: Court) -> None:
    state, nonce, _good = used(court)
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


@case("T7 state of a refused message, with a good token")
def test_a_refused_message_uses_its_state_up(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    court.refuses(court.answer(state, token(court, nonce)[:-4] + "AAAA"), "lti_signature")
    court.refuses(court.answer(state, token(court, nonce)), "lti_state_unknown")


@case("T8 error response, readable in the platform's frame")
def test_the_platforms_refusal_is_readable_in_its_frame(court: Court) -> None:
    state, _nonce = court.platform.begin(court.browser)
    answer = court.answer(state, ABSENT, error="login_required")
    court.refuses(answer, "lti_platform_refused")
    assert f"frame-ancestors https://{court.platform.host}" in answer.headers["Content-Security-Policy"]


@case("T11 http where https is promised")
def test_http_where_https_is_promised(court: Court) -> None:
    state, nonce = court.platform.begin(court.browser)
    form = {"state": state, "id_token": token(court, nonce)}
    plain = court.browser.post("/lti/launch", data=form, headers={"X-Forwarded-Proto": "http"})
    court.refuses(plain, "lti_insecure")
    court.accepts(court.browser.post("/lti/launch", data=form))


@pytest.mark.parametrize(
    "keys_known", [False, True], ids=["T14 concurrent replay, keys unknown", "T14 concurrent replay, keys known"]
)
def test_of_concurrent_replays_exactly_one_wins(court: Court, *, keys_known: bool) -> None:
    """Eight at the same moment, four on each process."""
    if keys_known:
        for process in (0, 1):
            know_keys(court, process)
    state, nonce = court.platform.begin(court.browser)
    form, count = {"state": state, "id_token": token(court, nonce)}, 8
    people, sessions = court.count(Person), court.count(WebSession)
    answers = at_once(court, [(court.browser.twin(), form)] * count)
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * (count - 1)
    assert {answer.process for answer in answers} == set(court.service.processes)
    assert (court.count(Person), court.count(WebSession)) == (people + (not keys_known), sessions + 1)


@case("T14 launches of one class at the same moment all win")
def test_launches_at_the_same_moment_all_win(court: Court) -> None:
    """None is refused because another is asking the platform for its keys, and it is asked once by each process."""
    forms = []
    for number in range(8):
        browser = court.new_browser()
        state, nonce = court.platform.begin(browser)
        forms.append((browser, {"state": state, "id_token": token(court, nonce, **person(number))}))
    answers = at_once(court, forms)
    assert [answer.status_code for answer in answers] == [303] * len(forms)
    assert court.network.asked == [court.platform.jwks_url] * 2


def at_once(court: Court, forms: Sequence[tuple[Browser, dict[str, str]]]) -> list[Answer]:
    """The answers to messages that leave at the same moment, to each process in turn."""
    together = Barrier(len(forms))

    def post(number: int) -> Answer:
        browser, form = forms[number]
        together.wait()
        return browser.post("/lti/launch", data=form, process=number % 2)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(post, range(len(forms))))


def know_keys(court: Court, process: int) -> None:
    """Let a process know the platform's keys, by a launch."""
    browser = court.new_browser()
    state, nonce = court.platform.begin(browser)
    form = {"state": state, "id_token": token(court, nonce)}
    assert browser.post("/lti/launch", data=form, process=process).status_code == 303


def attacker(court: Court) -> tuple[str, str, str]:
    """(state, token, proof) of a login the attacker went through, in a browser that keeps no cookie."""
    browser = court.new_browser(keeps=False)
    kept = court.platform.login(browser, lti_storage_target="_parent")
    proof = kept.text.split('data-keep-proof="', 1)[1].split('"', 1)[0]
    asked = parse_qs(
        urlsplit(unescape(kept.text.split("data-keep-proof", 1)[1].split('href="', 1)[1].split('"')[0])).query
    )
    return asked["state"][0], token(court, asked["nonce"][0]), proof


ORIGINS: dict[str, dict[str, str]] = {
    "T15 brought by another site": {"Origin": "https://evil.example.org"},
    "T15 brought by a sandboxed frame": {"Origin": "null"},
    "T15 brought without saying from where": {},
    "T15 brought by a site that begins like ours": {"Origin": TOOL + ".evil.example.org"},
    "T15 brought by our host over http": {"Origin": TOOL.replace("https:", "http:")},
}


@pytest.mark.parametrize("began", [False, True], ids=["a new victim", "a victim who was launched before"])
@pytest.mark.parametrize("headers", ORIGINS.values(), ids=ORIGINS)
def test_an_attackers_login_in_a_victims_browser(court: Court, headers: dict[str, str], *, began: bool) -> None:
    """The attacker's own state, token and proof: the victim must not be signed in as the attacker."""
    if began:
        court.platform.begin(court.browser)
    state, good, proof = attacker(court)
    form = {"state": state, "id_token": good, "proof": proof}
    court.refuses(court.browser.post("/lti/launch", data=form, headers=headers), "browser")


@case("T15 brought by the platform's site")
def test_an_attackers_login_brought_from_the_platforms_site(court: Court) -> None:
    """A page of a course may hold any form: the platform's origin proves nothing of the browser."""
    state, good, proof = attacker(court)
    court.refuses(court.answer(state, good, proof=proof), "browser")


FALSE_PROOFS: dict[str, Callable[[str], str]] = {
    "T15 proof of another login, brought by our page": lambda other: other,
    "T15 proof that is none": lambda _other: "0" * 64,
    "T15 empty proof": lambda _other: "",
    "T15 proof in another alphabet": lambda _other: "é" * 64,
}


@pytest.mark.parametrize("proof", FALSE_PROOFS.values(), ids=FALSE_PROOFS)
def test_a_false_proof(court: Court, proof: Callable[[str], str]) -> None:
    _state, _good, other = attacker(court)
    state, good, _proof = attacker(court)
    form = {"state": state, "id_token": good, "proof": proof(other)}
    court.refuses(court.browser.post("/lti/launch", data=form, headers={"Origin": TOOL}), "browser")


@case("T15 address of a session handed over, opened by a victim")
def test_a_session_handed_over_to_a_victim_asks_first(court: Court) -> None:
    """The attacker completes a launch and sends the address that carries the session: nobody is signed in unasked."""
    state, good, proof = attacker(court)
    form = {"state": state, "id_token": good, "proof": proof}
    page = court.new_browser(keeps=False).post("/lti/launch", data=form, headers={"Origin": TOOL})
    assert page.status_code == 200
    address = unescape(page.text.split('action="/account/arrive/', 1)[1].split('"', 1)[0])
    court.settle()
    victim = court.browser.tab()
    for site in ("cross-site", "same-site", "none", "same-origin"):  # the last: we led there ourselves
        asked = victim.get("/account/arrive/" + address, headers={"Sec-Fetch-Site": site})
        assert asked.status_code == 200
        assert field(asked, "csrf_token")
    forced = victim.post("/account/arrive/" + address, headers={"Origin": "https://evil.example.org"})
    assert forced.status_code == 400
    assert victim.get("/learn/").status_code == 401
    assert court.kept() == court.before


def test_a_proof_brought_by_our_own_page_is_taken(court: Court) -> None:
    """So that each refusal above is for its own reason; it is worth one launch."""
    state, good, proof = attacker(court)
    form = {"state": state, "id_token": good, "proof": proof}
    browser = court.new_browser(keeps=False)
    page = browser.post("/lti/launch", data=form, headers={"Origin": TOOL})
    assert page.status_code == 200
    address = "/account/arrive/" + unescape(page.text.split('action="/account/arrive/', 1)[1].split('"', 1)[0])
    tab = Browser(court.service, TOOL)
    assert tab.post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert tab.get("/learn/").status_code == 200
    again = browser.post("/lti/launch", data=form, headers={"Origin": TOOL})
    assert again.status_code == 400
    assert tab.post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 401
