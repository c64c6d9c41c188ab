"""Being signed in: sessions end, may be taken back, move to another tab once, and are framed by one LMS."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.config import Config
from lms.models import Person, WebSession, utcnow
from lms.services.accounts import make_account
from lms.services.sessions import close_sessions
from tests.learner_in_test import count
from tests.platform_in_test import ABSENT, PlatformInTest, form_token, trainer

LMS = "https://lms.example.org"


def framers(answer: TestResponse) -> str:
    """Who may frame a page."""
    return answer.headers["Content-Security-Policy"].split("frame-ancestors ")[1]


def test_a_session_ends_in_its_time(app: Flask, learner_client: FlaskClient, session: Session) -> None:
    assert learner_client.get("/learn/").status_code == 200
    session.query(WebSession).update({"expires_at": utcnow() - timedelta(seconds=1)})
    session.commit()
    answer = learner_client.get("/learn/")
    assert answer.status_code == 401
    assert framers(answer) == LMS  # so that the frame can say how to come back


def test_a_person_is_signed_out_everywhere(platform: PlatformInTest, session: Session) -> None:
    browsers, other = [platform.launched(), platform.launched()], platform.launched(**trainer())
    assert close_sessions(session, session.query(Person).filter_by(subject="learner-1").one().id) == 2
    session.commit()
    assert [browser.get("/learn/").status_code for browser in browsers] == [401, 401]
    assert other.get("/teach/").status_code == 200


def test_signing_out_closes_this_browser_alone(platform: PlatformInTest, session: Session) -> None:
    here, there = platform.launched(), platform.launched()
    with here.session_transaction() as cookie:
        stolen = cookie["sid"]
    answer = here.post("/account/logout", data={"csrf_token": form_token(here.get("/learn/"))})
    assert answer.status_code == 303
    assert here.get("/learn/").status_code == 401
    assert there.get("/learn/").status_code == 200
    with here.session_transaction() as cookie:
        cookie["sid"] = stolen
    assert here.get("/learn/").status_code == 401


def test_a_made_up_session_is_nobodys(app: Flask, learner_client: FlaskClient) -> None:
    stranger = app.test_client()
    with stranger.session_transaction() as cookie:
        cookie["sid"] = "made-up"
    assert stranger.get("/learn/").status_code == 401
    stranger.set_cookie("mpia", "eyJzaWQiOiJ4In0.made.up")
    assert stranger.get("/learn/").status_code == 401


def test_the_database_cannot_sign_anybody_in(learner_client: FlaskClient, session: Session) -> None:
    with learner_client.session_transaction() as cookie:
        token = cookie["sid"]
    assert session.query(WebSession).one().token_hash != token
    session.commit()


PAGES = ("/learn/", "/learn/decideurs", "/learn/decideurs/d1", "/account/settings")


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_framed_by_the_platform_of_the_session(platform: PlatformInTest, path: str) -> None:
    other = PlatformInTest(platform.app, "other")
    assert framers(platform.launched().get(path)) == LMS
    assert framers(other.launched().get(path)) == "https://other.example.org"


def test_nobody_frames_a_page_out_of_a_launch(app: Flask, client: FlaskClient, session: Session) -> None:
    make_account(session, "admin@example.org", "a long password", ["administrator"])
    session.commit()
    page = client.get("/account/login")
    assert framers(page) == framers(client.get("/verify")) == "'none'"
    form = {"csrf_token": form_token(page), "username": "admin@example.org", "password": "a long password"}
    assert client.post("/account/login", data=form).status_code == 303
    assert framers(client.get("/admin/")) == "'none'"


def test_a_launch_in_a_window_of_its_own_is_not_framed(platform: PlatformInTest) -> None:
    client = platform.launched(launch_presentation={"document_target": "window"})
    assert framers(client.get("/learn/")) == "'none'"


def test_every_page_carries_the_headers_that_protect_it(learner_client: FlaskClient) -> None:
    for path in (*PAGES, "/nowhere"):
        headers = learner_client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert len(headers.getlist("Content-Security-Policy")) == 1


def arrive_url(client: FlaskClient, path: str = "/learn/decideurs") -> str:
    """The address that the page « open in a new tab » gives."""
    page = client.get(f"/account/new-tab?next={path}")
    assert page.status_code == 200
    return page.text.split('action="/account/arrive/')[1].split('"')[0].replace("&amp;", "&")


def go(client: FlaskClient, arrival: str, site: str | None = "same-origin") -> TestResponse:
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    return client.post("/account/arrive/" + arrival, headers=headers)


def test_our_own_page_opens_a_new_tab_at_once(app: Flask, learner_client: FlaskClient) -> None:
    tab = app.test_client()
    answer = go(tab, arrive_url(learner_client))
    assert (answer.status_code, answer.location) == (303, "/learn/decideurs")
    page = tab.get(answer.location)
    assert page.status_code == 200
    assert "Ada Martin" in page.text
    assert framers(page) == "'none'"
    assert learner_client.get("/learn/").status_code == 200


def test_the_address_serves_once(app: Flask, learner_client: FlaskClient) -> None:
    arrival = arrive_url(learner_client)
    assert go(app.test_client(), arrival).status_code == 303
    thief = app.test_client()
    assert go(thief, arrival).status_code == 401
    assert thief.get("/learn/").status_code == 401


def test_the_address_serves_once_even_to_two_at_once(app: Flask, learner_client: FlaskClient, session: Session) -> None:
    arrival, number = arrive_url(learner_client), 6
    together = Barrier(number)

    def tab(_number: int) -> int:
        together.wait()
        return go(app.test_client(), arrival).status_code

    with ThreadPoolExecutor(number) as pool:
        assert sorted(pool.map(tab, range(number))) == [303] + [401] * (number - 1)
    assert count(session, WebSession) == 2


def test_the_address_ends_after_five_minutes(app: Flask, learner_client: FlaskClient, session: Session) -> None:
    arrival = arrive_url(learner_client)
    newest = session.query(WebSession).order_by(WebSession.expires_at).first()
    assert newest is not None
    assert newest.expires_at - utcnow() <= timedelta(minutes=5)
    newest.expires_at = utcnow() - timedelta(seconds=1)
    session.commit()
    assert go(app.test_client(), arrival).status_code == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_who_comes_from_elsewhere_confirms_first(app: Flask, learner_client: FlaskClient, site: str | None) -> None:
    """Else an attacker could sign a victim in as themselves (login CSRF)."""
    arrival, tab = arrive_url(learner_client), app.test_client()
    page = go(tab, arrival, site)
    assert page.status_code == 400  # without the page's token
    assert "Ada Martin" in page.text
    assert tab.get("/learn/").status_code == 401
    answer = tab.post("/account/arrive/" + arrival, data={"csrf_token": form_token(page)})
    assert (answer.status_code, answer.location) == (303, "/learn/decideurs")
    assert tab.get("/learn/").status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "cross-site", None])
def test_an_address_that_is_opened_confirms_first(app: Flask, learner_client: FlaskClient, site: str | None) -> None:
    """Wherever it comes from: we lead ourselves to addresses that we were given."""
    arrival, tab = arrive_url(learner_client), app.test_client()
    page = tab.get("/account/arrive/" + arrival, headers={"Sec-Fetch-Site": site} if site else {})
    assert page.status_code == 200
    assert tab.get("/learn/").status_code == 401
    answer = tab.post("/account/arrive/" + arrival, data={"csrf_token": form_token(page)})
    assert answer.status_code == 303
    assert tab.get("/learn/").status_code == 200


def test_a_tab_of_its_own_ends_when_its_session_would_have(
    app: Flask, learner_client: FlaskClient, session: Session, config: Config
) -> None:
    began = utcnow() - timedelta(minutes=config.session_minutes - 2)
    session.execute(sa.update(WebSession).values(created_at=began, expires_at=utcnow() + timedelta(minutes=2)))
    session.commit()
    arrival = arrive_url(learner_client)
    assert go(app.test_client(), arrival).status_code == 303
    ends = session.scalars(sa.select(WebSession.expires_at)).all()
    assert len(ends) == 2
    assert max(ends) <= began + timedelta(minutes=config.session_minutes, seconds=1)


@pytest.mark.parametrize(
    "path", ["https://evil.example.org", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)"]
)
def test_no_way_out_of_the_site(app: Flask, learner_client: FlaskClient, path: str) -> None:
    answer = go(app.test_client(), arrive_url(learner_client, path))
    assert urlsplit(answer.location).netloc == ""
    assert "evil" not in answer.location


def nul_in_login(client: FlaskClient) -> TestResponse:
    form = {"csrf_token": form_token(client.get("/account/login")), "username": "a\x00@example.org", "password": "x"}
    return client.post("/account/login", data=form)


@pytest.mark.parametrize(
    "ask",
    [
        nul_in_login,
        lambda client: client.get("/verify/AAAA%00AAAA"),
        lambda client: client.get("/verify?code=%00"),
        lambda client: client.get("/learn/%00"),
        lambda client: client.get("/account/login?next=%00"),
    ],
)
def test_a_nul_is_a_bad_request_everywhere(client: FlaskClient, ask: Callable[[FlaskClient], TestResponse]) -> None:
    answer = ask(client)
    assert answer.status_code == 400
    assert 'id="reference"' in answer.text


def settings(client: FlaskClient, **changes: str) -> TestResponse:
    """Save one's settings, as the page's form does."""
    form = {"csrf_token": form_token(client.get("/account/settings")), "size": "m", "space": "m", "language": "fr"}
    return client.post("/account/settings", data={**form, **changes})


def test_a_name_that_cannot_be_printed_is_refused(platform: PlatformInTest, session: Session) -> None:
    client = platform.launched(name=ABSENT, given_name=ABSENT, family_name=ABSENT)
    for name in ("\u202eevil", "学生", "a" * 500):
        assert settings(client, certificate_name=name).status_code == 400
    session.expire_all()
    assert session.query(Person).one().certificate_name is None
    session.commit()
    assert settings(client, certificate_name="Ada Martin").status_code == 303
    session.expire_all()
    assert session.query(Person).one().certificate_name == "Ada Martin"


@pytest.mark.parametrize("changes", [{"size": "huge"}, {"space": ""}, {"language": "xx"}])
def test_settings_that_do_not_exist_are_refused(learner_client: FlaskClient, changes: dict[str, str]) -> None:
    answer = settings(learner_client, **changes)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
