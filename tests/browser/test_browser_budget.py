"""The budget in a browser, wide and narrow: a line, a baseline of four eyes, the path, costs and a file."""

import os
from pathlib import Path

from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import PASSWORD, STEWARD, Stage
from browser_studio import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from lms.models import Baseline, BudgetLine, BudgetYear, Cost, db
from lms.services.accounts import make_account
from tests.account_in_test import PASSWORD as OTHER_PASSWORD

OTHER = "controle@example.org"


def seen(page: Page, name: str) -> None:
    """Hold the page to the rules; keep its picture where a folder is named for it."""
    accessible(page)
    folder = os.environ.get("BUDGET_PICTURES")
    if folder:
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)


def test_a_budget_from_its_first_line_to_its_forecast(new_page: NewPage, stage: Stage) -> None:
    with stage.app.app_context():
        for table in (Cost, Baseline, BudgetYear, BudgetLine):  # those of the demo make room
            db.session.execute(delete(table))
        make_account(db.session(), OTHER, OTHER_PASSWORD, ["hr"], "Contrôle de démonstration")
        db.session.commit()
        db.session.remove()
    page = sign_in(new_page("422 (UNPROCESSABLE ENTITY)"), STEWARD, PASSWORD)
    page.goto("/hr/budget/lines?year=2026")
    fill(page, programme="148", bop="DSAF", label="Formation continue")
    page.get_by_role("button", name="Créer la ligne").click()
    for year, opened, ai, paid in (
        ("2026", "10 000 000", "200 000", "0"),
        ("2027", "13000000", "2 900 000,00", "2320000"),
    ):
        fill(page, year=year, ae_opened=opened, ae_committed=opened, cp_opened=opened, cp_paid="2 500 000")
        fill(page, ai_ae=ai, ai_cp=paid)
        page.get_by_role("button", name="Saisir").click()
        expect(page.get_by_role("status")).to_contain_text("est saisi")
    seen(page, "line")
    fill(page, ai_ae="99 000 000")
    page.get_by_role("button", name="Saisir").click()
    expect(page.get_by_role("alert")).to_contain_text("La part IA dépasse le tout")
    page.goto("/hr/budget/lines?year=2027")
    seen(page, "lines")

    page.goto("/hr/budget")
    expect(page.get_by_text("Aucune référence n’est approuvée")).to_be_visible()
    seen(page, "empty")
    page.goto("/hr/budget/baseline?year=2026")
    fill(page, reason="Loi de finances initiale de 2026")
    page.get_by_role("button", name="Proposer").click()
    expect(page.get_by_text("Vous l’avez proposée")).to_be_visible()
    expect(page.get_by_role("button", name="Approuver")).to_have_count(0)
    other = sign_in(new_page(), OTHER, OTHER_PASSWORD)
    other.goto("/hr/budget/baseline")
    seen(other, "decide")
    fill(other, answer="Conforme au projet annuel de performances")
    other.get_by_role("button", name="Approuver").click()
    expect(other.get_by_role("status")).to_contain_text("La référence est approuvée.")
    seen(other, "baseline")

    page.goto("/hr/budget?year=2027")
    expect(page.locator(".lead")).to_contain_text("sous la trajectoire")
    expect(page.locator("svg.wide")).to_be_visible()
    fill(page, agents="500", cost="600", first="2028", last="2029")
    page.get_by_role("button", name="Simuler").click()
    expect(page.locator("section[aria-labelledby=simulator]")).to_contain_text("250 agents en 2028")
    seen(page, "path")
    page.set_viewport_size({"width": 360, "height": 900})
    expect(page.locator("svg.narrow")).to_be_visible()
    expect(page.locator("svg.wide")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})

    page.goto("/hr/budget/costs?year=2026")
    fill(page, label="Licences de la plateforme", amount="12,50", quantity="400")
    page.locator("#kind").select_option("licence")
    page.locator("#track").select_option("decideurs")
    page.get_by_role("button", name="Garder ce coût").click()
    expect(page.get_by_role("status")).to_contain_text("Le coût est gardé.")
    seen(page, "costs")

    page.goto("/hr/budget/import")
    file = {
        "name": "b.csv",
        "mimeType": "text/csv",
        "buffer": b"Exercice;Programme;AE ouvertes\n2028;148;1,234\n",
    }
    page.locator("#file").set_input_files([file])  # type: ignore[list-item]
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("section[aria-labelledby=refused]")).to_contain_text("AE ouvertes")
    seen(page, "import")
