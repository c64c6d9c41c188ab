"""Codes of apps: the published values, one step around, each once; the secret and the recovery codes unreadable."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import AuthenticatorApp, LocalAccount, RecoveryCode, db, utcnow
from lms.models.secrets import cipher
from lms.services import authenticators, ceremonies, factors, recovery_codes
from tests.account_in_test import make_person
from tests.conftest import SECRET
from tests.learner_in_test import together

#: RFC 6238, appendix B, SHA-1: the seed, and the last six of the eight figures at each time.
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PUBLISHED = [
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
]  # fmt: skip
NOW = datetime(2026, 11, 27, 9, 0, 10, tzinfo=UTC)


@pytest.fixture
def account(session: Session) -> LocalAccount:
    found = factors.account_of(session, make_person(session, "ada@example.org", account="hr"))
    assert found is not None
    session.commit()
    return found


def app_of(session: Session, account: LocalAccount) -> AuthenticatorApp:
    """The app of an account, set up long ago."""
    authenticators.propose(session, SECRET, account.id)
    app = session.get_one(AuthenticatorApp, account.id)
    app.confirmed_at = NOW
    session.commit()
    return app


def code_at(app: AuthenticatorApp, moment: datetime) -> str:
    return pyotp.TOTP(authenticators.opened(SECRET, app)).at(moment)


def test_codes_typed_together_are_counted_one_after_the_other(
    app: Flask, session: Session, account: LocalAccount
) -> None:
    token = ceremonies.begin(session, ceremonies.SECOND_FACTOR, account.id)
    session.commit()

    def types(own: Session) -> bool:
        row = ceremonies.under_way(own, ceremonies.SECOND_FACTOR, token)
        assert row is not None
        may = ceremonies.count_try(own, row)
        own.commit()
        return may

    assert sum(together(app, [types] * (ceremonies.TRIES + 4))) == ceremonies.TRIES


@pytest.mark.parametrize(("moment", "code"), PUBLISHED)
def test_codes_are_those_of_the_standard(session: Session, account: LocalAccount, moment: int, code: str) -> None:
    app = app_of(session, account)
    app.secret = cipher(SECRET, authenticators.PURPOSE).encrypt(SEED.encode()).decode()
    session.commit()
    assert authenticators.accept(session, SECRET, account.id, code, datetime.fromtimestamp(moment, UTC))


@pytest.mark.parametrize(("late", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(session: Session, account: LocalAccount, late: int, taken: bool) -> None:
    code = code_at(app_of(session, account), NOW + timedelta(seconds=late))
    assert authenticators.accept(session, SECRET, account.id, code, NOW) is taken


def test_a_code_serves_once_and_no_earlier_one_after_it(session: Session, account: LocalAccount) -> None:
    app = app_of(session, account)
    earlier, code = code_at(app, NOW - timedelta(seconds=30)), code_at(app, NOW)
    assert authenticators.accept(session, SECRET, account.id, code, NOW)
    assert not authenticators.accept(session, SECRET, account.id, code, NOW)
    assert not authenticators.accept(session, SECRET, account.id, earlier, NOW)
    later = NOW + timedelta(seconds=30)
    assert authenticators.accept(session, SECRET, account.id, code_at(app, later), later)


def test_a_code_serves_once_even_to_several_at_once(app: Flask, session: Session, account: LocalAccount) -> None:
    code, number = code_at(app_of(session, account), NOW), 4
    account_id, together = account.id, Barrier(number)
    session.rollback()

    def try_it(_turn: int) -> bool:
        with app.app_context():
            together.wait()
            taken = authenticators.accept(db.session(), SECRET, account_id, code, NOW)
            db.session.commit()
            db.session.remove()
        return taken

    with ThreadPoolExecutor(number) as pool:
        assert sorted(pool.map(try_it, range(number))) == [False] * (number - 1) + [True]


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "0000000"])
def test_what_is_no_code_is_refused(session: Session, account: LocalAccount, code: str) -> None:
    app_of(session, account)
    assert not authenticators.accept(session, SECRET, account.id, code, NOW)


def test_an_app_that_was_never_confirmed_counts_for_nothing(session: Session, account: LocalAccount) -> None:
    authenticators.propose(session, SECRET, account.id)
    app = session.get_one(AuthenticatorApp, account.id)
    code, first = code_at(app, NOW), app.secret
    assert not authenticators.accept(session, SECRET, account.id, code, NOW)
    assert not factors.protected(session, account.person_id)
    authenticators.propose(session, SECRET, account.id)
    assert app.secret != first
    assert not authenticators.confirm(session, SECRET, app, code, NOW)
    assert authenticators.confirm(session, SECRET, app, code_at(app, NOW), NOW)
    assert factors.protected(session, account.person_id)
    kept = app.secret
    authenticators.propose(session, SECRET, account.id)
    assert app.secret == kept


def test_the_database_holds_no_secret(session: Session, account: LocalAccount) -> None:
    app = app_of(session, account)
    assert authenticators.opened(SECRET, app) not in app.secret
    codes = recovery_codes.renew(session, SECRET, account.id)
    kept = {row.code_hash for row in session.query(RecoveryCode)}
    assert len(set(codes)) == len(kept) == 10
    assert not any(code.replace("-", "") in each for code in codes for each in kept)


def test_a_recovery_code_serves_once_as_people_type_it(session: Session, account: LocalAccount) -> None:
    first, second, *_others = recovery_codes.renew(session, SECRET, account.id)
    assert recovery_codes.use(session, SECRET, account.id, f" {first.upper().replace('-', ' ')} ")
    assert not recovery_codes.use(session, SECRET, account.id, first)
    assert recovery_codes.left(session, account.id) == 9
    recovery_codes.renew(session, SECRET, account.id)
    assert not recovery_codes.use(session, SECRET, account.id, second)


def test_a_recovery_code_is_of_one_account(session: Session, account: LocalAccount) -> None:
    other = factors.account_of(session, make_person(session, "zoe@example.org", account="hr"))
    assert other is not None
    code, *_others = recovery_codes.renew(session, SECRET, account.id)
    assert not recovery_codes.use(session, SECRET, other.id, code)


def test_tries_are_counted_by_account_whatever_the_browser(session: Session, account: LocalAccount) -> None:
    tokens = [ceremonies.begin(session, ceremonies.SECOND_FACTOR, account.id) for _ in range(2)]
    rows = [ceremonies.under_way(session, ceremonies.SECOND_FACTOR, token) for token in tokens]
    counted = [ceremonies.count_try(session, row) for _ in range(6) for row in rows if row is not None]
    assert counted == [True] * 10 + [False] * 2


def test_what_is_over_is_swept(session: Session, account: LocalAccount) -> None:
    token = ceremonies.begin(session, ceremonies.SECOND_FACTOR, account.id)
    assert ceremonies.under_way(session, ceremonies.PASSKEY_SIGN_IN, token) is None
    row = ceremonies.under_way(session, ceremonies.SECOND_FACTOR, token)
    assert row is not None
    assert row.expires_at - utcnow() <= timedelta(minutes=10)
    row.expires_at = utcnow() - timedelta(seconds=1)
    session.commit()
    assert ceremonies.under_way(session, ceremonies.SECOND_FACTOR, token) is None
    ceremonies.sweep(session)
    assert not ceremonies.end(session, row.token_hash)
