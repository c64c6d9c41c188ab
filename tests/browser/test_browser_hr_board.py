"""HR's dashboard in a browser, wide and as on a phone: read by an officer, opened unit by unit down to the names."""

from datetime import date

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from browser_studio import sign_in
from playwright.sync_api import expect

from lms.models import HrScope, db
from lms.services.accounts import make_account
from lms.services.closings import close
from tests.account_in_test import PASSWORD
from tests.figures_in_test import YEAR, two_ministries

OFFICER = "rh.tableau@example.org"


def test_an_officer_reads_the_dashboard(new_page: NewPage, stage: Stage) -> None:
    with stage.app.app_context():
        found = two_ministries(db.session())
        account = make_account(db.session(), OFFICER, PASSWORD, ["hr"], "Responsable de formation")
        db.session.add(HrScope(person_id=account.person_id, unit_id=found["top"]))
        close(db.session(), date(YEAR - 1, 10, 31))
        db.session.commit()
        db.session.remove()
    page = sign_in(new_page(), OFFICER)
    page.goto("/hr/")
    expect(page.locator(".lead")).to_contain_text("de la hausse vont à l’IA")
    page.evaluate("document.querySelectorAll('details').forEach(shut => { shut.open = true })")
    accessible(page)
    page.set_viewport_size({"width": 360, "height": 900})
    expect(page.locator("#path-narrow-title")).to_have_count(1)
    expect(page.locator("svg.narrow")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Greffe").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Greffe")
    page.get_by_role("navigation", name="Place dans l’organisation").get_by_role("link", name="Justice").click()
    page.locator("#board-category").select_option("B")
    page.get_by_role("button", name="Afficher").first.click()
    page.wait_for_url(lambda url: "category=B" in url and f"unit={found['top']}" in url)
    page.goto("/hr/")
    expect(page.locator("#status")).to_be_visible()
    expect(page.locator("#by")).to_be_hidden()
    page.locator("#report-indicators").check()
    expect(page.locator("#status")).to_be_hidden()
    expect(page.locator("#by")).to_be_visible()
    page.get_by_role("link", name="Tous les parcours").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Agents à former")
    accessible(page)
    page.goto("/hr/")
    page.emulate_media(color_scheme="dark")
    accessible(page)
