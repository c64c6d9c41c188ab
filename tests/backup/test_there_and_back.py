"""A service is backed up while it works, comes back elsewhere, and is the one it was."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from lms.app import create_app
from lms.backup import BackupError, checking, making, postgresql, restoring
from lms.backup.unfinished import PREFIX
from lms.config import Config
from lms.migrations.head import head
from lms.models import Base, Person, db
from lms.schema import upgrade
from lms.services import verification
from tests.backup.conftest import PASSPHRASE, files, own_secret, rows
from tests.backup.populated_in_test import EXPORT, late, late_ones, populated
from tests.conftest import BASE_URL, make_config
from tests.models.revision_in_test import database, service_at
from tests.models.test_migrations import FIRST, ROWS, filled, read
from tests.postgresql_in_test import Server


def test_everything_comes_back(app: Flask, config: Config, elsewhere: Config, tmp_path: Path) -> None:
    own_secret(config)
    pdf, file = populated(app, config), tmp_path / "a.backup"
    before = rows(config)
    made = making.make(config, file, PASSPHRASE, with_keys=True)
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"Ada" not in file.read_bytes()
    seen = making.look(file, PASSPHRASE)
    assert (seen.opening, seen.parts) == (made.opening, made.parts)
    assert made.rows == sum(map(len, before.values())) + (0 if postgres(config) else 1)  # and its revision
    assert made.files == 2

    restoring.restore(elsewhere, file, PASSPHRASE)

    assert rows(elsewhere) == before
    assert files(elsewhere.keys) == files(config.keys)
    assert files(elsewhere.exports) == {EXPORT: files(config.exports)[EXPORT]}
    assert files(elsewhere.data_dir)["secret"] == files(config.data_dir)["secret"]
    assert elsewhere.keys.stat().st_mode & 0o777 == 0o700
    assert not list(elsewhere.data_dir.rglob(PREFIX + "*"))
    found = checking.check(elsewhere, BASE_URL)
    assert found.faults == []
    assert (found.lines > 0, found.certificates, found.keys >= 4) == (True, 1, True)
    other = create_app(elsewhere)
    upgrade(other)  # it starts
    with other.app_context():
        verdict, _known = verification.judge(db.session(), pdf, BASE_URL)
        assert verdict.state == "valid", verdict.checks
        # Numbers go on where they were: the next is nobody's.
        person = Person(subject="next", email="next@example.org")
        db.session.add(person)
        db.session.flush()
        assert person.id > max(row[0] for row in before["person"])
        db.session.remove()
        db.engine.dispose()
    other.extensions["outbound"].close()


def test_what_is_written_meanwhile_is_there_whole_or_not_at_all(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.backup.sqlite._STEP", 20)
    populated(app, config)
    numbers = count(1)
    late(config.database, 0)
    making.make(config, tmp_path / "a.backup", PASSPHRASE, told=lambda: late(config.database, next(numbers)))
    written = next(numbers)
    assert written > 10, "somebody wrote while it was made"
    assert [len(each) for each in late_ones(config.database)] == [written, written]
    restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    assert late_ones(elsewhere.database) == (["late-0"], ["late-0"])
    assert checking.check(replace(elsewhere, keys_dir=config.keys), BASE_URL).faults == []


def test_what_is_there_is_lost_only_when_asked(app: Flask, config: Config, tmp_path: Path) -> None:
    populated(app, config)
    before = rows(config)
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    late(config.database, 1)
    after = rows(config)
    quit_(app)
    with pytest.raises(BackupError, match=r"not empty.*--replace"):
        restoring.restore(config, tmp_path / "a.backup", PASSPHRASE)
    assert rows(config) == after
    restoring.restore(config, tmp_path / "a.backup", PASSPHRASE, replace=True)
    assert rows(config) == before


def test_a_database_in_use_is_not_replaced(
    app: Flask, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.backup.sqlite._PATIENCE", 0.1)
    monkeypatch.setattr(postgresql, "_PATIENCE", "set local lock_timeout to '100ms'")
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    before = rows(config)
    engine = sa.create_engine(config.database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.select(Person)).all()  # and this transaction goes on
        with pytest.raises(BackupError, match=r"in use.*Stop the web processes and workers"):
            restoring.restore(config, tmp_path / "a.backup", PASSPHRASE, replace=True)
    assert rows(config) == before


def test_keys_that_are_there_are_put_aside_and_never_lost(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    populated(app, config)
    making.make(config, tmp_path / "a.backup", PASSPHRASE, with_keys=True)
    elsewhere.keys.mkdir(parents=True)
    (elsewhere.keys / "keyring.json").write_text("another ring")
    with pytest.raises(BackupError, match=r"signing keys.*--replace"):
        restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    assert files(elsewhere.keys) == {"keyring.json": (b"another ring", 0o644)}
    restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE, replace=True)
    assert files(elsewhere.keys) == files(config.keys)
    assert [path.read_text() for path in elsewhere.keys.glob(".replaced-*-keyring.json")] == ["another ring"]


def test_without_the_keys_certificates_are_verified_as_published_and_their_absence_is_told(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    populated(app, config)
    held = making.make(config, tmp_path / "a.backup", PASSPHRASE)
    assert (held.keys, held.opening["holds_keys"], held.opening["holds_secret"]) == (0, False, False)
    restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    assert not elsewhere.keys.exists()
    found = checking.check(elsewhere, BASE_URL)
    assert (found.keys, found.certificates, found.faults) == (0, 1, [])


def test_what_is_not_as_it_was_is_found(app: Flask, config: Config, tmp_path: Path) -> None:
    populated(app, config)
    with app.app_context():
        db.session.execute(sa.text("update audit_entry set target = 'another' where action = 'hr.export'"))
        db.session.execute(sa.text("update certificate_file set content = :content"), {"content": b"{}"})
        db.session.commit()
        db.session.remove()
    found = checking.check(config, BASE_URL)
    assert ["chain is broken" in found.faults[0], "does not verify" in found.faults[1]] == [True, True]
    other = checking.check(replace(config, secret_key="another secret key, long enough too"), BASE_URL)
    assert any("signing keys" in fault for fault in other.faults)
    assert any("LTI keys" in fault for fault in other.faults)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Flask, Config]]:
    """The service on a database of the first revision, and a place of the same kind where nothing is."""
    folder = tmp_path / "elsewhere"
    with service_at(FIRST, request.param, request, tmp_path) as app, database(request.param, request, folder) as url:
        yield app, make_config(url, folder)


def test_a_backup_of_an_earlier_release_comes_back_in_this_one(old: tuple[Flask, Config], tmp_path: Path) -> None:
    app, elsewhere = old
    with app.app_context():
        before = filled()
        db.session.remove()
    held = making.make(app.extensions["mpia"], tmp_path / "old.backup", PASSPHRASE)
    assert (held.opening["revision"], held.tables) == (FIRST, len(before) + (0 if postgres(elsewhere) else 1))
    restoring.restore(elsewhere, tmp_path / "old.backup", PASSPHRASE)
    upgrade(app)  # the same database, brought to this release where it is
    with app.app_context():
        here = read(sorted(Base.metadata.tables))
        db.engine.dispose()
    other = create_app(elsewhere)
    with other.app_context():
        assert db.session.scalar(sa.text("select version_num from alembic_version")) == head()
        db.session.remove()
        there = read(sorted(Base.metadata.tables))
        db.engine.dispose()
    other.extensions["outbound"].close()
    assert all(len(there[name]) >= ROWS for name in before)
    for row in (*here["unit_state"], *there["unit_state"]):
        del row["since"]  # the moment of the migration that makes it
    for name in set(there) - {"curriculum", "track_revision", "track_duration"}:  # which a start adds to
        assert there[name] == here[name], name


def test_a_backup_of_a_later_release_is_refused_before_anything_is_touched(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    del app
    engine = sa.create_engine(config.database, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = 'ffffffffffff'"))
    try:
        making.make(config, tmp_path / "a.backup", PASSPHRASE)
        with pytest.raises(BackupError, match="later release"):
            restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("update alembic_version set version_num = :head"), {"head": head()})


def test_tables_of_a_later_release_are_never_replaced(
    app: Flask, config: Config, elsewhere: Config, tmp_path: Path
) -> None:
    populated(app, config)
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE)
    engine = sa.create_engine(elsewhere.database, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("create table later_plan (person integer references person (id))"))
        connection.execute(sa.text("update alembic_version set version_num = 'ffffffffffff'"))
    before = rows(elsewhere)
    for replaces in (False, True):
        with pytest.raises(BackupError, match=r"tables here are of a later release.*Install.*or name an empty"):
            restoring.restore(elsewhere, tmp_path / "a.backup", PASSPHRASE, replace=replaces)
    assert rows(elsewhere) == before
    assert before["person"]


def test_a_table_of_somebody_else_s_beside_ours_stays_theirs(postgresql: Server, tmp_path: Path) -> None:
    with postgresql.fresh() as url:
        config, backup = make_config(url, tmp_path), tmp_path / "a.backup"
        engine = sa.create_engine(config.database, poolclass=sa.NullPool)
        late(config.database, 1)
        making.make(config, backup, PASSPHRASE)
        with engine.begin() as connection:
            connection.execute(sa.text("create table theirs (id serial primary key)"))
            connection.execute(sa.text("insert into theirs default values"))
        before = rows(config)
        late(config.database, 2)
        restoring.restore(config, backup, PASSPHRASE, replace=True)
        assert rows(config) == before
        with engine.begin() as connection:
            assert connection.scalar(sa.text("select count(*) from theirs")) == 1
            connection.execute(sa.text("alter table theirs add column person integer references person (id)"))
        with pytest.raises(BackupError, match=r"somebody else's depend on those of the service.*theirs"):
            restoring.restore(config, backup, PASSPHRASE, replace=True)
        assert rows(config) == before


def postgres(config: Config) -> bool:
    return config.database.startswith("postgresql")


def quit_(app: Flask) -> None:
    """Stop the service."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
