"""Where one is signed in: seen by oneself alone, and ended by a button."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, WebSession, utcnow
from lms.services.sessions import FRESH, key_of
from tests.account_in_test import browser_of, signed_in
from tests.factors_in_test import first_step
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, form_token, person

PAGE = "/account/sessions"
EMAIL = "ada@example.org"


def keys(browser: FlaskClient) -> list[str]:
    """The other browsers that the page offers to sign out."""
    answer = browser.get(f"{PAGE}?lang=en")
    assert answer.status_code == 200
    assert answer.text.count("This browser") == 1
    return re.findall(r'name="session" value="([0-9a-f]{16})"', answer.text)


def end(browser: FlaskClient, **asked: str) -> str:
    """The page that comes after pressing a button."""
    answer = browser.post(f"{PAGE}/end", data={"csrf_token": form_token(browser.get(PAGE)), **asked})
    assert (answer.status_code, answer.location) == (303, PAGE)
    return str(browser.get(PAGE).text)


@pytest.fixture
def browsers(app: Flask) -> list[FlaskClient]:
    """Three browsers of one account."""
    return [browser_of(app, EMAIL, account="hr"), signed_in(app, EMAIL), signed_in(app, EMAIL)]


def open_ones(browsers: list[FlaskClient]) -> list[bool]:
    return [browser.get(PAGE).status_code == 200 for browser in browsers]


def test_each_other_browser_is_signed_out_by_its_button(browsers: list[FlaskClient], session: Session) -> None:
    first, others = browsers[0], keys(browsers[0])
    assert len(others) == 2
    assert f'href="{PAGE}"' in first.get("/account/settings").text
    assert "Un navigateur est déconnecté." in end(first, session=others[0])
    assert sorted(open_ones(browsers[1:])) == [False, True]
    assert keys(first) == others[1:]
    assert "Il ne restait rien à déconnecter." in end(first, session=others[0])
    [line] = session.scalars(sa.select(AuditEntry).filter_by(action="sessions_ended"))
    assert line.details == {"count": 1}


def test_all_others_are_signed_out_together(browsers: list[FlaskClient]) -> None:
    page = end(browsers[0])
    assert open_ones(browsers) == [True, False, False]
    assert "2 navigateurs sont déconnectés." in page
    assert "Aucune autre session n’est ouverte." in page
    end(browsers[0])
    assert open_ones(browsers) == [True, False, False], "never this one"


def test_neither_this_one_nor_somebody_elses_is_ended(
    app: Flask, browsers: list[FlaskClient], session: Session
) -> None:
    stranger = browser_of(app, "bob@example.org", account="hr")
    assert keys(stranger) == []
    for key in [*map(key_of, session.scalars(sa.select(WebSession))), "x", "' or 1=1 --"]:
        session.rollback()
        end(stranger, session=key)
    assert open_ones([*browsers, stranger]) == [True] * 4
    assert stranger.post(f"{PAGE}/end", data={}).status_code == 400, "a form of ours alone"
    assert app.test_client().get(PAGE).status_code == 401


def test_whoever_comes_from_a_platform_sees_it_and_their_course(platform: PlatformInTest, session: Session) -> None:
    here, there = platform.launched(**person(1)), platform.launched(**person(1))
    page = here.get(f"{PAGE}?lang=en").text
    assert page.count(f"{platform.name}, ") == 2
    assert not any(row.token_hash in page for row in session.scalars(sa.select(WebSession)))
    session.rollback()
    end(here)
    assert [here.get(PAGE).status_code, there.get(PAGE).status_code] == [200, 401]
    assert count(session, WebSession) == 1


def grow_old(session: Session) -> None:
    """Let every sign-in be too long ago."""
    session.execute(sa.update(WebSession).values(created_at=utcnow() - FRESH))
    session.commit()


def test_one_signs_in_again_before_ending_others(browsers: list[FlaskClient], session: Session) -> None:
    first, other = browsers[0], keys(browsers[0])[0]
    grow_old(session)
    page = first.get(f"{PAGE}?lang=en").text
    assert "/account/login?next=/account/sessions" in page
    assert 'name="session"' not in page
    assert "Sign out everywhere else" not in page
    for asked in ({"session": other}, {}):
        assert "Rien n’a été déconnecté" in end(first, **asked)
    assert open_ones(browsers) == [True] * 3
    answer = first_step(first, EMAIL, "/account/login?next=/account/sessions")
    assert (answer.status_code, answer.location) == (303, PAGE)
    end(first)
    assert open_ones(browsers) == [True, False, False]


def test_a_tab_of_its_own_is_no_new_sign_in(browsers: list[FlaskClient], session: Session) -> None:
    grow_old(session)
    first = browsers[0]
    found = re.search(r'"(/account/arrive/[^"]+)"', first.get("/account/new-tab?next=/account/sessions").text)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    assert first.post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert "Rien n’a été déconnecté" in end(first)
    assert open_ones(browsers) == [True] * 3


def test_whoever_comes_from_a_platform_opens_the_activity_again(platform: PlatformInTest, session: Session) -> None:
    here, there = platform.launched(**person(1)), platform.launched(**person(1))
    grow_old(session)
    page = here.get(f"{PAGE}?lang=en").text
    assert "Open the activity again from your training platform" in page
    assert "/account/login?next=" not in page
    end(here)
    assert there.get(PAGE).status_code == 200
    end(platform.launched(**person(1)))
    assert there.get(PAGE).status_code == 401


def test_a_launch_ends_the_session_its_browser_had_and_no_other(platform: PlatformInTest, session: Session) -> None:
    here, there = platform.launched(**person(1)), platform.launched(**person(1))
    before = here.get_cookie("mpia")
    assert before is not None
    platform.launched(here, **person(1))
    assert count(session, WebSession) == 2
    thief = platform.app.test_client()
    thief.set_cookie("mpia", before.value)
    assert [browser.get(PAGE).status_code for browser in (here, there, thief)] == [200, 200, 401]
    session.rollback()
    state, _nonce = platform.begin(here)
    assert platform.post(here, state, "not a message").status_code >= 400
    assert here.get(PAGE).status_code == 200, "a message that is refused ends nothing"


def test_a_tab_that_takes_a_session_over_ends_the_one_it_had(browsers: list[FlaskClient], session: Session) -> None:
    found = re.search(r'"(/account/arrive/[^"]+)"', browsers[0].get("/account/new-tab?next=/account/sessions").text)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    assert browsers[1].post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert open_ones(browsers) == [True] * 3
    assert count(session, WebSession) == 3
