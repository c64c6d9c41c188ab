"""An administrator opens the API to a program, and tells one what happens: by keyboard, wide and as on a phone."""

import os
from pathlib import Path

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import PASSWORD, STEWARD
from playwright.sync_api import Page, expect


def steward(page: Page) -> Page:
    page.goto("/account/login")
    page.locator("#username").fill(STEWARD)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page


def picture(page: Page, name: str) -> None:
    """Keep what is seen where asked (``PICTURES``, a folder)."""
    if folder := os.environ.get("PICTURES"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_programs_are_opened_and_told(new_page: NewPage) -> None:
    page = steward(new_page("Failed to load resource"))
    page.goto("/admin/")
    page.get_by_role("link", name="API pour les programmes").press("Enter")
    page.get_by_role("button", name="Créer son secret").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    page.get_by_label("Nom du programme").fill("SIRH de démonstration")
    page.get_by_label("Pour quoi faire").fill("Plan de formation 2027")
    page.get_by_label("Agents : identifiant").press("Space")
    page.get_by_label("Toute l’institution").press("Space")
    page.get_by_label("Avec un identifiant et un secret").press("Space")
    page.get_by_role("button", name="Créer son secret").press("Enter")
    expect(page.locator("#secret")).to_contain_text("mpia_cs_")
    accessible(page)
    picture(page, "api")
    page.goto("/admin/api")
    page.get_by_role("button", name="Révoquer SIRH de démonstration").press("Enter")
    expect(page.get_by_text("n’entre plus")).to_be_visible()
    accessible(page)

    page.goto("/admin/webhooks")
    accessible(page)
    page.get_by_label("Nom du programme").fill("SIRH de démonstration")
    page.get_by_label("Adresse", exact=True).fill("https://sirh.invalid/hook")
    page.get_by_label("Parcours achevé").press("Space")
    page.get_by_label("Certificat révoqué").press("Space")
    page.get_by_label("Toute l’institution").press("Space")
    page.get_by_role("button", name="Créer son secret").press("Enter")
    expect(page.locator("#secret")).to_contain_text("whsec_")
    accessible(page)
    page.goto("/admin/webhooks")
    page.get_by_role("button", name="Essayer SIRH de démonstration").press("Enter")
    expect(page.get_by_role("table", name="Le dernier d’abord")).to_be_visible()
    for _ in range(30):
        if page.get_by_text("Le nom ne mène nulle part").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    accessible(page)
    picture(page, "webhooks")
    page.get_by_role("button", name="Arrêter SIRH de démonstration").press("Enter")
    expect(page.get_by_role("button", name="Reprendre SIRH de démonstration")).to_be_visible()
    accessible(page)
