"""A bank written in a browser: by keyboard, with a live preview, from a GIFT file, accessible at both widths."""

from pathlib import Path

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import TRACK, Stage
from browser_studio import make_author, sign_in
from playwright.sync_api import Page, expect

from lms.models import db
from tests.rich_type_in_test import rich_type

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
    make_author(stage, "banque@example.org", "author", name="Autrice de démonstration", track_key=TRACK)
    with stage.app.app_context():
        stage.draft(db.session())
        db.session.commit()
        db.session.remove()
    return sign_in(new_page(bypass_csp=True), "banque@example.org")


def test_a_bank_is_written_by_keyboard_and_brought_from_a_file(
    author: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = author
    page.goto(f"{BANK}/new")
    accessible(page)
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
    accessible(page)
    # Leaving what is not saved is asked about; staying keeps it.
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("#stem_en").fill("Who signs it?")
    page.goto(f"{BANK}?q=signe")
    assert asked == ["beforeunload"]
    expect(page.locator("tbody a", has_text="Qui **signe** ?")).to_be_visible()
    accessible(page)
    # A file: first what was read, then all of it.
    (tmp_path / "banc.gift").write_text(GIFT, "utf-8")
    page.goto(f"{BANK}/import")
    accessible(page)
    page.locator("[name=file]").set_input_files(tmp_path / "banc.gift")
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_role("cell", name="Récit")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Ajouter cette question").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Une question est ajoutée.")).to_be_visible()
    page.get_by_role("link", name="Qui décide d'envoyer la note").press("Enter")
    expect(page.locator("#objective")).to_have_value("d1-o1")
    page.goto(f"{BANK}/export?format=gift&language=en")
    expect(page.get_by_role("cell", name="note-de-service")).to_be_visible()
    accessible(page)
    # Another type asks for other things: its places first, then what belongs to each.
    rich_type(monkeypatch)
    page.goto(f"{BANK}/new")
    page.locator("#stem_fr").fill("Où va chaque demande ?")
    page.locator("#type").select_option("rich")
    page.get_by_role("button", name="Appliquer").press("Enter")
    page.locator("#places-0-text_fr").fill("Interdit")
    page.get_by_role("button", name="Appliquer").press("Enter")
    page.locator("#options-0-place").select_option("p1")
    page.locator("#criteria-0-title_fr").fill("Méthode")
    expect(page.locator("#stem_fr")).to_have_value("Où va chaque demande ?")
    accessible(page)
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.locator("#options-0-place")).to_have_value("p1")
    expect(page.locator("#criteria-0-title_fr")).to_have_value("Méthode")
    accessible(page)
