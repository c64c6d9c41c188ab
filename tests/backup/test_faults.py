"""What goes wrong leaves everything as it was, and says what to do."""

import errno
import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask

from lms import whole_files
from lms.backup import BackupError, making, restoring
from lms.backup.parts import PartsReader, PartsWriter
from lms.backup.sealing import CHUNK, TAG, Opener, Sealer
from lms.backup.unfinished import PREFIX
from lms.config import Config
from lms.models import db
from tests.backup.conftest import PASSPHRASE, own_secret, rows, untouched
from tests.backup.populated_in_test import late
from tests.conftest import make_config

Damage = Callable[[bytes], bytes]


@pytest.fixture
def backup(app: Flask, config: Config, tmp_path: Path) -> Path:
    """A backup of a service without its keys."""
    path = tmp_path / "made" / "a.backup"
    path.parent.mkdir()
    making.make(config, path, PASSPHRASE)
    return path


def flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 4]) + data[-19:]


def swapped(data: bytes) -> bytes:
    place = len(data) - 2 * (CHUNK + TAG) - 1000
    one, other = data[place : place + 40], data[place + 500 : place + 540]
    return data[:place] + other + data[place + 40 : place + 500] + one + data[place + 540 :]


@pytest.mark.parametrize("damage", [flipped, swapped, lambda data: data[:-1], lambda data: data + b"\0"])
def test_a_damaged_backup_changes_nothing_however_far_it_was_read(
    backup: Path, elsewhere: Config, damage: Damage
) -> None:
    backup.write_bytes(damage(backup.read_bytes()))
    with pytest.raises(BackupError, match="damaged"):
        making.look(backup, PASSPHRASE)
    with pytest.raises(BackupError, match=r"damaged.*another copy"):
        restoring.restore(elsewhere, backup, PASSPHRASE)
    assert untouched(elsewhere)


def test_a_damaged_backup_does_not_take_the_place_of_what_is_there(backup: Path, config: Config, app: Flask) -> None:
    before = rows(config)
    quiet(app)
    backup.write_bytes(flipped(backup.read_bytes()))
    with pytest.raises(BackupError, match="damaged"):
        restoring.restore(config, backup, PASSPHRASE, replace=True)
    assert rows(config) == before


def test_another_passphrase_changes_nothing(backup: Path, elsewhere: Config) -> None:
    for reading in (making.look, lambda path, word: restoring.restore(elsewhere, path, word)):
        with pytest.raises(BackupError, match="passphrase does not open"):
            reading(backup, PASSPHRASE + "!")
    assert untouched(elsewhere)


class Full:
    """A disk that takes so many bytes."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def full(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Let every file that is written whole meet a full disk after so many bytes."""
    true = whole_files.written

    @contextmanager
    def written(path: Path, mode: int = 0o600) -> Iterator[Any]:
        with true(path, mode) as file:
            yield Full(file, room)

    monkeypatch.setattr(making, "written", written)
    monkeypatch.setattr(whole_files, "written", written)


@pytest.mark.parametrize("room", [0, 100, 70_000])
def test_a_full_disk_leaves_no_backup(
    app: Flask, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    (tmp_path / "made").mkdir()
    full(monkeypatch, room)
    with pytest.raises(BackupError, match=r"No space left on device.*make room"):
        making.make(config, tmp_path / "made" / "a.backup", PASSPHRASE)
    assert not list((tmp_path / "made").iterdir())
    assert not list(tmp_path.rglob(PREFIX + "*"))


def test_a_full_disk_restores_nothing(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_secret(config)
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    full(monkeypatch, 10)
    with pytest.raises(BackupError, match=r"No space left on device.*Make room"):
        restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    assert untouched(elsewhere)


def test_no_file_that_is_there_is_written_over(backup: Path, config: Config) -> None:
    before = backup.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        making.make(config, backup, PASSPHRASE)
    assert backup.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(app: Flask, config: Config, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file or directory"):
        making.make(config, tmp_path / "nowhere" / "a.backup", PASSPHRASE)


def test_another_secret_key_is_refused_before_anything_is_touched(backup: Path, elsewhere: Config) -> None:
    with pytest.raises(BackupError, match="LMS_SECRET_KEY is not the one"):
        restoring.restore(replace(elsewhere, secret_key="another secret key, as long as that"), backup, PASSPHRASE)
    assert untouched(elsewhere)


def test_a_secret_key_of_the_settings_beside_that_of_the_backup_is_told(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    own_secret(config)
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    with pytest.raises(BackupError, match="Remove it from the settings"):
        restoring.restore(
            replace(elsewhere, secret_key="another secret key, as long as that"), tmp_path / "a.backup", PASSPHRASE
        )
    assert untouched(elsewhere)


def changed(path: Path, name: str, change: Callable[[bytes], bytes], **opening: Any) -> None:
    """Make a backup again, well sealed, where one part or the opening says something else."""
    reader = PartsReader(Opener(io.BytesIO(path.read_bytes()), PASSPHRASE))
    with path.open("wb") as file:
        writer = PartsWriter(Sealer(file, PASSPHRASE), {**reader.opening, **opening})
        for part, pieces in reader.parts():
            content = b"".join(pieces)
            writer.add(part.name, [change(content) if part.name == name else content], **part.about)
        writer.close()


def test_the_other_kind_of_database_is_refused(backup: Path, config: Config, elsewhere: Config) -> None:
    other = "sqlite" if config.database.startswith("postgresql") else "postgresql"
    changed(backup, "", bytes, database=other)
    with pytest.raises(BackupError, match=r"Restore it in (SQLite|PostgreSQL)"):
        restoring.restore(elsewhere, backup, PASSPHRASE)
    assert untouched(elsewhere)


def test_rows_that_refer_to_nothing_are_refused(app: Flask, config: Config, elsewhere: Config, tmp_path: Path) -> None:
    late(config.database, 1)  # somebody whom a line of the journal names
    backup = tmp_path / "a.backup"
    making.make(config, backup, PASSPHRASE)
    if config.database.startswith("postgresql"):
        changed(backup, "table/person", lambda _rows: b"")
        match = "refused what the backup holds"
    else:
        changed(backup, "database", lambda content: without_people(content, tmp_path / "copy"))
        match = "Rows are missing"
    with pytest.raises(BackupError, match=match):
        restoring.restore(elsewhere, backup, PASSPHRASE)
    assert untouched(elsewhere)


def without_people(content: bytes, copy: Path) -> bytes:
    copy.write_bytes(content)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("delete from person")
    return copy.read_bytes()


def test_a_database_that_is_damaged_within_a_whole_backup_is_refused(tmp_path: Path) -> None:
    config = make_config("", tmp_path / "here")
    with closing(sqlite3.connect(config.data_dir / "lms.sqlite3")) as connection, connection:
        connection.execute("create table alembic_version (version_num text)")
        connection.execute("insert into alembic_version values ('3259ac3c57ca')")
        connection.executemany("insert into alembic_version values (?)", [("x" * 3000,)] * 200)
    backup, elsewhere = tmp_path / "a.backup", make_config("", tmp_path / "elsewhere")
    making.make(config, backup, PASSPHRASE)
    changed(backup, "database", lambda content: content[:200_000] + bytes(100_000) + content[300_000:])
    with pytest.raises(BackupError, match=r"damaged|refused"):
        restoring.restore(elsewhere, backup, PASSPHRASE)
    assert untouched(elsewhere)


@pytest.mark.parametrize("name", ["keys/../../outside", "exports/a/b", "keys/.hidden", "secret/x"])
def test_no_name_in_a_backup_leads_out_of_its_folder(backup: Path, elsewhere: Config, name: str) -> None:
    with backup.open("wb") as file:
        opening = {"database": "sqlite", "tables": [], "revision": "3259ac3c57ca", "holds_secret": False, "counts": {}}
        secret = making.fingerprint(elsewhere.secret_key)
        kind = "postgresql" if elsewhere.database.startswith("postgresql") else "sqlite"
        writer = PartsWriter(Sealer(file, PASSPHRASE), {**opening, "database": kind, "secret": secret})
        writer.add(name, [b"content"], mode=0o600)
        writer.close()
    with pytest.raises(BackupError, match=r"no name of a file of ours|unknown to this release"):
        restoring.restore(elsewhere, backup, PASSPHRASE)
    assert untouched(elsewhere)


@pytest.mark.parametrize(("content", "said"), [("", "fewer than"), ("short\n", "fewer than"), (None, "cannot be read")])
def test_a_passphrase_that_is_none_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "word").write_text(content)
    with pytest.raises(BackupError, match=said):
        making.read_passphrase(tmp_path / "word")


def test_the_passphrase_is_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "word").write_text(f"  {PASSPHRASE}\r\nand a comment\n")
    assert making.read_passphrase(tmp_path / "word") == PASSPHRASE


def test_a_database_that_is_not_ours_is_no_service_to_keep(tmp_path: Path) -> None:
    config = make_config("", tmp_path)
    with pytest.raises(BackupError, match="There is no database"):
        making.make(config, tmp_path / "a.backup", PASSPHRASE)
    (tmp_path / "lms.sqlite3").write_bytes(b"")
    with pytest.raises(BackupError, match="no table of this service"):
        making.make(config, tmp_path / "a.backup", PASSPHRASE)
    with pytest.raises(BackupError, match="in memory"):
        making.make(replace(config, database_url="sqlite://"), tmp_path / "a.backup", PASSPHRASE)
    assert [path.name for path in tmp_path.iterdir()] == ["lms.sqlite3"]


def test_nothing_secret_is_said(backup: Path, config: Config) -> None:
    held = making.look(backup, PASSPHRASE)
    assert config.secret_key not in json.dumps(dict(held.opening))


def quiet(app: Flask) -> None:
    """Stop the service."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
