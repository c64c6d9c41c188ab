"""A bank written in a browser: by keyboard, with a live preview, from a GIFT file, accessible at both widths."""

from pathlib import Path

import pytest
from browser_axe import bring_axe, violations
from browser_frame import NewPage
from browser_stage import PASSWORD, TRACK, Stage
from playwright.sync_api import Page, expect

from lms.models import db
from lms.services import drafts
from lms.services.accounts import make_account
from lms.services.studio import grant

BANK = f"/author/{TRACK}/d1/bank"
GIFT = """// [tag:objective:d1-o1] [tag:difficulty:1] [tag:source:llm-limits]
::Note de service:: Qui décide d'envoyer la note ? {
=L'agent qui la signe#Oui, l'outil propose.
~L'outil qui l'a écrite#Non, il ne signe rien.
}

::Récit:: Racontez. {}
"""


@pytest.fixture
def author(stage: Stage, new_page: NewPage) -> Page:
    """Somebody who writes the track, signed in."""
    with stage.app.app_context():
        person = make_account(db.session(), "banque@example.org", PASSWORD, ["author"], "Autrice de démonstration")
        grant(db.session(), person.person_id, ["author"], track_key=TRACK)
        drafts.begin(db.session(), TRACK, None)
        db.session.commit()
        db.session.remove()
    page = new_page(bypass_csp=True)
    page.goto("/account/login")
    page.locator("[name=username]").fill("banque@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url("/account/login")
    return page


def check(page: Page) -> None:
    """No rule broken and nothing cut, wide and narrow."""
    bring_axe(page)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == [], page.url
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_bank_is_written_by_keyboard_and_brought_from_a_file(author: Page, tmp_path: Path) -> None:
    page = author
    page.goto(f"{BANK}/new")
    check(page)
    # By keyboard alone: the key proposed, the question, two options.
    page.locator("#stem_fr").focus()
    page.keyboard.type("Qui **signe** ?")
    expect(page.locator("[data-seen] .stem strong").first).to_have_text("signe")
    page.keyboard.press("Tab")
    page.keyboard.type("Who signs?")
    page.locator("#options-0-correct").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("L’agent")
    page.locator("#options-1-text_fr").focus()
    page.keyboard.type("L’outil")
    page.locator("#options-1-misconception").focus()
    page.keyboard.type("the tool signs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="La question est enregistrée.")).to_be_visible()
    expect(page.locator("#options-0-text_en-lack")).to_contain_text("pas écrite dans cette langue")
    expect(page.locator("#stem_fr")).to_have_value("Qui **signe** ?")
    check(page)
    # Leaving what is not saved is asked about; staying keeps it.
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("#stem_en").fill("Who signs it?")
    page.goto(f"{BANK}?q=signe")
    assert asked == ["beforeunload"]
    expect(page.locator("tbody a", has_text="Qui **signe** ?")).to_be_visible()
    check(page)
    # A file: first what was read, then all of it.
    (tmp_path / "banc.gift").write_text(GIFT, "utf-8")
    page.goto(f"{BANK}/import")
    check(page)
    page.locator("[name=file]").set_input_files(tmp_path / "banc.gift")
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_role("cell", name="Récit")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Ajouter cette question").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Une question est ajoutée.")).to_be_visible()
    page.get_by_role("link", name="Qui décide d'envoyer la note").press("Enter")
    expect(page.locator("#objective")).to_have_value("d1-o1")
    page.goto(f"{BANK}/export?format=gift&language=en")
    expect(page.get_by_role("cell", name="note-de-service")).to_be_visible()
    check(page)
