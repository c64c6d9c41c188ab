"""Signing in with a real provider: who gets in, as whom, what is kept of them, and the way out."""

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from structlog.testing import capture_logs

from lms.models import AuditEntry, LocalAccount, OidcIdentity, OidcLogin, OidcSession, Person, WebSession, db
from lms.models.base import Base
from lms.services import identities
from lms.services.accounts import account_named
from tests.account_in_test import browser_of, signed_in, token_of
from tests.provider_in_test import CLIENT_ID, PERSON, TOOL, ProviderInTest


def linked(app: Flask, provider: ProviderInTest) -> None:
    """The account of the provider's person, linked by an administrator."""
    with app.app_context():
        account = account_named(db.session(), PERSON["email"])
        assert account is not None
        identities.link(db.session(), account, provider.issuer, PERSON["sub"])
        db.session.commit()
        db.session.remove()


Made = Callable[..., Flask]


def lines(app: Flask) -> list[tuple[str, dict[str, Any]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.details) for row in rows]


def test_the_login_page_offers_the_provider_and_the_password(app: Flask, client: FlaskClient) -> None:
    page = client.get("/account/login?next=/hr/").text
    assert "Sign in with AgentSignIn" in page or "AgentConnexion" in page
    assert 'href="/account/oidc/?next=/hr/"' in page
    assert 'name="password"' in page


def test_the_request_asks_for_no_more_than_who_signs_in(client: FlaskClient, provider: ProviderInTest) -> None:
    asked = {name: value for name, (value,) in parse_qs(urlsplit(provider.begin(client)).query).items()}
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": TOOL + "/account/oidc/back",
        "scope": "openid",
    }
    assert asked["code_challenge_method"] == "S256"
    assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert len({asked[name] for name in ("state", "nonce", "code_challenge")}) == 3


def test_a_linked_identity_opens_its_account_with_the_roles_it_has_here(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.tokens = provider.forged(roles=["administrator"], role="administrator")
    answer = provider.sign_in(client, "/account/oidc/?next=/hr/")
    assert (answer.status_code, answer.location) == (303, "/hr/")
    assert client.get("/hr/").status_code == 200
    assert client.get("/admin/").status_code == 403
    assert "/userinfo" not in provider.asked, "nothing more is asked about somebody known"
    assert ("signed_in", {"by": "oidc"}) in lines(app)
    with app.app_context():
        row = db.session.scalars(select(WebSession)).one()
        assert (row.person_id, row.roles) == (account, ["hr"])
        assert db.session.scalars(select(OidcIdentity)).one().last_used_at is not None
        assert db.session.scalar(select(func.count()).select_from(OidcLogin)) == 0


def test_a_secret_may_go_in_the_form(made: Made) -> None:
    provider = ProviderInTest(auth_method="client_secret_post")
    try:
        app = made(**provider.settings())
        assert provider.sign_in(app.test_client()).status_code == 403, "known to the provider, unknown here"
        assert "/token" in provider.asked
    finally:
        provider.close()


def test_a_new_identity_is_told_its_identifier_and_whom_to_ask(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    answer = provider.sign_in(client)
    assert answer.status_code == 403
    assert PERSON["sub"] in answer.text
    assert unescape(answer.text).count(provider.issuer + "/logout?") == 1, "it may sign out and come back as another"
    assert client.get("/hr/").status_code == 401
    assert [action for action, _details in lines(app)] == ["identity_unknown"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OidcIdentity)) == 0
    linked(app, provider)
    assert provider.sign_in(client).status_code == 303


def test_a_verified_address_links_only_where_an_administrator_allowed_it(
    app: Flask, made: Made, provider: ProviderInTest, account: int
) -> None:
    provider.people["agente"]["email_verified"] = True
    assert provider.sign_in(app.test_client()).status_code == 403
    open_to_all = made(**provider.settings(
        oidc_link_by_email=True,
        oidc_scopes=("openid", "email", "given_name", "usual_name", "uid", "siret"),
    ))  # fmt: skip
    browser = open_to_all.test_client()
    assert provider.sign_in(browser).status_code == 303
    assert browser.get("/hr/").status_code == 200
    assert ("identity_linked", {"how": "email"}) in lines(app)
    with app.app_context():
        person = db.session.get_one(Person, account)
        assert (person.given_name, person.family_name) == ("Agente", "Exemple"), "it had no name"
        assert db.session.scalars(select(OidcIdentity)).one().linked_by == "email"
    assert not kept(app, PERSON["siret"]), "what nobody needs is not kept"
    assert not kept(app, PERSON["uid"])
    assert provider.sign_in(app.test_client()).status_code == 303, "linked once, it needs no address any more"


@pytest.mark.parametrize(
    ("said", "trusted", "status"),
    [
        ({"email_verified": False}, True, 403),
        ({"email_verified": "true"}, False, 403),  # a text is no yes
        ({"email_verified": "false"}, True, 403),  # nor silence
        ({}, False, 403),
        ({}, True, 303),  # ProConnect says nothing of it: the administrator does
        ({"email": "AGENTE@example.org ", "email_verified": True}, False, 303),
        ({"email": "someone.else@example.org", "email_verified": True}, False, 403),
        ({"email": None, "email_verified": True}, False, 403),
    ],
)
@pytest.mark.parametrize("signs", [True, False])
def test_only_a_verified_address_of_an_account_links(
    app: Flask, made: Made, provider: ProviderInTest, account: int, said: dict[str, Any], trusted: bool,
    status: int, signs: bool,
) -> None:  # fmt: skip
    provider.signs_userinfo = signs
    provider.told = lambda body: {name: value for name, value in {**body, **said}.items() if value is not None}
    more = {"verified_emails": (provider.issuer,)} if trusted else {}
    other = made(**provider.settings(oidc_link_by_email=True, oidc_scopes=("openid", "email"), **more))
    assert provider.sign_in(other.test_client()).status_code == status


def test_a_second_identity_of_the_same_address_is_not_let_in(
    app: Flask, made: Made, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.people["agente"] |= {"sub": "another-person-with-a-recycled-address", "email_verified": True}
    other = made(**provider.settings(oidc_link_by_email=True, oidc_scopes=("openid", "email")))
    assert provider.sign_in(other.test_client()).status_code == 403


def test_signing_in_begins_a_new_session(app: Flask, provider: ProviderInTest, account: int) -> None:
    linked(app, provider)
    browser = browser_of(app, "before@example.org", account="administrator")
    with browser.session_transaction() as before:
        fixed = before["sid"]
    assert provider.sign_in(browser).status_code == 303
    with browser.session_transaction() as after:
        assert after["sid"] != fixed
    assert browser.get("/admin/").status_code == 403, "nothing is left of who was there before"
    kept = app.test_client()
    with kept.session_transaction() as cookie:
        cookie["sid"] = fixed
    assert kept.get("/admin/").status_code == 401, "not even in a copy of the cookie"


def test_signing_out_ends_both_sessions(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.sign_in(client)
    with app.app_context():
        stored = db.session.scalars(select(OidcSession.id_token)).one()
    assert "." not in stored, "encrypted"
    page = client.post("/account/logout", data={"csrf_token": token_of(client)})
    assert page.status_code == 200
    (leave,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert client.get("/hr/").status_code == 401
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OidcSession)) == 0
    back = httpx.get(unescape(leave), follow_redirects=False, trust_env=False)
    assert provider.signed_out == 1
    assert back.headers["Location"].startswith(TOOL + "/account/login?state=")


def test_signing_out_works_without_the_provider(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.sign_in(client)
    token = token_of(client)
    app.extensions["oidc"].way_out = lambda _token: None
    answer = client.post("/account/logout", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/account/login")
    assert client.get("/hr/").status_code == 401


def test_a_password_session_signs_out_as_before(app: Flask, account: int) -> None:
    browser = signed_in(app, PERSON["email"])
    assert browser.post("/account/logout", data={"csrf_token": token_of(browser)}).location == "/account/login"


def test_an_identity_taken_back_signs_out_whom_it_signed_in(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.sign_in(client)
    by_password = signed_in(app, PERSON["email"])
    with app.app_context():
        identities.unlink(db.session(), db.session.scalars(select(OidcIdentity)).one())
        db.session.commit()
        db.session.remove()
    assert client.get("/hr/").status_code == 401
    assert by_password.get("/hr/").status_code == 200
    assert provider.sign_in(client).status_code == 403


def test_a_tab_of_its_own_is_signed_out_as_the_session_it_comes_from(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    provider.sign_in(client)
    tabs = [app.test_client(), app.test_client()]
    for tab in tabs:
        address = unescape(re.findall(r'action="(/account/arrive/[^"]+)"', client.get("/account/new-tab").text)[0])
        assert tab.post(address, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    left = tabs[0].post("/account/logout", data={"csrf_token": token_of(tabs[0])})
    assert f'http-equiv="refresh" content="0; url={provider.issuer}' in left.text, "of the provider too"
    with app.app_context():
        identities.unlink(db.session(), db.session.scalars(select(OidcIdentity)).one())
        db.session.commit()
        db.session.remove()
    assert [browser.get("/hr/").status_code for browser in (client, *tabs)] == [401] * 3


def test_without_settings_there_is_no_such_door(made: Made) -> None:
    browser = made().test_client()
    assert browser.get("/account/oidc/").status_code == 404
    assert browser.get("/account/oidc/back?code=a&state=b").status_code == 404
    assert "/account/oidc/" not in browser.get("/account/login").text


def test_neither_tokens_nor_people_are_in_the_logs(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    linked(app, provider)
    seen: list[str] = []

    def noted(said: dict[str, Any]) -> dict[str, Any]:
        seen.extend([said["id_token"], said["access_token"]])
        return said

    with capture_logs() as events:
        provider.tokens = noted
        provider.sign_in(client)
        provider.tokens = lambda said: provider.forged(nonce="another")(noted(said))
        assert provider.sign_in(client).status_code == 400
    output = json.dumps(events)
    assert "oidc_refused" in output
    assert len(seen) == 4
    journal = json.dumps(lines(app))
    for secret in (*seen, PERSON["sub"], PERSON["email"], "code="):
        assert secret not in output
        assert secret not in journal


def kept(app: Flask, value: str) -> bool:
    """Whether any table holds that text."""
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(text(f'select * from "{table.name}"')):
                if any(value in str(cell) for cell in row):
                    return True
    return False


def test_erasing_somebody_erases_their_identity(
    app: Flask, client: FlaskClient, provider: ProviderInTest, account: int
) -> None:
    from lms.services.privacy import erase, taken_out

    linked(app, provider)
    with app.app_context():
        person = db.session.get_one(Person, account)
        (held,) = taken_out(db.session(), person)["identities"]
        assert (held["issuer"], held["subject"]) == (provider.issuer, PERSON["sub"])
        erase(db.session(), person)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(OidcIdentity)) == 0
        assert db.session.scalar(select(func.count()).select_from(LocalAccount)) == 0
        db.session.remove()
    assert provider.sign_in(client).status_code == 403
