"""A holder offers their certificate to their wallet: the code, the link that says the same, the figures kept apart."""

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from playwright.sync_api import expect

from tests.wallet_in_test import read_offer


def test_a_certificate_is_offered_to_a_wallet(new_page: NewPage, stage: Stage) -> None:
    holder = stage.arrived("Titulaire", d1=10, d2=10)
    stage.settle()
    page = new_page()
    page.context.add_cookies([stage.cookie(holder)])
    page.goto(f"{stage.tool}/certificates/")
    page.locator("main article h2 a").first.click()
    page.get_by_role("link", name=stage.say("Add to my wallet")).click()
    accessible(page)
    page.get_by_role("button", name=stage.say("Make an offer for my wallet")).click()
    link = page.get_by_role("link", name=stage.say("open the offer in my wallet")).get_attribute("href")
    assert link is not None
    assert read_offer(link)["credential_issuer"] == stage.tool
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    figures = page.locator("#figures")
    expect(figures).to_be_hidden()
    page.get_by_text(stage.say("Show the code"), exact=True).focus()
    page.keyboard.press("Enter")
    expect(figures).to_be_visible()
    accessible(page)
