"""Exports asked for, followed and downloaded, and the open figures: wide and as on a phone, by keyboard."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import PASSWORD, STEWARD, Stage
from playwright.sync_api import Page, expect

from lms.models import db, utcnow
from tests.figures_in_test import agent_in, follows, person_of

#: How long a worker may take, in seconds.
WORKS = 60


def signed_in(page: Page) -> Page:
    page.goto("/account/login")
    page.locator("#username").fill(STEWARD)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page


def test_a_large_export_is_asked_for_followed_and_kept(new_page: NewPage, stage: Stage, tmp_path: Path) -> None:
    page = signed_in(new_page("400"))
    page.goto("/hr/")
    accessible(page)
    page.get_by_role("link", name="Exports volumineux", exact=False).press("Enter")
    accessible(page)
    page.get_by_role("button", name="Préparer le fichier").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Choisissez la finalité.")
    accessible(page)
    page.get_by_label("Rapport").select_option("certificates")
    page.get_by_label("Finalité").select_option("audit")
    page.get_by_label("Nom, pour conserver cet export").fill("Certificats du lundi")
    page.get_by_label("Répétition").select_option("weekly")
    page.get_by_role("button", name="Préparer le fichier").press("Enter")
    expect(page.get_by_role("heading", name="Certificats délivrés")).to_be_visible()
    ready = page.get_by_text("Le fichier est prêt.")
    for _ in range(WORKS):
        if ready.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").press("Enter")
    assert download.value.suggested_filename.startswith("certificates-")
    assert download.value.suggested_filename.endswith(".ods")
    page.goto("/hr/exports")
    expect(page.get_by_role("rowheader", name="Certificats du lundi")).to_be_visible()
    accessible(page)


def test_the_open_figures_are_for_everybody(new_page: NewPage, stage: Stage) -> None:
    app = stage.served
    before = app.extensions["mpia"]
    with app.app_context():
        for _ in range(12):
            who = person_of(db.session(), agent_in(db.session(), None, branch="FPT"))
            follows(db.session(), who, at=utcnow() - timedelta(days=60))
        db.session.commit()
        db.session.remove()
    app.extensions["mpia"] = replace(before, open_data=True, open_data_contact="donnees@example.org")
    try:
        page = new_page()
        page.goto("/open-data")
        expect(page.get_by_role("rowheader", name="Décideurs publics").first).to_be_visible()
        accessible(page)
    finally:
        app.extensions["mpia"] = before
