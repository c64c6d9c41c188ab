"""Certificates of a course issued together, many checked from a file, and their journal: wide and as on a phone."""

import pytest
import sqlalchemy as sa
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import PASSWORD as STEWARDS
from browser_stage import STEWARD, Stage
from playwright.sync_api import Page, expect

from lms.models import Certificate, Membership, Person, db
from lms.services.accounts import make_account
from tests.account_in_test import PASSWORD
from tests.issuing_in_test import class_of

TRAINER = "formatrice.lot@example.org"
#: How long a worker may take, in milliseconds.
WORKS = 60_000


@pytest.fixture
def place(stage: Stage) -> int:
    """A course of five, of whom four earned the certificate, one of them without a name to print."""
    with stage.served.app_context():
        session = db.session()
        made = class_of(session, 5, "lot", earned=4)
        nameless = session.scalars(sa.select(Person).filter_by(family_name="Martin lot-00003")).one()
        nameless.certificate_name = None
        account = make_account(session, TRAINER, PASSWORD, ["trainer"], "Formatrice de démonstration")
        session.add(Membership(person_id=account.person_id, context_id=made.id, role="trainer"))
        session.commit()
        number = made.id
        db.session.remove()
    return number


def signed_in(page: Page, address: str, password: str) -> Page:
    page.goto("/account/login")
    page.locator("#username").fill(address)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)
    return page


def test_from_the_course_to_the_report_the_file_and_the_journal(new_page: NewPage, stage: Stage, place: int) -> None:
    trainer = signed_in(new_page(), TRAINER, PASSWORD)
    trainer.goto(f"/teach/{place}")
    trainer.get_by_role("link", name="Certificats", exact=True).click()
    accessible(trainer)
    expect(trainer.get_by_text("Ada Martin lot-00000")).to_be_visible()
    trainer.get_by_role("button", name="Délivrer les 3 certificats").press("Enter")
    accessible(trainer)
    deadline = trainer.get_by_role("heading", name="Compte rendu du", exact=False)
    for _ in range(WORKS // 1000):
        if deadline.count():
            break
        trainer.wait_for_timeout(1000)
        trainer.reload()
    expect(deadline).to_be_visible()
    accessible(trainer)
    with trainer.expect_download() as download:
        trainer.get_by_role("link", name="CSV pour tableur").click()
    assert download.value.suggested_filename.startswith("certificates-")

    with stage.served.app_context():
        numbers = db.session.scalars(sa.select(Certificate.number).order_by(Certificate.number.desc()).limit(3)).all()
        db.session.remove()
    steward = signed_in(new_page(), STEWARD, STEWARDS)
    steward.goto("/hr/")
    steward.get_by_role("link", name="Vérifier des certificats").click()
    accessible(steward)
    lines = "\n".join(["Numéro;Note", *(f"{number};x" for number in numbers), "rien;y"])
    steward.get_by_label("Fichier CSV").set_input_files(
        {"name": "certificats.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    )
    steward.get_by_role("button", name="Vérifier ces certificats").press("Enter")
    expect(steward.get_by_role("heading", name="Une ligne à revoir")).to_be_visible()
    expect(steward.get_by_role("link", name=numbers[0])).to_be_visible()
    accessible(steward)
    with steward.expect_download() as download:
        steward.get_by_role("button", name="CSV pour tableur").click()
    assert download.value.suggested_filename == "verification.csv"

    steward.goto("/admin/journal")
    steward.get_by_label("Numéro ou code").fill(numbers[0])
    steward.get_by_role("button", name="Afficher", exact=True).click()
    expect(steward.get_by_role("cell", name="Certificat vérifié").first).to_be_visible()
    accessible(steward)
