"""A closed account: no way in opens it, and whoever tries is told what is told of an unknown address."""

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Ceremony, LocalAccount, WebSession
from lms.services import sessions
from lms.services.accounts import AccountRefused, account_named, close, make_account, reopen
from lms.services.accounts import sign_in as by_password
from lms.services.identities import account_of, link
from tests.account_in_test import PASSWORD, browser_of, signed_in, token_of
from tests.factors_in_test import Device, add_passkey, first_step, post, set_app_up, use_passkey
from tests.learner_in_test import count

EMAIL, STEP = "ada@example.org", "/account/second-factor"
ISSUER = "https://idp.example.org"


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    return browser_of(app, EMAIL, account="hr")


def account(session: Session) -> LocalAccount:
    session.expire_all()
    found = account_named(session, EMAIL)
    assert found is not None
    return found


def closed(session: Session) -> int:
    ended = close(session, account(session))
    session.commit()
    return ended


def test_a_closed_account_has_no_session_and_no_way_in(app: Flask, ada: FlaskClient, session: Session) -> None:
    link(session, account(session), ISSUER, "subject-1")
    session.commit()
    assert account_of(session, ISSUER, "subject-1") is not None
    session.commit()
    assert closed(session) == 1
    assert ada.get("/hr/").status_code == 401
    assert by_password(session, EMAIL, PASSWORD) is None
    assert account_of(session, ISSUER, "subject-1") is None
    session.commit()
    browser = app.test_client()
    told = []
    for address in (EMAIL, "nobody@example.org"):
        values = {"username": address, "password": PASSWORD, "csrf_token": token_of(browser)}
        answer = browser.post("/account/login", data=values)
        told.append((answer.status_code, answer.text.count("This address and this password"), "alert" in answer.text))
    assert told[0] == told[1]
    assert told[0][0] == 401
    reopen(session, account(session))
    session.commit()
    assert signed_in(app, EMAIL).get("/hr/").status_code == 200
    of_accounts = sa.select(AuditEntry.action).where(AuditEntry.action.like("account.%")).order_by(AuditEntry.id)
    actions = session.scalars(of_accounts).all()
    assert [action for action in actions if action.endswith(("closed", "reopened"))] == [
        "account.closed", "account.reopened",
    ]  # fmt: skip


def test_a_sign_in_half_done_ends_with_it(app: Flask, ada: FlaskClient, session: Session) -> None:
    secret, _codes = set_app_up(ada)
    browser = app.test_client()
    assert first_step(browser, EMAIL).location.startswith(STEP)
    closed(session)
    assert count(session, Ceremony) == 0
    session.commit()
    answer = post(browser, STEP, code=pyotp.TOTP(secret).now())
    assert answer.location.startswith("/account/login")
    assert browser.get("/hr/").status_code == 401


def test_a_session_opened_meanwhile_is_swept(ada: FlaskClient, session: Session) -> None:
    closed(session)
    sessions.open_session(session, account(session).person_id, frozenset({"hr"}), 60)
    session.commit()
    sessions.sweep(session)
    session.commit()
    assert count(session, WebSession) == 0


def test_the_last_administrator_stays(session: Session) -> None:
    first, second = (make_account(session, f"{name}@example.org", PASSWORD, ["administrator"]) for name in ("a", "b"))
    session.commit()
    close(session, first)
    with pytest.raises(AccountRefused):
        close(session, second)
    session.rollback()


def test_a_passkey_opens_it_no_more(app: Flask, ada: FlaskClient, session: Session) -> None:
    device = Device()
    add_passkey(ada, device)
    closed(session)
    browser = app.test_client()
    answer = use_passkey(browser, device)
    assert answer.status_code == 401
    assert browser.get("/hr/").status_code == 401
    reopen(session, account(session))
    session.commit()
    assert use_passkey(app.test_client(), device).status_code == 303
