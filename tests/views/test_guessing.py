"""Passwords guessed: held back for browsers that an account never signed in with, and for nobody else."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from lms.config import Config
from lms.models import AuditEntry, LocalAccount, WrongPassword, db, utcnow
from lms.models.secrets import hashed
from lms.services import guessing
from lms.services.accounts import account_named, set_password
from lms.services.guessing import ACCOUNTS, LIFE, TRIES
from tests.account_in_test import PASSWORD, browser_of, make_person, signed_in
from tests.factors_in_test import Device, add_passkey, post, use_passkey
from tests.learner_in_test import count

EMAIL, NOBODY, COOKIE = "ada@example.org", "nobody@example.org", "mpia-known"
OTHER = "another long password of hers"


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """A browser where she signed in, and left."""
    browser = browser_of(app, EMAIL, account="hr")
    assert post(browser, "/account/logout").status_code == 303
    return browser


def tried(browser: FlaskClient, email: str = EMAIL, password: str = "not this one") -> TestResponse:
    return post(browser, "/account/login?lang=en", username=email, password=password)


def guess(app: Flask, email: str = EMAIL, times: int = TRIES) -> list[int]:
    """Wrong passwords, each from a browser of its own."""
    return [tried(app.test_client(), email).status_code for _turn in range(times)]


def cookie(browser: FlaskClient) -> str:
    found = browser.get_cookie(COOKIE)
    return found.value if found else ""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong passwords are refused without the cost of a hash; the right one is still checked."""
    from lms.services import accounts

    real = accounts._is_hashed
    monkeypatch.setattr(accounts, "_is_hashed", lambda kept, typed: typed in {PASSWORD, OTHER} and real(kept, typed))


def test_unknown_browsers_wait_and_known_ones_go_on(app: Flask, ada: FlaskClient, session: Session) -> None:
    assert guess(app) == [401] * TRIES
    with capture_logs() as events:
        answer = tried(app.test_client(), password=PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= LIFE.total_seconds()
    assert "no password is accepted for it in this browser for 10 minutes" in answer.text
    assert "passkey" in answer.text
    assert "example.org" not in str(events)
    assert tried(ada, password=PASSWORD).status_code == 303
    assert ada.get("/account/settings").status_code == 200
    assert tried(app.test_client(), password=PASSWORD).status_code == 429, "nor does it end the wait"
    [line] = session.scalars(sa.select(AuditEntry).filter_by(action="account.passwords_held"))
    assert (line.target.startswith("account:"), line.details, line.person_id) == (True, {"browsers": "others"}, None)
    assert 'mpia_passwords_held_total{browsers="others"}' in app.test_client().get("/metrics").text


def test_an_address_without_account_is_answered_alike(app: Flask, ada: FlaskClient, session: Session) -> None:
    told = []
    for address in (EMAIL, NOBODY, f"  {NOBODY.upper()} "):
        said = guess(app, address, 2 if address.strip() != address else TRIES)
        last = tried(app.test_client(), address)
        told.append((said, last.status_code, "for 10 minutes" in last.text))
    assert told[0] == told[1] == ([401] * TRIES, 429, True)
    assert told[2] == ([429] * 2, 429, True), "however it is typed"
    assert count(session, WrongPassword) <= 3
    assert not [row.place for row in session.scalars(sa.select(WrongPassword)) if "example" in row.place]


def test_a_known_browser_is_counted_for_itself(app: Flask, ada: FlaskClient) -> None:
    other = signed_in(app, EMAIL)
    assert [tried(ada).status_code for _turn in range(TRIES + 1)] == [401] * TRIES + [429]
    assert tried(ada, password=PASSWORD).status_code == 429
    post(other, "/account/logout")
    assert tried(other, password=PASSWORD).status_code == 303, "another known browser"
    assert tried(app.test_client(), password=PASSWORD).status_code == 303, "and the unknown ones"


def test_the_right_password_takes_back_its_try_and_no_other(app: Flask, ada: FlaskClient) -> None:
    assert guess(app, times=TRIES - 1) == [401] * (TRIES - 1)
    for _turn in range(3):
        assert tried(app.test_client(), password=PASSWORD).status_code == 303
    assert guess(app, times=2) == [401, 429]


def test_the_wait_ends_and_is_not_lengthened(app: Flask, ada: FlaskClient, session: Session) -> None:
    guess(app, times=TRIES)
    until = session.scalars(sa.select(WrongPassword.expires_at).where(WrongPassword.tries == TRIES)).one()
    session.rollback()
    guess(app, times=3)
    held = session.scalars(sa.select(WrongPassword).where(WrongPassword.tries > TRIES)).one()
    assert held.expires_at == until
    held.expires_at = utcnow() - timedelta(seconds=1)
    session.commit()
    assert tried(app.test_client(), password=PASSWORD).status_code == 303
    guess(app, times=TRIES + 1)
    assert count(session, AuditEntry, AuditEntry.action == "account.passwords_held") == 2
    session.execute(sa.update(WrongPassword).values(expires_at=utcnow() - timedelta(seconds=1)))
    guessing.sweep(session)
    assert count(session, WrongPassword) == 0


def test_a_new_password_makes_browsers_unknown_but_the_one_it_was_changed_in(
    app: Flask, ada: FlaskClient, session: Session
) -> None:
    here = signed_in(app, EMAIL)
    answer = post(here, "/account/factors/password", password=PASSWORD, new=OTHER, again=OTHER)
    assert answer.status_code == 303
    guess(app)
    assert tried(ada, password=OTHER).status_code == 429
    post(here, "/account/logout")
    assert tried(here, password=OTHER).status_code == 303
    account = account_named(session, EMAIL)
    assert account is not None
    set_password(session, account, PASSWORD)
    session.commit()
    assert tried(here, password=PASSWORD).status_code == 429


def test_a_passkey_opens_an_account_that_waits_and_makes_its_browser_known(app: Flask, ada: FlaskClient) -> None:
    device, elsewhere = Device(), app.test_client()
    tried(ada, password=PASSWORD)
    add_passkey(ada, device)
    guess(app)
    assert cookie(elsewhere) == ""
    assert use_passkey(elsewhere, device).status_code == 303
    assert cookie(elsewhere)


def test_the_cookie_names_nobody_and_opens_nothing(app: Flask, ada: FlaskClient, session: Session) -> None:
    account = account_named(session, EMAIL)
    assert account is not None
    value = cookie(ada)
    nonce, mark = value.split(".")
    for told in (EMAIL, str(account.person_id), account.password_hash):
        assert mark != told
        assert hashed(told) not in value
    session.rollback()
    kept = ada.get_cookie(COOKIE)
    assert kept is not None
    assert (kept.http_only, kept.secure, kept.same_site, kept.path, kept.max_age) == (
        True, True, "Lax", "/", 365 * 86_400,
    )  # fmt: skip
    thief = app.test_client()
    guess(app)
    for false in (f"{nonce}.{mark[::-1]}", f"{mark}.{nonce}", nonce, "é", "." * 200, value + "." + "A" * 23):
        thief.set_cookie(COOKIE, false)
        assert tried(thief, password=PASSWORD).status_code == 429, false
    thief.set_cookie(COOKIE, value)
    assert thief.get("/account/settings").status_code == 401
    assert tried(thief).status_code == 401, "known, and still asked for the password"


def test_a_browser_is_known_to_the_last_accounts_that_signed_in(app: Flask, config: Config, session: Session) -> None:
    kept, accounts = "", list[LocalAccount]()
    for number in range(ACCOUNTS + 1):
        make_person(session, f"somebody{number}@example.org", account="hr")
        found = account_named(session, f"somebody{number}@example.org")
        assert found is not None
        accounts.append(found)
        kept = guessing.known_after(config.secret_key, found, kept)
    assert guessing.known_after(config.secret_key, accounts[-1], kept) == kept
    asked = [guessing.about_to_try(session, config.secret_key, each.email, kept).whose for each in accounts]
    assert asked == ["others"] + ["browser"] * ACCOUNTS
    session.rollback()


def test_concurrent_tries_are_counted_exactly(app: Flask, ada: FlaskClient, session: Session, config: Config) -> None:
    together, found = Barrier(4), list[int]()

    def several() -> None:
        together.wait(60)
        for _turn in range(4):
            with app.app_context():
                found.append(guessing.about_to_try(db.session(), config.secret_key, EMAIL, "").number)
                db.session.commit()
                db.session.remove()

    threads = [Thread(target=several) for _number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(found) == [*range(1, TRIES + 1), *[TRIES + 1] * (16 - TRIES)]


def test_an_administrator_lets_an_address_in_again(app: Flask, ada: FlaskClient, session: Session) -> None:
    guess(app)
    secret = app.config["SECRET_KEY"]
    assert guessing.let_in(session, secret, EMAIL.upper())
    assert not guessing.let_in(session, secret, EMAIL)
    session.commit()
    assert tried(app.test_client(), password=PASSWORD).status_code == 303
