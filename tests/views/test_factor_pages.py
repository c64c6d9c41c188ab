"""A second factor, from set-up to loss: what each page asks for, shows once, refuses and writes in the journal."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from time import sleep

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms import factor_pages
from lms.app import create_app
from lms.config import Config
from lms.models import AuditEntry, AuthenticatorApp, Ceremony, LocalAccount, WebSession, db, utcnow
from lms.models.secrets import hashed
from lms.services import enrolment_codes
from lms.services.accounts import account_named
from lms.services.factors import account_of
from lms.services.privacy import person_of, taken_out
from tests.account_in_test import PASSWORD, browser_of, make_person, signed_in, token_of
from tests.conftest import make_config
from tests.factors_in_test import Device, add_passkey, first_step, post, set_app_up, shown_codes
from tests.platform_in_test import PlatformInTest, form_token, hr_officer

EMAIL = "ada@example.org"
STEP = "/account/second-factor"


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """The browser of somebody who signed in with a password alone."""
    return browser_of(app, EMAIL, account="hr")


def journal(session: Session) -> list[tuple[str, str | None]]:
    """Actions on accounts and their kinds, the first one first."""
    session.rollback()
    rows = session.query(AuditEntry).where(AuditEntry.action.startswith("account.")).order_by(AuditEntry.id)
    found = [(row.action, row.details.get("kind")) for row in rows]
    session.rollback()  # on SQLite, what was read outside a request would keep the next one from writing
    return found


def forget_steps(session: Session) -> None:
    """As if the codes of before had been of long ago."""
    session.query(AuthenticatorApp).update({"last_step": 0})
    session.commit()


def test_the_app_is_set_up_and_its_codes_are_asked_for(app: Flask, ada: FlaskClient, session: Session) -> None:
    secret, codes = set_app_up(ada)
    assert len(codes) == 10
    assert not any(code in ada.get("/account/factors").text for code in codes)
    forget_steps(session)
    browser = app.test_client()
    answer = first_step(browser, EMAIL, "/account/login?next=/hr/exports")
    assert (answer.status_code, answer.location) == (303, f"{STEP}?next=/hr/exports")
    assert browser.get("/hr/").status_code == 401, "the password alone opens nothing"
    page = browser.get(answer.location)
    assert 'autocomplete="one-time-code"' in page.text
    code = pyotp.TOTP(secret).now()
    answer = post(browser, STEP, code=f"{code[:3]} {code[3:]}", next="/hr/exports")
    assert (answer.status_code, answer.location) == (303, "/hr/exports")
    assert browser.get("/hr/exports").status_code == 200
    assert journal(session) == [
        ("account.factor_added", "app"), ("account.recovery_codes", None), ("account.signed_in", "app"),
    ]  # fmt: skip


def test_a_code_that_was_used_opens_nothing_more(app: Flask, ada: FlaskClient, session: Session) -> None:
    secret, _codes = set_app_up(ada)
    browser = app.test_client()
    first_step(browser, EMAIL)
    answer = post(browser, STEP, code=pyotp.TOTP(secret).at(utcnow() - timedelta(hours=1)))
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    used = pyotp.TOTP(secret).at(session.query(AuthenticatorApp.last_step).one()[0] * 30)
    session.rollback()
    assert post(browser, STEP, code=used).status_code == 401, "the one that set the app up"
    assert browser.get("/hr/").status_code == 401
    assert journal(session)[2:] == [("account.factor_failed", "code")] * 2


def test_a_recovery_code_signs_in_once(app: Flask, ada: FlaskClient, session: Session) -> None:
    _secret, codes = set_app_up(ada)
    for status in (303, 401):
        browser = app.test_client()
        first_step(browser, EMAIL)
        assert post(browser, STEP, code=codes[0]).status_code == status
    assert journal(session)[2:] == [("account.signed_in", "recovery_code"), ("account.factor_failed", "code")]


def test_the_session_is_new_at_sign_in(app: Flask, ada: FlaskClient, session: Session) -> None:
    """Neither a cookie planted before nor the half-way one becomes the session (fixation)."""
    secret, _codes = set_app_up(ada)
    forget_steps(session)
    with ada.session_transaction() as cookie:
        old = cookie["sid"]
    first_step(ada, EMAIL)
    with ada.session_transaction() as cookie:
        half = dict(cookie)
    assert "sid" not in half
    stolen = app.test_client()
    with stolen.session_transaction() as cookie:
        cookie["sid"] = old
    assert stolen.get("/hr/").status_code == 401
    page = ada.get(STEP)
    with ada.session_transaction() as cookie:
        token = cookie["csrf_token"]
    assert page.status_code == 200
    assert post(ada, STEP, code=pyotp.TOTP(secret).now()).status_code == 303
    with ada.session_transaction() as cookie:
        assert cookie["sid"] not in {old, half["half_way"]}
        assert "half_way" not in cookie
        assert cookie.get("csrf_token") != token
    planted = app.test_client()
    with planted.session_transaction() as cookie:
        cookie.update(half)
    assert post(planted, STEP, code=pyotp.TOTP(secret).now()).location.startswith("/account/login")


def test_signing_in_again_ends_the_session_of_before(app: Flask, ada: FlaskClient, session: Session) -> None:
    with ada.session_transaction() as cookie:
        old = cookie["sid"]
    assert first_step(ada, EMAIL).status_code == 303
    stolen = app.test_client()
    with stolen.session_transaction() as cookie:
        cookie["sid"] = old
    assert stolen.get("/hr/").status_code == 401
    assert ada.get("/hr/").status_code == 200


def test_too_many_codes_close_the_door_for_a_while(app: Flask, ada: FlaskClient, session: Session) -> None:
    secret, _codes = set_app_up(ada)
    forget_steps(session)
    browser = app.test_client()
    for turn in range(10):
        if turn % 3 == 0:
            first_step(browser, EMAIL)
        assert post(browser, STEP, code="000000").status_code == 401
    first_step(browser, EMAIL)
    assert post(browser, STEP, code=pyotp.TOTP(secret).now()).status_code == 429
    assert journal(session)[-1] == ("account.factor_failed", "tries")
    session.query(Ceremony).update({"expires_at": utcnow() - timedelta(seconds=1)})
    session.commit()
    assert post(browser, STEP, code=pyotp.TOTP(secret).now()).location.startswith("/account/login")
    first_step(browser, EMAIL)
    assert post(browser, STEP, code=pyotp.TOTP(secret).now()).status_code == 303


@pytest.mark.parametrize("code", ["", "x" * 41])
def test_a_code_that_cannot_be_one_is_said(app: Flask, ada: FlaskClient, code: str) -> None:
    set_app_up(ada)
    browser = app.test_client()
    first_step(browser, EMAIL)
    assert post(browser, STEP, code=code).status_code == 400


def test_a_second_step_without_a_first_one_leads_to_it(client: FlaskClient) -> None:
    assert client.get(STEP).location == "/account/login?next=/"
    assert post(client, STEP, code="123456", next="//evil.example.org").location == "/account/login?next=/"


def test_a_wrong_code_does_not_set_the_app_up(app: Flask, ada: FlaskClient) -> None:
    assert ada.get("/account/factors/app/code").location == "/account/factors"
    post(ada, "/account/factors/app", password=PASSWORD)
    page = ada.get("/account/factors/app/code")
    assert "data:image/png;base64," in page.text
    assert "otpauth://totp/" in unescape(page.text)
    assert post(ada, "/account/factors/app/code", code="000000").status_code == 400
    assert first_step(app.test_client(), EMAIL).location == "/"


@pytest.mark.parametrize("change", ["app", "app/remove", "codes"])
def test_a_change_asks_for_the_password_again(app: Flask, ada: FlaskClient, session: Session, change: str) -> None:
    before = 10 if change != "app" else 0
    if before:
        set_app_up(ada)
    count = len(journal(session))
    path = f"/account/factors/{change}"
    assert ada.get(path).status_code == 200
    for password in ("", "a wrong password"):
        answer = post(ada, path, password=password)
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.text
    assert len(journal(session)) == count
    assert (session.query(AuthenticatorApp).count() == 1) is bool(before)


def test_new_codes_end_the_old_ones(app: Flask, ada: FlaskClient) -> None:
    _secret, old = set_app_up(ada)
    new = shown_codes(post(ada, "/account/factors/codes", password=PASSWORD))
    assert len(set(old + new)) == 20
    browser = app.test_client()
    first_step(browser, EMAIL)
    assert post(browser, STEP, code=old[0]).status_code == 401
    assert post(browser, STEP, code=new[0]).status_code == 303


def test_without_its_last_factor_an_account_has_a_password_alone(
    app: Flask, ada: FlaskClient, session: Session
) -> None:
    set_app_up(ada)
    assert post(ada, "/account/factors/app/remove", password=PASSWORD).status_code == 303
    assert journal(session)[-1] == ("account.factor_removed", "app")
    assert ada.get("/account/factors/codes").location == "/account/factors"
    assert first_step(app.test_client(), EMAIL).location == "/"


def test_the_first_factor_signs_the_other_browsers_out(app: Flask, ada: FlaskClient) -> None:
    other = signed_in(app, EMAIL)
    set_app_up(ada)
    assert other.get("/hr/").status_code == 401
    assert ada.get("/hr/").status_code == 200


def test_who_comes_from_an_lms_has_none(platform: PlatformInTest) -> None:
    browser = platform.launched(**hr_officer())
    for path in ("/account/factors", "/account/factors/app", "/account/factors/codes", "/account/passkeys/new"):
        assert browser.get(path).status_code == 403
    assert "/account/factors" not in browser.get("/account/settings").text


def test_what_is_held_of_factors_is_given_back_without_secrets(ada: FlaskClient, session: Session) -> None:
    set_app_up(ada)
    add_passkey(ada, Device(), "work laptop")
    person = person_of(session, None, EMAIL)
    assert person is not None
    first, second = taken_out(session, person)["second_factors"]
    assert (first["kind"], second["kind"], second["name"]) == ("app", "passkey", "work laptop")
    account = account_of(session, person.id)
    assert account is not None
    assert session.get_one(AuthenticatorApp, account.id).secret not in str((first, second))


@pytest.fixture
def strict(config: Config, database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An installation that asks administrators for a second factor."""
    app = create_app(
        make_config(database_url, tmp_path, keys_dir=config.keys_dir, second_factor_roles=("administrator",))
    )
    with app.app_context():
        make_person(db.session(), EMAIL, account="administrator")
        make_person(db.session(), "zoe@example.org", account="hr")
        db.session.commit()
        db.session.remove()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["outbound"].close()


def enrolling(app: Flask, email: str = EMAIL) -> tuple[FlaskClient, str]:
    """The browser of somebody who gave the password, and the enrolment code an administrator gives them."""
    with app.app_context():
        account = account_named(db.session(), email)
        assert account is not None
        code = enrolment_codes.give(db.session(), app.extensions["mpia"].secret_key, account)
        db.session.commit()
        db.session.remove()
    browser = app.test_client()
    assert first_step(browser, email).location == f"{STEP}?next=/"
    return browser, code


def test_who_must_have_a_second_factor_sees_nothing_else_before(strict: Flask) -> None:
    browser, code = enrolling(strict)
    assert post(browser, STEP, code=code.upper().replace("-", " ")).status_code == 303
    for path in ("/", "/admin/", "/learn/", "/account/settings", "/account/new-tab", "/verify"):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, "/account/factors"), path
    assert browser.get("/admin/", headers={"Accept": "application/json"}).status_code == 403
    page = browser.get("/account/factors")
    assert page.status_code == 200
    assert 'href="/admin/' not in page.text
    assert browser.get("/personal-data").status_code == 200
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert browser.post("/admin/connect", data={"csrf_token": token}).location == "/account/factors"
    assert browser.post("/account/factors/app", data={"csrf_token": token, "password": PASSWORD}).status_code == 303
    with strict.app_context():
        row = db.session.query(AuthenticatorApp).one()
        assert row.confirmed_at is None
        db.session.remove()
    assert browser.get("/admin/").status_code == 303, "an app that was not confirmed is none"
    asked = browser.post("/account/passkeys/options", data={"csrf_token": token, "password": PASSWORD, "name": "key"})
    made = Device().create(asked.get_json())
    done = browser.post("/account/passkeys/new", data={"csrf_token": token, "name": "key", "credential": made})
    assert len(shown_codes(done)) == 10
    assert browser.get("/admin/").status_code == 200
    with strict.app_context():
        actions = [row.action for row in db.session.query(AuditEntry).order_by(AuditEntry.id)]
        db.session.remove()
    assert actions[:3] == ["account.enrolment_code", "account.signed_in", "account.factor_added"]


def test_the_password_alone_sets_no_first_factor_up(strict: Flask) -> None:
    """Whoever learned it gets no session at all where a second factor must be had (ADR 43)."""
    browser = strict.test_client()
    assert first_step(browser, EMAIL).location == f"{STEP}?next=/"
    page = browser.get(STEP)
    assert 'autocomplete="one-time-code"' in page.text
    assert "/account/factors" not in page.text
    for path in ("/account/factors", "/account/factors/app", "/account/factors/app/code", "/account/passkeys/new"):
        assert browser.get(path).status_code == 401, path
    for path in ("/account/factors/app", "/account/passkeys/options"):
        assert post(browser, path, password=PASSWORD, name="key").status_code == 401, path
    for wrong in ("000000", "aaaa-bbbb-cccc-dddd", "x"):
        answer = post(browser, STEP, code=wrong)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
    with strict.app_context():
        assert db.session.query(AuthenticatorApp).count() == 0
        assert db.session.query(WebSession).count() == 0
        db.session.remove()


def test_an_enrolment_code_serves_once_of_its_account_in_its_day(strict: Flask) -> None:
    browser, old = enrolling(strict)
    _other, code = enrolling(strict)
    assert post(browser, STEP, code=old).status_code == 401, "a new code ends the one before"
    assert post(browser, STEP, code=code).status_code == 303
    again = strict.test_client()
    first_step(again, EMAIL)
    assert post(again, STEP, code=code).status_code == 401
    browser, code = enrolling(strict)
    with strict.app_context():
        kept = db.session.query(Ceremony).filter_by(purpose="enrolment_code").one()
        assert kept.token_hash not in {code, hashed(code), hashed(code.replace("-", ""))}, "hashed under a key"
        assert timedelta(hours=23) < kept.expires_at - utcnow() <= timedelta(hours=24)
        kept.expires_at = utcnow() - timedelta(seconds=1)
        db.session.commit()
        db.session.remove()
    assert post(browser, STEP, code=code).status_code == 401


def test_a_session_of_before_the_rule_begins_again(
    app: Flask, config: Config, database_url: str, tmp_path: Path
) -> None:
    """A password opened it: it may no more set a factor up than the password may."""
    browser = browser_of(app, EMAIL, account="administrator")
    app.extensions["mpia"] = replace(app.extensions["mpia"], second_factor_roles=("administrator",))
    with browser.session_transaction() as cookie:
        old = cookie["sid"]
    assert browser.get("/account/factors/app").location == "/account/login"
    assert 'class="note warm' in browser.get("/account/login").text
    with browser.session_transaction() as cookie:
        cookie["sid"] = old
    assert browser.get("/admin/", headers={"Accept": "application/json"}).status_code == 401


def test_who_removes_their_last_factor_sets_another_up(strict: Flask) -> None:
    browser, code = enrolling(strict)
    post(browser, STEP, code=code)
    token = {"csrf_token": form_token(browser.get("/account/factors/app"))}
    browser.post("/account/factors/app", data={**token, "password": PASSWORD})
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', browser.get("/account/factors/app/code").text)
    assert found is not None
    now = pyotp.TOTP(found[1].replace(" ", "")).now()
    assert len(shown_codes(browser.post("/account/factors/app/code", data={**token, "code": now}))) == 10
    assert browser.get("/admin/").status_code == 200
    assert post(browser, "/account/factors/app/remove", password=PASSWORD).status_code == 303
    assert browser.get("/admin/").location == "/account/factors"
    assert first_step(strict.test_client(), EMAIL).location == f"{STEP}?next=/", "the password alone opens nothing"


def test_a_password_is_changed_after_the_present_one(app: Flask, ada: FlaskClient) -> None:
    other, path, new = signed_in(app, EMAIL), "/account/factors/password", "quatre mots bien à moi"
    assert ada.get(path).status_code == 200
    for sent in (
        {"password": "not mine", "new": new, "again": new}, {"password": PASSWORD, "new": new, "again": new + "x"},
        {"password": PASSWORD, "new": "short", "again": "short"}, {"password": PASSWORD},
        {"password": PASSWORD, "new": "Password 2026!!", "again": "Password 2026!!"},
        {"password": PASSWORD, "new": "é" * 201, "again": "é" * 201},
    ):  # fmt: skip
        answer = post(ada, path, **sent)
        assert answer.status_code == 400
        assert 'aria-invalid="true"' in answer.text
    assert other.get("/hr/").status_code == 200
    assert post(ada, path, password=PASSWORD, new=new, again=new).location == "/account/factors"
    assert other.get("/hr/").status_code == 401
    assert ada.get("/hr/").status_code == 200
    assert first_step(app.test_client(), EMAIL).status_code == 401
    assert post(app.test_client(), "/account/login", username=EMAIL, password=new).status_code == 303


def test_wrong_passwords_asked_again_are_counted_each_even_at_once(
    app: Flask, ada: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, number, path = list[str](), 16, "/account/factors/app/remove"

    def slow(_account: LocalAccount, typed: str) -> bool:
        looked.append(typed)
        sleep(0.3)
        return typed == PASSWORD

    monkeypatch.setattr(factor_pages, "knows_password", slow)
    token, kept = token_of(ada), ada.get_cookie("mpia")
    assert kept is not None
    monkeypatch.setattr(app, "testing", False)

    def ask(turn: int) -> int:
        browser = app.test_client()
        browser.set_cookie("mpia", kept.value)
        form = {"csrf_token": token, "password": f"not this one {turn}"}
        return browser.post(path, data=form).status_code

    with ThreadPoolExecutor(number) as pool:
        told = sorted(pool.map(ask, range(number)))
    assert len(looked) <= 10
    assert told == [400] * len(looked) + [429] * (number - len(looked))


def test_the_right_password_asked_again_is_no_wrong_one(
    app: Flask, ada: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "testing", False)
    monkeypatch.setattr(factor_pages, "knows_password", lambda _account, typed: typed == PASSWORD)
    remove, begin = "/account/factors/app/remove", "/account/factors/app"
    assert [post(ada, remove, password=PASSWORD).status_code for _turn in range(10)] == [303] * 10
    assert [post(ada, begin, password="not this one").status_code for _turn in range(10)] == [400] * 10
    assert post(ada, begin, password=PASSWORD).status_code == 429


def test_the_others_are_left_in_peace(strict: Flask) -> None:
    assert signed_in(strict, "zoe@example.org").get("/hr/").status_code == 200
    platform = PlatformInTest(strict)
    assert platform.launched().get("/learn/").status_code == 200


def test_codes_are_limited_as_passwords_are(tmp_path: Path, sqlite_template: Path) -> None:
    (tmp_path / "lms.sqlite3").write_bytes(sqlite_template.read_bytes())
    app = create_app(make_config("", tmp_path, testing=False))
    browser = app.test_client()
    token = token_of(browser)
    for path in (STEP, "/account/passkeys/sign-in", "/account/passkeys/sign-in/options", "/account/factors/app"):
        statuses = [browser.post(path, data={"csrf_token": token}).status_code for _turn in range(22)]
        assert 429 not in statuses[:20]
        assert statuses[20:] == [429, 429], path
    with app.app_context():
        assert db.session.query(WebSession).count() == 0
        db.session.remove()
        db.engine.dispose()
