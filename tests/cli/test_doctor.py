"""``lms doctor``: says what is wrong and how to put it right, to people and to programs."""

import json
from pathlib import Path
from typing import Any

import pytest

from lms.app import create_app
from lms.config import load_config
from lms.doctor import settings
from lms.doctor.examination import CHECKS, REACHING
from lms.models import db, utcnow
from lms.services import workers
from lms.services.authority import open_authority, publish
from tests.cli.conftest import Run
from tests.conftest import make_config
from tests.postgresql_in_test import Server

SOUND = {
    "LMS_BASE_URL": "https://formation.example", "LMS_SECRET_KEY": "a secret key for tests that is long enough",
    "LMS_TRUSTED_PROXIES": "1", "LMS_ISSUER_FICTITIOUS": "false",
    "LMS_ISSUER_NAME_FR": "Institut de formation", "LMS_ISSUER_NAME_EN": "Training institute",
}  # fmt: skip


def told(out: str) -> dict[str, Any]:
    """What it said to programs, by check."""
    said = json.loads(out)
    assert said["good"] == all(each["state"] != "bad" for each in said["checks"])
    assert {each["check"] for each in said["checks"]} <= set(CHECKS)
    assert all(each["fix"] for each in said["checks"] if each["state"] in {"bad", "warn"})
    return {each["check"]: each for each in said["checks"]}


@pytest.fixture
def sound(run: Run, postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys_dir: Path) -> Any:
    """Runs ``lms`` on a deployment with nothing to put right: PostgreSQL, a worker seen, a name that resolves."""
    monkeypatch.setattr(settings, "resolves", lambda host: host == "formation.example")
    open_authority(make_config("", tmp_path / "first", keys_dir=keys_dir))  # made as for every other test
    with postgresql.lent() as url:
        given = {**SOUND, "LMS_DATABASE_URL": postgresql.served(url), "LMS_KEYS_DIR": str(keys_dir)}
        config = load_config({**given, "LMS_DATA_DIR": str(tmp_path / "var")})
        app = create_app(config)
        with app.app_context():
            publish(db.session(), open_authority(config))
            workers.sign(db.session(), "one", utcnow(), utcnow())
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        yield lambda *arguments, **more: run(*arguments, **{**given, **more})


def test_a_sound_deployment_has_nothing_to_put_right(sound: Any) -> None:
    outcome = sound("doctor", "--worker", "--json")
    assert outcome.status == 0, outcome.out
    found = told(outcome.out)
    assert {each["state"] for each in found.values()} == {"ok"}
    assert set(found) == set(CHECKS) - REACHING
    words = sound("doctor", "--worker")
    assert words.status == 0
    assert words.out.splitlines()[-1] == "Nothing to put right."
    assert "FAILED" not in words.out


def test_one_mistake_is_one_failure_with_its_fix(sound: Any) -> None:
    outcome = sound("doctor", LMS_TRUSTED_PROXIES="0")
    assert outcome.status == 1
    lines = outcome.out.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("FAILED: proxies."))
    assert lines[at + 1].startswith("    Set LMS_TRUSTED_PROXIES")
    assert lines[-1] == "To put right: 1."


def test_one_check_may_be_judged_alone(sound: Any) -> None:
    assert list(told(sound("doctor", "--only", "worker", "--json", LMS_TRUSTED_PROXIES="0").out)) == ["worker"]
    assert sound("doctor", "--only", "worker", LMS_TRUSTED_PROXIES="0").status == 0
    assert sound("doctor", "--only", "proxies", LMS_TRUSTED_PROXIES="0").status == 1
    away = sound("doctor", "--only", "worker", "--json", LMS_DATABASE_URL="postgresql://lms:hidden@127.0.0.1:1/lms")
    assert away.status == 1, "what could not be looked at is not sound"
    assert set(told(away.out)) == {"worker", "database"}
    assert "hidden" not in away.out
    assert sound("doctor", "--only", "nothing").status == 2


def test_the_public_address_is_asked_when_wanted(sound: Any) -> None:
    outcome = sound("doctor", "--reach", "--json", LMS_BASE_URL="http://127.0.0.1:1")
    assert outcome.status == 1
    assert told(outcome.out)["public"]["state"] == "bad"
    assert told(outcome.out)["compression"]["state"] == "none"
    only = sound("doctor", "--only", "compression", "--json", LMS_BASE_URL="http://127.0.0.1:1")
    assert only.status == 1, "what could not be looked at is not sound"
    assert {"public", "compression"} <= set(told(only.out))


def test_settings_that_cannot_be_used_are_all_told_with_what_to_do(run: Run) -> None:
    outcome = run("doctor", "--json", LMS_BASE_URL="x", LMS_NOTHING="1")
    assert (outcome.status, outcome.err) == (1, "")
    said = json.loads(outcome.out)
    assert said["good"] is False
    assert [each["check"] for each in said["checks"]] == ["settings", "settings"]
    assert "LMS_NOTHING is not a setting." in said["checks"][0]["said"]
    assert run("doctor", LMS_BASE_URL="x").status == 1


def test_an_installation_nobody_has_set_is_told_so(run: Run) -> None:
    found = told(run("doctor", "--worker", "--json").out)
    assert {name for name, each in found.items() if each["state"] == "bad"} == {
        "address", "secret_key", "keys", "database",
    }  # fmt: skip


def test_keys_are_made_before_they_are_given_to_workers(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = run("keys", "make", LMS_KEYS_DIR=str(folder))
    assert made.status == 0
    assert made.out.startswith("Certificates are signed with ed-")
    again = run("keys", "make", LMS_KEYS_DIR=str(folder))
    assert again.out == made.out, "those that are there stay"
    assert told(run("doctor", "--worker", "--json", LMS_KEYS_DIR=str(folder)).out)["keys"]["state"] == "ok"
    assert not (tmp_path / "var" / "lms.sqlite3").exists(), "it asks no database"
    other = run("keys", "make", LMS_KEYS_DIR=str(folder), LMS_SECRET_KEY="another secret key, long enough for it")
    assert other.status == 1
    assert "wrong passphrase" in other.err
