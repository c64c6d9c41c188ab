"""People of the studio in a browser."""

from typing import Any

from browser_stage import Stage
from playwright.sync_api import Page

from lms.models import db
from tests.account_in_test import PASSWORD, make_person


def make_author(stage: Stage, email: str, *roles: str, **more: Any) -> None:
    """Make an account with those roles in the studio, as by ``make_person``."""
    with stage.app.app_context():
        make_person(db.session(), email, *roles, **more)
        db.session.commit()
        db.session.remove()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> Page:
    """Sign in with an account of the tests, or of the demonstration by its password; gives the page."""
    page.goto("/account/login")
    page.locator("#username").fill(email)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page
