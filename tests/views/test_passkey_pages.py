"""Passkeys: made, used alone, removed; and every answer that must not be taken (WebAuthn, sections 7.1 and 7.2)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from webauthn.helpers import bytes_to_base64url

from lms.app import create_app
from lms.models import AuditEntry, Ceremony, Passkey, utcnow
from lms.services import passkeys
from lms.services.passkeys import PasskeyRefused, site_of
from tests.account_in_test import PASSWORD, browser_of
from tests.conftest import make_config
from tests.factors_in_test import Device, add_passkey, first_step, post, shown_codes, use_passkey

EMAIL = "ada@example.org"


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    return browser_of(app, EMAIL, account="hr")


def failures(session: Session) -> list[str]:
    """The kinds of factors that were refused."""
    session.rollback()
    return [row.details["kind"] for row in session.query(AuditEntry).filter_by(action="account.factor_failed")]


def test_a_passkey_signs_in_alone(app: Flask, ada: FlaskClient, session: Session) -> None:
    device = Device()
    made = add_passkey(ada, device, "work laptop")
    assert len(shown_codes(made)) == 10
    assert "work laptop" in ada.get("/account/factors").text
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["planted"] = "before"
    answer = use_passkey(browser, device, next="/hr/exports")
    assert (answer.status_code, answer.location) == (303, "/hr/exports")
    assert browser.get("/hr/").status_code == 200
    with browser.session_transaction() as cookie:
        assert "planted" not in cookie
        assert "passkey" not in cookie
    kept = session.query(Passkey).one()
    assert kept.sign_count == 1
    assert kept.used_at is not None
    assert session.query(Ceremony).count() == 0


def test_the_password_alone_no_longer_opens_the_account(app: Flask, ada: FlaskClient) -> None:
    codes = shown_codes(add_passkey(ada, Device()))
    browser = app.test_client()
    answer = first_step(browser, EMAIL)
    assert answer.location.startswith("/account/second-factor")
    assert 'data-passkey="get"' in browser.get(answer.location).text
    assert post(browser, "/account/second-factor", code=codes[3]).status_code == 303


def test_the_options_ask_for_what_makes_it_two_factors(app: Flask, ada: FlaskClient) -> None:
    device = Device()
    add_passkey(ada, device)
    asked = post(ada, "/account/passkeys/options", name="key", password=PASSWORD).get_json()
    assert asked["rp"]["id"] == "localhost"
    chosen = asked["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert asked["attestation"] == "none"
    assert len(asked["excludeCredentials"]) == 1
    assert EMAIL not in asked["user"]["id"]
    asked = post(app.test_client(), "/account/passkeys/sign-in/options").get_json()
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("localhost", "required", [])


BAD: dict[str, Callable[[Device], object]] = {
    "another origin": lambda device: setattr(device, "origin", "http://evil.example.org"),
    "another site": lambda device: setattr(device, "rp_id", "evil.example.org"),
    "nobody verified": lambda device: setattr(device, "verified", False),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_passkey_that_is_not_as_asked_is_not_kept(
    app: Flask, ada: FlaskClient, session: Session, spoil: Callable[[Device], object]
) -> None:
    device = Device()
    spoil(device)
    answer = add_passkey(ada, device)
    assert answer.status_code == 400
    assert "data-said" in answer.text
    assert session.query(Passkey).count() == 0
    assert failures(session) == ["passkey"]


BAD_SIGN_IN: dict[str, Callable[[Device], object]] = {
    **BAD,
    "another person": lambda device: setattr(device, "user", b"x" * 32),
    "another key": lambda device: setattr(device, "key", Device().key),
    "another credential": lambda device: setattr(device, "credential_id", b"unknown"),
    "a count that stands still": lambda device: setattr(device, "count", device.count - 1),
    "a count that falls": lambda device: setattr(device, "count", device.count - 2),
}


@pytest.mark.parametrize("spoil", BAD_SIGN_IN.values(), ids=BAD_SIGN_IN.keys())
def test_an_answer_that_is_not_as_asked_opens_nothing(
    app: Flask, ada: FlaskClient, session: Session, spoil: Callable[[Device], object]
) -> None:
    device = Device()
    add_passkey(ada, device)
    assert use_passkey(app.test_client(), device).status_code == 303
    assert use_passkey(app.test_client(), device).status_code == 303
    spoil(device)
    browser = app.test_client()
    assert use_passkey(browser, device).status_code == 401
    assert browser.get("/hr/").status_code == 401
    assert failures(session) == ["passkey"]


def test_a_challenge_serves_once_and_in_its_browser(app: Flask, ada: FlaskClient, session: Session) -> None:
    device, browser, thief = Device(), app.test_client(), app.test_client()
    add_passkey(ada, device)
    sent = device.get(post(browser, "/account/passkeys/sign-in/options").get_json())
    with browser.session_transaction() as cookie:
        token = cookie["passkey"]
    assert post(thief, "/account/passkeys/sign-in", credential=sent).status_code == 401
    assert post(browser, "/account/passkeys/sign-in", credential=sent).status_code == 303
    with thief.session_transaction() as cookie:
        cookie["passkey"] = token
    assert post(thief, "/account/passkeys/sign-in", credential=sent).status_code == 401


def test_a_challenge_soon_ends(app: Flask, ada: FlaskClient, session: Session) -> None:
    device, browser = Device(), app.test_client()
    add_passkey(ada, device)
    sent = device.get(post(browser, "/account/passkeys/sign-in/options").get_json())
    session.query(Ceremony).update({"expires_at": utcnow()})
    session.commit()
    assert post(browser, "/account/passkeys/sign-in", credential=sent).status_code == 401


def test_a_registration_is_of_the_account_that_began_it(app: Flask, ada: FlaskClient, session: Session) -> None:
    zoe = browser_of(app, "zoe@example.org", account="hr")
    sent = Device().create(post(ada, "/account/passkeys/options", name="a", password=PASSWORD).get_json())
    with ada.session_transaction() as cookie:
        token = cookie["passkey"]
    with zoe.session_transaction() as cookie:
        cookie["passkey"] = token
    assert post(zoe, "/account/passkeys/new", name="a", credential=sent).status_code == 400
    assert session.query(Passkey).count() == 0


def test_one_passkey_is_of_one_account(app: Flask, ada: FlaskClient, session: Session) -> None:
    device = Device()
    add_passkey(ada, device)
    assert add_passkey(browser_of(app, "zoe@example.org", account="hr"), device).status_code == 400
    assert session.query(Passkey).count() == 1


def test_making_and_removing_ask_for_the_password(app: Flask, ada: FlaskClient, session: Session) -> None:
    assert add_passkey(ada, Device(), password="a wrong password").status_code == 400
    assert add_passkey(ada, Device(), name="").status_code == 400
    assert session.query(Ceremony).count() == 0
    session.rollback()
    device = Device()
    add_passkey(ada, device)
    path = f"/account/passkeys/{session.query(Passkey.id).scalar()}/remove"
    session.rollback()
    assert post(ada, path, password="a wrong password").status_code == 400
    assert post(browser_of(app, "zoe@example.org", account="hr"), path, password=PASSWORD).status_code == 404
    assert post(ada, path, password=PASSWORD).status_code == 303
    assert use_passkey(app.test_client(), device).status_code == 401
    assert first_step(app.test_client(), EMAIL).location == "/"
    actions = [row.action for row in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert "account.factor_added" in actions
    assert "account.factor_removed" in actions


def test_so_many_and_no_more(app: Flask, ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST", 1)
    add_passkey(ada, Device())
    assert add_passkey(ada, Device()).status_code == 409


@pytest.mark.parametrize("sent", ["", "{}", "[]", "null", "x", '{"id": "\\u0000", "rawId": "AA"}', "[" * 5000])
def test_what_is_no_answer_is_refused(app: Flask, ada: FlaskClient, sent: str) -> None:
    browser = app.test_client()
    post(browser, "/account/passkeys/sign-in/options")
    assert post(browser, "/account/passkeys/sign-in", credential=sent).status_code in {400, 401}
    post(ada, "/account/passkeys/options", name="a", password=PASSWORD)
    assert post(ada, "/account/passkeys/new", name="a", credential=sent).status_code == 400


JSON = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.binary(max_size=60).map(bytes_to_base64url),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)  # fmt: skip
NAMES = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@given(st.dictionaries(st.sampled_from(NAMES), JSON), JSON, JSON)
def test_hostile_answers_are_refused_and_never_a_fault(response: Any, identity: Any, kind: Any) -> None:
    where = site_of("http://localhost:8000")
    assert where is not None
    row = Ceremony(token_hash="", purpose="", account_id=1, challenge="AAAA", expires_at=utcnow())
    sent = json.dumps({"id": identity, "rawId": identity, "type": kind or "public-key", "response": response})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passkeys, "_taken", lambda *_what: row)
        with pytest.raises(PasskeyRefused):
            passkeys.register(None, where, "", type("Account", (), {"id": 1})(), "a", sent)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "rp_id", "origin"),
    [
        ("https://formation.example", "formation.example", "https://formation.example"),
        ("https://formation.example:8443/lms", "formation.example", "https://formation.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_a_site_is_that_of_the_base_address(address: str, rp_id: str, origin: str) -> None:
    found = site_of(address)
    assert found is not None
    assert (found.rp_id, found.origin) == (rp_id, origin)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_no_passkey_is_offered_where_the_address_is_a_number(tmp_path: Path, address: str) -> None:
    assert site_of(address) is None
    browser = create_app(make_config("", tmp_path, base_url=address)).test_client()
    page = browser.get("/account/login")
    assert "data-passkey" not in page.text
    assert post(browser, "/account/passkeys/sign-in/options").status_code == 404
