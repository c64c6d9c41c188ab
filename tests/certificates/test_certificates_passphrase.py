"""The passphrase of a folder of keys replaced: every key opens with the new one, whatever interrupts it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from certificates.sign import keyring, passphrase
from certificates.sign.keyring import KeysError, Ring

OLD, NEW, OTHER = b"the first passphrase", b"the second passphrase", b"another passphrase"
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ring")

    def both(ring: Ring) -> Ring:
        ring = keyring.add(folder, ring, "ed", "did:web:example.org", OLD, NOW)
        return keyring.add(folder, ring, "seal", "did:web:example.org", OLD, NOW)

    keyring.change(folder, both)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "keys"))


def test_every_key_and_its_root_open_with_the_new_one_alone(folder: Path) -> None:
    ring = keyring.read(folder)
    before = keyring.version(folder)
    assert passphrase.replace(folder, OLD, NEW) == 3
    assert passphrase.closed(folder, NEW) == []
    assert passphrase.closed(folder, OLD) == ["ed-2026-1.pem", "root-seal-2026-1.pem", "seal-2026-1.pem"]
    assert all(keyring.load(folder, entry, NEW) for entry in ring.entries), "they are the keys of the index"
    assert keyring.read(folder) == ring
    assert keyring.version(folder) != before, "whoever has them open looks again"
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.pem")} == {0o600}
    assert passphrase.replace(folder, OLD, NEW) == 0, "it is done"


def test_an_end_on_the_way_is_gone_on_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = keyring.write, [2]

    def full(path: Path, data: bytes) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(keyring, "write", full)
    with pytest.raises(KeysError, match="No space left on device"):
        passphrase.replace(folder, OLD, NEW)
    assert len(passphrase.closed(folder, NEW)) == 2
    assert passphrase.closed(folder, OLD, NEW) == []
    (folder / ".new-left").write_bytes(b"of one that was killed")
    assert passphrase.replace(folder, OLD, NEW) == 2
    assert passphrase.closed(folder, NEW) == []
    assert not list(folder.glob(".new-*"))


def test_a_file_that_neither_opens_stops_it_and_stays(folder: Path) -> None:
    (folder / "seal-2026-1.pem").write_bytes(b"no key at all")
    assert passphrase.closed(folder, OLD, NEW) == ["seal-2026-1.pem"]
    with pytest.raises(KeysError, match=r"neither passphrase opens seal-2026-1\.pem"):
        passphrase.replace(folder, OLD, NEW)
    assert (folder / "seal-2026-1.pem").read_bytes() == b"no key at all"
    with pytest.raises(KeysError):
        passphrase.replace(folder, OTHER, NEW)


def test_who_cannot_write_there_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert passphrase.obstacle(folder) is None
    monkeypatch.setattr("os.access", lambda *_said: False)
    assert passphrase.obstacle(folder) == f"{folder} cannot be written."
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    assert "this runs as uid 54321" in str(passphrase.obstacle(folder))


def test_what_a_restore_put_aside_is_left_and_named(folder: Path) -> None:
    aside = folder / ".replaced-20261127T000000-0a0b-ed-2026-1.pem"
    shutil.copy(folder / "ed-2026-1.pem", aside)
    before = aside.read_bytes()
    passphrase.replace(folder, OLD, NEW)
    assert passphrase.put_aside(folder) == [aside.name]
    assert aside.read_bytes() == before
