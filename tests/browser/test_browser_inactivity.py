"""A page that is left open: what it says before its session ends, and once it has."""

from datetime import datetime, timedelta

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import STEWARD, Stage
from playwright.sync_api import Page, expect

from lms.models import WebSession, db, utcnow

SOON = "You will be signed out within five minutes. Save what you are writing."
BEFOREHAND = "Without a new page for %(minutes)s min you are signed out. Save what you are writing before."
ENDED = "You are signed out. What you typed is still here: copy it, then open the page again."


class LeftOpen:
    """HR's page in a browser, its clock in our hands."""

    def __init__(self, stage: Stage, page: Page) -> None:
        self._stage, self.page = stage, page
        page.context.add_cookies([stage.cookie(STEWARD)])
        page.clock.install()
        page.goto(f"{stage.tool}/hr/")
        self.note = page.locator("[data-idle]")

    def hour(self, *, shows: str) -> None:
        """Let an hour pass, and another where the page was still hearing of the last one, until its note says that."""
        note = self.note.get_by_role("alert").get_by_text(self._stage.say(shows))
        while not note.is_visible():
            self.page.clock.fast_forward("55:30")

    def ends(self, left: timedelta) -> None:
        """Let the session end then."""
        with self._stage.served.app_context():
            _last().expires_at = utcnow() + left
            db.session.commit()

    def end(self) -> datetime:
        with self._stage.served.app_context():
            return _last().expires_at


def _last() -> WebSession:
    return db.session.query(WebSession).order_by(WebSession.created_at.desc()).limit(1).one()


def test_it_tells_before_and_goes_on_by_a_button(stage: Stage, new_page: NewPage) -> None:
    left = LeftOpen(stage, new_page())
    expect(left.note).to_be_hidden()
    left.page.clock.fast_forward("55:30")
    expect(left.note, "another tab was used meanwhile").to_be_hidden()
    left.ends(timedelta(minutes=4))
    left.hour(shows=SOON)
    accessible(left.page)
    left.page.get_by_role("button", name=stage.say("Stay signed in")).press("Enter")
    expect(left.note).to_be_hidden()
    assert left.end() > utcnow() + timedelta(minutes=55)


def test_what_was_typed_is_still_there_once_it_has_ended(stage: Stage, new_page: NewPage) -> None:
    left = LeftOpen(stage, new_page("401"))
    left.ends(-timedelta(seconds=1))
    left.hour(shows=ENDED)
    expect(left.page.get_by_role("button", name=stage.say("Stay signed in"))).to_be_hidden()
    accessible(left.page)


def test_without_script_each_page_tells_after_how_long(stage: Stage, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.context.add_cookies([stage.cookie(STEWARD)])
    page.goto(f"{stage.tool}/hr/")
    told = page.locator("noscript p")
    expect(told).to_be_visible()
    expect(told).to_have_text(stage.say(BEFOREHAND, minutes=60))
