"""Local accounts, and the browsers of those who sign in with them."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import db
from lms.services import studio
from lms.services.accounts import make_account
from tests.platform_in_test import form_token

PASSWORD = "a long enough password"


def make_person(
    session: Session, email: str, *studio_roles: str, account: str = "author", name: str = "", **reach: Any
) -> int:
    """Make an account with those roles in the studio, over what ``studio.grant`` is told; gives the person's number."""
    person = make_account(session, email, PASSWORD, [account], name).person_id
    studio.grant(session, person, studio_roles, **reach)
    return person


def signed_in(app: Flask, email: str) -> FlaskClient:
    """The browser of somebody who has an account."""
    browser = app.test_client()
    values = {"username": email, "password": PASSWORD, "csrf_token": token_of(browser)}
    assert browser.post("/account/login", data=values).status_code == 303
    return browser


def browser_of(app: Flask, email: str, *studio_roles: str, **more: Any) -> FlaskClient:
    """The browser of somebody new, made as by ``make_person``."""
    with app.app_context():
        make_person(db.session(), email, *studio_roles, **more)
        db.session.commit()
        db.session.remove()
    return signed_in(app, email)


def token_of(browser: FlaskClient) -> str:
    """A form token of that browser, from a page anybody may open."""
    return form_token(browser.get("/verify"))
