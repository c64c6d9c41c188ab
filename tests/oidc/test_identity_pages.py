"""Administration of identities: linked, refused, taken back; by page and by command."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from lms.cli.account import command
from lms.models import AuditEntry, LocalAccount, OidcIdentity, db
from tests.account_in_test import browser_of, token_of
from tests.platform_in_test import PlatformInTest, administrator
from tests.provider_in_test import PERSON, ProviderInTest


def test_an_administrator_links_and_takes_back(app: Flask, provider: ProviderInTest, account: int) -> None:
    browser = browser_of(app, "admin@example.org", account="administrator")
    page = browser.get("/admin/identities/")
    assert page.status_code == 200
    assert provider.issuer in page.text
    assert "http://localhost:8000/account/oidc/back" in page.text
    values = {"csrf_token": token_of(browser), "email": PERSON["email"], "identifier": f" {PERSON['sub']} "}
    assert browser.post("/admin/identities/link", data=values).status_code == 303
    assert PERSON["sub"] in browser.get("/admin/identities/").text
    learner = app.test_client()
    assert provider.sign_in(learner).status_code == 303
    with app.app_context():
        row = db.session.scalars(select(OidcIdentity)).one()
        assert (row.person_id, row.linked_by) == (account, "administrator")
        (line,) = db.session.scalars(select(AuditEntry).filter_by(action="identity_linked")).all()
        assert (line.target, line.details) == (f"person:{account}", {"how": "administrator"})
        assert line.person_id is not None
    url = f"/admin/identities/{row.id}/unlink"
    for _turn in range(2):
        assert browser.post(url, data={"csrf_token": values["csrf_token"]}).status_code == 303
    assert learner.get("/hr/").status_code == 401


@pytest.mark.parametrize(
    ("email", "identifier", "status"),
    [
        ("nobody@example.org", PERSON["sub"], 400),
        ("admin@example.org", "taken", 409),
        (PERSON["email"], "", 400),
        ("", PERSON["sub"], 400),
        (PERSON["email"], "é", 400),
        (PERSON["email"], "x" * 256, 400),
        (PERSON["email"], "taken", 303),  # its own already: nothing to do
    ],
)
def test_what_cannot_be_linked_is_said(
    app: Flask, provider: ProviderInTest, account: int, email: str, identifier: str, status: int
) -> None:
    browser = browser_of(app, "admin@example.org", account="administrator")
    with app.app_context():
        db.session.add(OidcIdentity(issuer=provider.issuer, subject="taken", person_id=account, linked_by="email"))
        db.session.commit()
        db.session.remove()
    values = {"csrf_token": token_of(browser), "email": email, "identifier": identifier}
    assert browser.post("/admin/identities/link", data=values).status_code == status
    with app.app_context():
        assert len(db.session.scalars(select(OidcIdentity)).all()) == 1


def test_administrators_of_a_platform_have_no_say(app: Flask) -> None:
    browser = PlatformInTest(app).launched(**administrator())
    assert browser.get("/admin/identities/").status_code == 403


def test_the_commands_do_the_same(
    app: Flask, provider: ProviderInTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("lms.cli.account.create_app", lambda: app)

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, list(words))
        return done.exit_code, done.output

    assert run("create", PERSON["email"], "--role", "hr", "--no-password")[0] == 0
    assert run("create", PERSON["email"], "--role", "hr", "--no-password", "--password", "x" * 12)[0] == 2
    assert run("link", "nobody@example.org", PERSON["sub"])[0] == 1
    assert run("link", PERSON["email"], "é")[0] == 1
    assert run("link", PERSON["email"], PERSON["sub"])[0] == 0
    browser = app.test_client()
    assert provider.sign_in(browser).status_code == 303
    assert browser.get("/hr/").status_code == 200
    assert run("create", "other@example.org", "--role", "hr", "--no-password")[0] == 0
    assert run("link", "other@example.org", PERSON["sub"])[0] == 1
    assert run("unlink", PERSON["email"]) == (0, "1 taken back.\n")
    assert browser.get("/hr/").status_code == 401
    with app.app_context():
        assert len(db.session.scalars(select(LocalAccount)).all()) == 2
