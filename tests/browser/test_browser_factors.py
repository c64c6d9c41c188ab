"""A second factor in a real browser: a passkey of a virtual authenticator, then an app and a recovery code."""

import pyotp
from browser_axe import accessible
from browser_frame import NewPage
from browser_stage import Stage
from playwright.sync_api import CDPSession, Page, expect

from lms.models import db
from tests.account_in_test import PASSWORD, make_person

#: A platform authenticator that verifies its person, as a phone or a laptop does.
OPTIONS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def account(stage: Stage, email: str) -> str:
    """A new account of HR, with the password of ``account_in_test``."""
    with stage.app.app_context():
        make_person(db.session(), email, account="hr", name="Agente de démonstration")
        db.session.commit()
        db.session.remove()
    return PASSWORD


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """Give the page's browser an authenticator; gives its session and number."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
    return cdp, made["authenticatorId"]


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/account/login")
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_label("Mot de passe").press("Enter")


def test_a_passkey_is_made_and_signs_in_alone(stage: Stage, new_page: NewPage) -> None:
    page = new_page("Failed to load resource")
    password = account(stage, "cle@example.org")
    cdp, device = authenticator(page)
    sign_in(page, "cle@example.org", password)
    page.goto("/account/settings")
    page.get_by_role("link", name="ce qui protège mon compte").press("Enter")
    page.get_by_role("link", name="Ajouter une clé d’accès").press("Enter")
    page.get_by_label("Nom de la clé d’accès").fill("portable")
    page.get_by_label("Votre mot de passe").fill(password + "?")
    page.get_by_role("button", name="Créer la clé d’accès").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("pas votre mot de passe")
    accessible(page)
    page.get_by_label("Votre mot de passe").fill(password)
    page.get_by_role("button", name="Créer la clé d’accès").press("Enter")
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    accessible(page)
    kept = cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert [(each["rpId"], each["isResidentCredential"]) for each in kept] == [("localhost", True)]

    page.get_by_role("button", name="Se déconnecter").press("Enter")
    page.wait_for_url("**/account/login")
    accessible(page)
    page.get_by_role("button", name="avec une clé d’accès").press("Enter")
    page.wait_for_url("**/hr/**")
    page.goto("/account/factors")
    expect(page.get_by_role("table")).to_contain_text("portable")
    accessible(page)

    # The device no longer recognises its person: nothing opens, and the page says so.
    page.get_by_role("button", name="Se déconnecter").press("Enter")
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="avec une clé d’accès").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Aucune clé d’accès")
    expect(page).to_have_url(f"{stage.tool}/account/login")


def test_an_app_is_set_up_and_a_recovery_code_replaces_it(stage: Stage, new_page: NewPage) -> None:
    page = new_page("Failed to load resource")
    password = account(stage, "code@example.org")
    sign_in(page, "code@example.org", password)
    page.goto("/account/factors/app")
    page.get_by_label("Votre mot de passe").fill(password)
    page.get_by_label("Votre mot de passe").press("Enter")
    expect(page.get_by_role("img", name="Code QR pour l’application")).to_be_visible()
    secret = (page.locator("#secret").text_content() or "").replace(" ", "")
    page.get_by_label("Code de l’application").fill("000000")
    page.get_by_label("Code de l’application").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    page.get_by_label("Code de l’application").fill(pyotp.TOTP(secret).now())
    page.get_by_label("Code de l’application").press("Enter")
    code = page.locator("#recovery-codes li").first.inner_text()
    page.get_by_role("button", name="Se déconnecter").press("Enter")
    page.wait_for_url("**/account/login")

    sign_in(page, "code@example.org", password)
    page.wait_for_url("**/account/second-factor**")
    accessible(page)
    page.get_by_label("Code de l’application").fill("000000")
    page.get_by_label("Code de l’application").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    page.get_by_label("Code de l’application").fill(code)
    page.get_by_label("Code de l’application").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("9 codes de secours")
