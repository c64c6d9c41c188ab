"""A past day of a large institution: the page that says that it is being counted, then its figures."""

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import STEWARD, Stage
from playwright.sync_api import expect

from lms.services import counted_days

DAY = "2026-03-12"


def test_a_past_day_is_counted_by_the_worker_and_then_shown(
    stage: Stage, new_page: NewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted_days, "MOST_AGENTS", -1)
    page = new_page()
    page.context.add_cookies([stage.cookie(STEWARD)])
    page.goto(f"{stage.tool}/hr/?day={DAY}")
    expect(page.get_by_role("heading", name=stage.say("This day is being counted"))).to_be_visible()
    accessible(page)
    stage.settle()
    page.get_by_role("link", name=stage.say("See whether the figures are there")).press("Enter")
    said = stage.say("Distinct agents on %(day)s, counted from the facts.", day="12/03/2026")
    expect(page.get_by_text(said)).to_be_visible()
    accessible(page)
