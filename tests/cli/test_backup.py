"""``lms backup`` and ``lms restore`` from a terminal: what is said, what is asked for, how they end."""

import os
import signal
from pathlib import Path

import certifi
import pytest

from curricula.registry import SHIPPED
from lms.backup import making, sealing
from lms.backup.sqlite import SqliteTarget
from lms.config import load_config
from lms.services.authority import open_authority
from tests.cli.conftest import Outcome, Run


@pytest.fixture
def service(ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An installation with keys, and a passphrase for its backups."""
    monkeypatch.setattr(sealing, "COST", sealing._COSTS[0])
    open_authority(load_config({"LMS_DATA_DIR": str(tmp_path / "var")}))
    (tmp_path / "word").write_text("a passphrase for tests only\n")
    monkeypatch.setenv("LMS_BACKUP_PASSPHRASE_FILE", "word")
    return ready


def not_in_it(made: Outcome) -> list[str]:
    """What that backup says it lacks."""
    return [line.removeprefix("Not in it: ") for line in made.out.splitlines() if line.startswith("Not in it")]


def test_a_service_is_backed_up_looked_at_and_restored(service: Run, tmp_path: Path) -> None:
    made = service("backup", "a.backup", "--with-keys")
    assert (made.status, made.err) == (0, "")
    assert "tables" in made.out
    assert not_in_it(made) == ["what these settings name: LMS_TRACKS_DIR."]
    looked = service("backup", "--check", "a.backup")
    assert looked.status == 0
    assert looked.out.startswith("a.backup is whole: ")
    assert "http://localhost:8000" in looked.out
    restored = service("restore", "a.backup", LMS_DATA_DIR="elsewhere")
    assert (restored.status, restored.err) == (0, "")
    assert "Restored: " in restored.out
    assert "signing keys, 0 certificates." in restored.out
    assert "No signing key" not in restored.out
    secrets = [(tmp_path / name / "secret").read_text() for name in ("var", "elsewhere")]
    assert secrets[0] == secrets[1]
    again = service("restore", "a.backup", LMS_DATA_DIR="elsewhere")
    assert again.status == 1
    assert "--replace" in again.err
    assert service("restore", "a.backup", "--replace", LMS_DATA_DIR="elsewhere").status == 0
    assert "ed-20" in service("keys", "list", LMS_DATA_DIR="elsewhere").out


def test_what_a_backup_lacks_is_said(service: Run, tmp_path: Path) -> None:
    made = service("backup", "a.backup")
    assert "Not in it: the signing keys of certificates" in made.out
    assert "LMS_SECRET_KEY" not in made.out
    (tmp_path / "seal").write_text("x")
    given = service("backup", "b.backup", LMS_SECRET_KEY="k" * 40, LMS_ISSUER_LOGO="", LMS_SEAL_CHAIN="seal")
    assert "Not in it: LMS_SECRET_KEY" in given.out
    assert "LMS_SEAL_CHAIN" in given.out
    settings = {"LMS_AUTHORITIES": certifi.where(), "LMS_TRACKS_DIR": str(SHIPPED)}
    assert not_in_it(service("backup", "c.backup", "--with-keys", **settings)) == [
        "what these settings name: LMS_AUTHORITIES."
    ]
    restored = service("restore", "a.backup", LMS_DATA_DIR="elsewhere", LMS_BASE_URL="https://other.example")
    assert restored.status == 0, restored.err
    assert "No signing key is in elsewhere/keys" in restored.out
    assert "The service was at http://localhost:8000" in restored.out


def test_what_cannot_be_done_is_said_and_ends_with_1(service: Run, tmp_path: Path) -> None:
    unnamed = service("backup", "a.backup", LMS_BACKUP_PASSPHRASE_FILE="")
    assert unnamed.status == 1
    assert "--passphrase-file" in unnamed.err
    assert service("backup", "a.backup").status == 0
    (tmp_path / "other").write_text("another passphrase for tests")
    for doing in (["backup", "--check"], ["restore"]):
        refused = service(*doing, "a.backup", "--passphrase-file", "other")
        assert refused.status == 1
        assert "does not open" in refused.err
    (tmp_path / "a.backup").write_bytes((tmp_path / "a.backup").read_bytes()[:-1])
    assert "damaged" in service("backup", "--check", "a.backup").err
    assert "cannot be read" in service("backup", "--check", "nowhere").err
    assert "cannot be read" in service("restore", "nowhere", "--replace", LMS_DATA_DIR="elsewhere").err


def test_stopped_midway_they_leave_nothing(service: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_given: object, **_named: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("it went on")

    def files() -> set[Path]:
        return set(tmp_path.rglob("*"))

    assert service("backup", "a.backup", "--with-keys").status == 0
    assert service("config", LMS_DATA_DIR="elsewhere").status == 0
    before, handler = files(), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(making.files, "write", stop)  # once the database is copied
    assert service("backup", "b.backup").status == 143
    assert files() == before
    monkeypatch.setattr(SqliteTarget, "check", stop)  # once everything is there
    assert service("restore", "a.backup", LMS_DATA_DIR="elsewhere").status == 143
    assert files() - before == {tmp_path / "elsewhere" / "exports", tmp_path / "elsewhere" / "keys"} & files()
    assert not [path for path in files() - before if path.is_file()]
    assert signal.getsignal(signal.SIGTERM) is handler


def test_an_unreachable_database_is_explained(service: Run, tmp_path: Path) -> None:
    refused = service("backup", "a.backup", LMS_DATABASE_URL="postgresql://nobody:hidden@127.0.0.1:1/none")
    assert refused.status == 1
    assert "LMS_DATABASE_URL" in refused.err
    assert "hidden" not in refused.err
    assert not (tmp_path / "a.backup").exists()
