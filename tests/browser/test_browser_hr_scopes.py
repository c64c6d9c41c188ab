"""The organisation, who is whom, the population, and who sees what: by keyboard, wide and as on a phone."""

import pytest
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import PASSWORD as STEWARDS
from browser_stage import STEWARD, Stage
from playwright.sync_api import Page, expect

from lms.models import Agent, Person, Platform, db
from lms.services import figures
from lms.services.accounts import make_account
from lms.services.matching import match
from lms.services.units import make_unit
from tests.account_in_test import PASSWORD

OFFICER = "rh.organisation@example.org"


@pytest.fixture
def declared(stage: Stage) -> None:
    """A ministry of demonstration with two directorates, their agents, and somebody who may be one of them."""
    with stage.served.app_context():
        session = db.session()
        top = make_unit(session, "MIN", "Ministère des essais", "ministry", siret="01234567890123")
        for number in (1, 2):
            part = make_unit(session, f"DIR{number}", f"Direction de démonstration {number}", "directorate", top)
            session.add_all(
                Agent(
                    number=f"D{number}-{each}", family_name=f"de démonstration D{number}-{each}", given_name="Agent",
                    branch="FPE", category="A", corps="Corps de démonstration", unit_id=part.id,
                    email=f"agent.d{number}.{each}@etat.example",
                )
                for each in range(3)
            )  # fmt: skip
        place = session.query(Platform).first()
        near = Person(platform=place, subject="near", email="agent.d1.0@etat.example", full_name="Agent D1 Zéro")
        session.add(near)
        session.flush()
        match(session, [near.id])
        figures.touch_moved(session)
        make_account(session, OFFICER, PASSWORD, ["hr"], "RH de démonstration")
        session.commit()
        db.session.remove()


def signed_in(page: Page, address: str, password: str) -> Page:
    page.goto("/account/login")
    page.locator("#username").fill(address)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page


def test_the_organisation_is_changed_counted_and_opened(new_page: NewPage, stage: Stage, declared: None) -> None:
    officer = signed_in(new_page("400"), OFFICER, PASSWORD)
    officer.goto("/hr/organisation/")
    accessible(officer)
    officer.get_by_role("link", name="Ministère des essais").press("Enter")
    expect(officer.get_by_text("6 agents se trouvent ici")).to_be_visible()
    accessible(officer)
    officer.get_by_role("link", name="Direction de démonstration 1").press("Enter")
    officer.get_by_text("Déplacer cette unité").press("Enter")
    officer.locator("#under").fill("NULLE")
    officer.get_by_role("button", name="Déplacer", exact=True).press("Enter")
    expect(officer.get_by_role("alert")).to_be_visible()
    accessible(officer)
    officer.locator("#under").fill("DIR2")
    officer.get_by_role("button", name="Déplacer", exact=True).press("Enter")
    expect(officer.get_by_role("row").filter(has_text="Direction de démonstration 2")).to_be_visible()
    accessible(officer)
    officer.goto("/hr/organisation/?day=2020-01-01")
    accessible(officer)

    officer.goto("/hr/matches/")
    accessible(officer)
    card = officer.get_by_role("region").filter(has_text="Agent D1 Zéro")
    card.get_by_role("button", name="C’est la même personne").press("Enter")
    officer.goto("/hr/matches/?state=confirmed")
    expect(officer.get_by_role("region").filter(has_text="Agent D1 Zéro")).to_be_visible()
    accessible(officer)

    officer.goto("/hr/population/")
    accessible(officer)
    officer.locator("#units").fill("DIR1")
    officer.locator("#words").fill("Les agents de la direction 1 de démonstration.")
    officer.get_by_role("button", name="Compter d’abord").press("Enter")
    expect(officer.get_by_role("status").filter(has_text="feraient partie")).to_be_visible()
    accessible(officer)
    officer.get_by_role("button", name="Déclarer cette règle").press("Enter")
    expect(officer.get_by_role("row").filter(has_text="DIR1")).to_be_visible()
    accessible(officer)

    steward = signed_in(new_page("409"), STEWARD, STEWARDS)
    steward.goto("/admin/hr/")
    steward.locator("#email").fill(OFFICER)
    steward.locator("#units").fill("DIR1")
    steward.get_by_role("button", name="Ouvrir ces unités").press("Enter")
    row = steward.get_by_role("row").filter(has_text=OFFICER)
    expect(row).to_contain_text("Direction de démonstration 1")
    accessible(steward)
    row.get_by_role("button", name="Retirer").press("Enter")
    expect(steward.get_by_role("alert")).to_be_visible()
    accessible(steward)
    officer.goto("/hr/organisation/")
    expect(officer.get_by_role("link", name="Direction de démonstration 1")).to_be_visible()
    expect(officer.get_by_role("link", name="Ministère des essais")).to_have_count(0)
    accessible(officer)
