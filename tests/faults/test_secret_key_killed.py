"""The replacement of the secret key killed between any two steps: run again it ends, and nothing is lost."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.sign import keyring, passphrase
from lms.config import Config
from lms.models import AuditEntry
from lms.services import secret_key
from tests.conftest import SECRET
from tests.faults.dying_in_test import MOST, Processes, buried
from tests.platform_in_test import PlatformInTest
from tests.sealed_in_test import NEW, filled, first_platform, opened, own_keys


@pytest.fixture
def keys_dir(keys_dir: Path, tmp_path: Path) -> Path:
    return own_keys(keys_dir, tmp_path)


def test_killed_at_every_step_either_key_ends_it(
    app: Flask, session: Session, config: Config, platform: PlatformInTest
) -> None:
    filled(session, first_platform(session))
    before = opened(session, SECRET)
    processes = Processes(app)
    assert processes.does("keys") == "lived"
    for slow in config.keys.glob("rs256-*.pem"):  # to open; four others stay
        slow.unlink()
    ring = keyring.read(config.keys)
    old, new = SECRET, NEW
    deaths = begun = 0
    for step in range(1, MOST):
        session.rollback()
        if processes.does("secret_key", step, old=old, new=new) != "killed":
            break
        deaths += 1
        buried(session)
        assert list(secret_key.closed(session, old, new)) == []
        assert passphrase.closed(config.keys, old.encode(), new.encode()) == []
        session.rollback()
        begun += secret_key.is_under(session, new)
        session.rollback()
        assert processes.does("secret_key", old=old, new=new)[-1] == [], "nothing is left under the old key"
        assert opened(session, new) == before
        assert all(keyring.load(config.keys, entry, new.encode()) for entry in ring.entries if entry.use != "rs256")
        old, new = new, old  # and back, from the next step on
        if begun > 4 and session.get_bind().dialect.name == "sqlite":  # files do not depend on the database
            break
    else:
        pytest.fail("it never lived to the end")
    assert 4 < begun < deaths - 10, "killed before the database was under the new key, and while files were not yet"
    assert not list(config.keys.glob(".new-*"))
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="secret_key_replaced")).all()
    assert len(lines) == deaths + (begun > 5), "one for each replacement, however often it was begun"
