"""``lms secret-key replace``: what is checked first, what goes on afterwards, and how it is ended when cut short."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.sign import keyring, passphrase
from certificates.sign.keyring import KeysError
from lms.app import create_app
from lms.config import Config
from lms.models import AuditEntry, AuthenticatorApp, Certificate, EventListener, db, utcnow
from lms.services import authenticators, workers
from lms.services.authority import open_authority
from tests.account_in_test import browser_of
from tests.cli.conftest import Outcome, Run
from tests.conftest import SECRET, service
from tests.factors_in_test import Device, add_passkey, first_step, post, set_app_up, use_passkey
from tests.issued_in_test import issue, states
from tests.platform_in_test import PlatformInTest
from tests.sealed_in_test import NEW, filled, first_platform, own_keys


@pytest.fixture
def keys_dir(keys_dir: Path, tmp_path: Path) -> Path:
    return own_keys(keys_dir, tmp_path)


class Installation:
    """A service whose key is to be replaced, from a terminal."""

    def __init__(self, run: Run, config: Config, folder: Path, made: list[Flask]) -> None:
        self._run, self._config, self._made, self.new = run, config, made, folder / "new-key"
        self.new.write_text(NEW + "\nanother line\n")

    def replaced(self, *options: str, **settings: str) -> Outcome:
        config = self._config
        own = {
            "LMS_DATABASE_URL": config.database.replace("+psycopg", ""), "LMS_SECRET_KEY": SECRET,
            "LMS_KEYS_DIR": str(config.keys), "LMS_DATA_DIR": str(config.data_dir),
        }  # fmt: skip
        outcome = self._run("secret-key", "replace", "--new", str(self.new), *options, **{**own, **settings})
        while self._made:  # what ends with the process, in life
            ended = self._made.pop()
            with ended.app_context():
                db.engine.dispose()
            ended.extensions["outbound"].close()
        return outcome


@pytest.fixture
def installed(run: Run, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    made: list[Flask] = []

    def making() -> Flask:
        made.append(create_app())
        return made[-1]

    monkeypatch.setattr("lms.cli.secret_key.create_app", making)
    return Installation(run, config, tmp_path, made)


def test_what_people_and_programs_hold_goes_on(app: Flask, config: Config, installed: Installation) -> None:
    ada, device = browser_of(app, "ada@example.org", account="hr"), Device()
    secret, codes = set_app_up(ada)
    assert add_passkey(ada, device).status_code == 303
    with app.app_context():
        authority = open_authority(config)
        certificate, in_use = issue(db.session(), authority).id, authority.keys.in_use
        db.session.remove()
    cookie = ada.get_cookie("mpia")
    assert cookie is not None
    done = installed.replaced("--yes")
    assert (done.status, done.err) == (0, "")
    assert "Sealed again: " in done.out
    assert NEW not in done.out
    with service(replace(config, secret_key=NEW)) as after:
        browser = after.test_client()
        browser.set_cookie("mpia", cookie.value)
        assert browser.get("/hr/").status_code == 401, "signed out"
        assert use_passkey(after.test_client(), device).status_code == 303
        with after.app_context():
            db.session.execute(sa.update(AuthenticatorApp).values(last_step=0))  # as if long ago
            db.session.commit()
            db.session.remove()
        for code in (codes[0], pyotp.TOTP(secret).now()):
            browser = after.test_client()
            first_step(browser, "ada@example.org")
            assert post(browser, "/account/second-factor", code=code).status_code == 303
            assert browser.get("/hr/").status_code == 200
        with after.app_context():
            session = db.session()
            assert open_authority(after.extensions["mpia"]).keys.in_use == in_use
            assert states(session, session.get_one(Certificate, certificate)) == {"valid"}


def test_it_is_told_first_and_written_in_the_journal(
    session: Session, config: Config, platform: PlatformInTest, installed: Installation
) -> None:
    open_authority(config)
    filled(session, first_platform(session))
    looked = installed.replaced("--check")
    assert (looked.status, looked.err) == (0, "")
    assert "Nothing was changed." in looked.out
    assert passphrase.closed(config.keys, SECRET.encode()) == []
    done = installed.replaced("--yes")
    assert done.status == 0, done.err
    assert "everybody is signed out" in done.out
    assert f"{len(list(config.keys.glob('*.pem')))} files of keys. Sessions ended: 1." in done.out
    line = session.scalars(sa.select(AuditEntry).filter_by(action="secret_key_replaced")).one()
    assert line.details == {"sealed": 10, "sessions": 1}
    assert passphrase.closed(config.keys, NEW.encode()) == []
    session.rollback()
    # Begun again, as after a death that nobody saw the end of.
    again = installed.replaced("--yes")
    assert "Sealed again: 0 secrets, 0 files of keys. Sessions ended: 0." in again.out
    assert len(session.scalars(sa.select(AuditEntry).filter_by(action="secret_key_replaced")).all()) == 1


def test_files_first_or_database_first_it_is_ended(
    session: Session, config: Config, platform: PlatformInTest, installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_authority(config)

    def full(*_said: object) -> None:
        raise KeysError("cannot write: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(passphrase, "replace", full)
        cut = installed.replaced("--yes")
    assert cut.status == 1
    assert "No space left on device" in cut.err
    assert "leave the old key in LMS_SECRET_KEY" in cut.err
    assert installed.replaced("--yes").status == 0
    # A copy of the database of before, and files that are under the new key already.
    installed.new.write_text(SECRET)
    passphrase.replace(config.keys, NEW.encode(), SECRET.encode())
    assert installed.replaced("--yes", LMS_SECRET_KEY=NEW).status == 0
    assert passphrase.closed(config.keys, SECRET.encode()) == []


@pytest.mark.parametrize("key", ["short", "x" * 251, SECRET], ids=["short", "long", "the same"])
def test_a_key_that_is_none_or_the_same_is_refused(installed: Installation, key: str) -> None:
    installed.new.write_text(key)
    refused = installed.replaced("--yes")
    assert refused.status == 1
    assert "openssl rand -base64 48" in refused.err
    assert key not in refused.err


def test_nothing_is_begun_while_a_worker_lives_or_something_does_not_open(
    session: Session, config: Config, platform: PlatformInTest, installed: Installation
) -> None:
    open_authority(config)
    filled(session, first_platform(session))
    workers.sign(session, "one", utcnow(), utcnow())
    session.commit()
    refused = installed.replaced("--yes")
    assert refused.status == 1
    assert refused.err.startswith("Nothing was changed.\nWorkers at work: 1. Stop them")
    assert installed.replaced("--check").status == 0
    workers.leave(session, "one", utcnow())
    session.execute(sa.update(EventListener).values(secret="gAAAAAnothing"))
    (config.keys / "ed-2020-1.pem").write_bytes(b"of another installation")
    session.commit()
    refused = installed.replaced("--yes")
    assert refused.status == 1
    assert "does not open the secret of webhook" in refused.err
    assert "ed-2020-1.pem. Put back that file" in refused.err
    assert passphrase.closed(config.keys, SECRET.encode()) == ["ed-2020-1.pem"]
    session.rollback()
    assert authenticators.opened(SECRET, session.scalars(sa.select(AuthenticatorApp)).one())


def test_without_the_keys_of_certificates_it_is_not_begun(
    session: Session, config: Config, installed: Installation, tmp_path: Path
) -> None:
    issue(session, open_authority(config))
    refused = installed.replaced("--yes", LMS_KEYS_DIR=str(tmp_path / "elsewhere"))
    assert refused.status == 1
    assert "Run this where the worker runs" in refused.err
    assert not (tmp_path / "elsewhere").exists()
    assert keyring.load(config.keys, keyring.read(config.keys).entries[0], SECRET.encode())


def test_nobody_goes_on_by_mistake(installed: Installation, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    open_authority(config)
    monkeypatch.setattr("sys.stdin", StringIO("\n"))
    asked = installed.replaced()
    assert asked.status == 1
    assert "Go on?" in asked.out
    assert passphrase.closed(config.keys, SECRET.encode()) == []
