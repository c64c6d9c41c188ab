"""The AI-literacy register, filled by one officer and signed by another: wide and as on a phone."""

import os
from pathlib import Path

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from playwright.sync_api import Page, expect

from lms.models import HrScope, db
from lms.services import literacy
from lms.services.accounts import make_account
from tests.account_in_test import PASSWORD
from tests.literacy_in_test import GROUP, SYSTEM, TAUGHT, agent, followed, register, unit

EDITOR, SIGNER = "registre@example.org", "signature@example.org"


@pytest.fixture
def place(stage: Stage) -> int:
    """A directorate with three agents, of whom one is trained, its register begun and two HR officers."""
    with stage.served.app_context():
        session = db.session()
        top = unit(session, "DNAV", None)
        top.name = "Direction du numérique à venir (fictive)"
        agents = [agent(session, f"DNAV-{number}", top) for number in range(3)]
        followed(session, agents[0])
        people = [make_account(session, name, PASSWORD, ["hr"], name) for name in (EDITOR, SIGNER)]
        session.add_all([HrScope(person_id=each.person_id, unit_id=top.id) for each in people])
        group = {**GROUP, "deadline": "2026-12-31"}
        row = register(session, top, people[0].person_id, system=[SYSTEM], group=[group], measure=[TAUGHT])
        system = next(entry.id for entry in literacy.entries(session, row.id) if entry.kind == "system")
        said = {
            "system": system,
            "agent": "DNAV-0",
            "competence": "Lit un score et ses limites",
            "authority": "Suspend",
        }
        literacy.add(session, row, "overseer", said, people[0].person_id)
        session.commit()
        number = row.id
        db.session.remove()
    return number


def signed_in(page: Page, address: str) -> Page:
    page.goto("/account/login")
    page.locator("#username").fill(address)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page


def seen(page: Page, name: str) -> None:
    """The page breaks no rule; kept as pictures where a folder is named for them."""
    accessible(page)
    if folder := os.environ.get("LITERACY_PICTURES"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_register_from_the_first_form_to_the_signature(new_page: NewPage, stage: Stage, place: int) -> None:
    editor = signed_in(new_page("400 (BAD REQUEST)"), EDITOR)
    editor.goto("/hr/register/")
    seen(editor, "index")
    editor.get_by_role("link", name="Direction du numérique", exact=False).click()
    expect(editor.get_by_text("contribue à la preuve").first).to_be_visible()
    expect(editor.get_by_role("heading", name="8. Journal")).to_be_visible()
    seen(editor, "register")
    editor.get_by_role("link", name="Ajouter un public exposé").press("Enter")
    editor.get_by_role("button", name="Inscrire au registre").press("Enter")
    expect(editor.get_by_role("alert").first).to_contain_text("réponses")
    seen(editor, "refused")
    editor.get_by_label("Nom", exact=True).fill("Prestataires du support")
    editor.get_by_label("De qui s’agit-il").select_option("contractors")
    editor.get_by_label("Fonction", exact=True).fill("support")
    editor.get_by_label("Nombre de prestataires").fill("12")
    editor.get_by_role("button", name="Inscrire au registre").press("Enter")
    expect(editor.get_by_role("status").first).to_contain_text("inscrit au registre")
    editor.get_by_role("link", name="Modifier Assistant de rédaction").click()
    seen(editor, "entry")
    editor.goto(f"/hr/register/{place}")
    editor.get_by_role("link", name="Voir ces agents", exact=False).click()
    expect(editor.get_by_role("rowheader", name="Ada NomDNAV-1")).to_be_visible()
    seen(editor, "gaps")

    signer = signed_in(new_page(), SIGNER)
    signer.goto(f"/hr/register/{place}")
    signer.get_by_role("link", name="Relire et signer").click()
    seen(signer, "sign")
    signer.get_by_label("Votre fonction").fill("Directrice adjointe")
    signer.get_by_role("button", name="Signer cette édition").press("Enter")
    expect(signer.get_by_text("Tel que signé", exact=True)).to_be_visible()
    seen(signer, "edition")
    with signer.expect_download() as download:
        signer.get_by_role("link", name="PDF daté").click()
    assert download.value.suggested_filename == "registre-DNAV-1.pdf"
    if folder := os.environ.get("LITERACY_PICTURES"):
        download.value.save_as(Path(folder) / "register.pdf")
