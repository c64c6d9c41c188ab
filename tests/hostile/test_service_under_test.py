"""What the hostile cases stand on: two processes, and requests of one browser that meet both."""

from urllib.parse import parse_qs, urlsplit

from tests.hostile.court import Court


def test_requests_of_one_browser_meet_both_processes(court: Court) -> None:
    met = [court.browser.get("/healthz").process for _turn in range(6)]
    assert met in ([*court.service.processes] * 3, [*reversed(court.service.processes)] * 3)
    assert len(set(met)) == 2


def test_a_login_begun_on_one_process_ends_on_the_other(court: Court) -> None:
    begun = court.platform.login(court.browser)
    asked = parse_qs(urlsplit(str(begun.location)).query)
    ended = court.answer(asked["state"][0], court.platform.sign(court.platform.claims(asked["nonce"][0])))
    court.accepts(ended)
    assert {begun.process, ended.process} == set(court.service.processes)


def test_a_browser_keeps_the_cookies_of_a_frame_apart(court: Court) -> None:
    court.accepts(court.launch())
    assert court.browser.tab().get("/learn/").status_code == 401
    assert court.browser.twin().get("/learn/").status_code == 200
