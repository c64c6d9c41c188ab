"""Migrating, upgrading, backing up and restoring where one account owns the tables and another one serves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from lms import rights, schema
from lms.backup import BackupError, checking, making, restoring, sealing
from lms.config import Config
from lms.migrations.head import head
from lms.models import db
from lms.owner import AccountsRefused
from tests.backup.populated_in_test import populated
from tests.conftest import BASE_URL, make_config, service
from tests.models.expansion import RELEASED
from tests.postgresql_in_test import SERVED, Server
from tests.rights.conftest import connected

PASSPHRASE = "a passphrase for tests only"


def upgraded(config: Config) -> None:
    with service(config) as app:
        schema.upgrade(app)


def held(url: str) -> rights.Account:
    """What the account of that address may do."""
    with connected(url) as connection:
        return rights.account(connection)


def revision(url: str) -> Any:
    with connected(url) as connection:
        return connection.scalar(sa.text("select version_num from alembic_version"))


@pytest.fixture
def empty(postgresql: Server, tmp_path: Path) -> Any:
    """Settings of both accounts on a new database, without a table, that is the owner's."""
    with postgresql.fresh(migrated=False) as url:
        yield make_config(postgresql.served(url), tmp_path, owner_database_url=url)


def test_a_new_database_is_made_by_its_owner(empty: Config) -> None:
    upgraded(empty)
    assert held(empty.database).lacks == held(empty.database).exceeds == []
    assert held(empty.database).owns is None
    with service(replace(empty, owner_database_url="")) as app:  # a web process, or a worker
        schema.upgrade(app)
        assert app.test_client().get("/readyz").status_code == 200


def test_the_next_release_gives_rights_on_its_tables(empty: Config) -> None:
    with connected(empty.owner) as owner:
        schema.migrate(owner, RELEASED)
        owner.commit()
        rights.grant(owner, SERVED)
        owner.commit()
        before = set(sa.inspect(owner).get_table_names())
    alone = replace(empty, owner_database_url="")
    with service(alone) as app:
        with pytest.raises(AccountsRefused, match=r"lms db upgrade.*LMS_OWNER_DATABASE_URL"):
            schema.upgrade(app)
        assert revision(empty.database) == RELEASED, "nothing was changed"
        assert app.test_client().get("/readyz").status_code == 503
        upgraded(empty)  # beside the process that waits
        with connected(empty.owner) as owner:
            assert set(sa.inspect(owner).get_table_names()) - before, "there are new tables"
        schema.upgrade(app)
        assert app.test_client().get("/readyz").status_code == 200
    assert revision(empty.database) == head()
    assert held(empty.database).lacks == held(empty.database).exceeds == []


def test_one_account_becomes_the_owner_and_another_serves(postgresql: Server, tmp_path: Path) -> None:
    """As an installation that had one account goes on, without moving a table."""
    with postgresql.fresh(migrated=False) as url:
        with service(make_config(url, tmp_path)) as app:
            schema.upgrade(app)
            upgraded(make_config(postgresql.served(url), tmp_path, owner_database_url=url))
            assert app.test_client().get("/readyz").status_code == 200, "what served goes on meanwhile"
        assert held(postgresql.served(url)).lacks == []


def test_addresses_of_two_databases_are_refused(empty: Config, database_url: str, owner_url: str) -> None:
    for one, two in ((database_url, empty.owner), (empty.database, owner_url)):
        config = replace(empty, database_url=one, owner_database_url=two)
        with service(config) as app, pytest.raises(AccountsRefused, match="two databases"):
            schema.upgrade(app)
    with connected(empty.owner) as owner:
        assert sa.inspect(owner).get_table_names() == []


def test_an_owner_who_owns_nothing_is_told_who_does(empty: Config, postgresql: Server, owner_url: str) -> None:
    config = replace(empty, database_url=owner_url, owner_database_url=postgresql.served(owner_url))
    with service(config) as app, pytest.raises(AccountsRefused, match=f"{SERVED}, does not own.*REASSIGN OWNED BY"):
        schema.upgrade(app)
    config = replace(empty, database_url=empty.owner, owner_database_url=empty.database)
    with service(config) as app, pytest.raises(AccountsRefused, match="GRANT CREATE"):
        schema.upgrade(app)


def test_one_account_named_twice_is_as_one(postgresql: Server, tmp_path: Path, owner_url: str) -> None:
    with connected(owner_url) as owner:
        before = owner.execute(sa.text("select relname, relacl::text from pg_class order by 1")).all()
    upgraded(make_config(owner_url, tmp_path, owner_database_url=owner_url))
    with connected(owner_url) as owner:
        assert owner.execute(sa.text("select relname, relacl::text from pg_class order by 1")).all() == before


def test_a_backup_is_made_by_one_and_restored_by_the_other(
    app: Flask, config: Config, empty: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "COST", sealing._COSTS[0])
    populated(app, config)
    file = tmp_path / "a.backup"
    made = making.make(config, file, PASSPHRASE, with_keys=True)
    elsewhere = replace(empty, data_dir=tmp_path / "elsewhere", keys_dir=Path())
    elsewhere.data_dir.mkdir()
    alone = replace(elsewhere, owner_database_url="")
    with pytest.raises(BackupError, match=r"lms restore.*LMS_OWNER_DATABASE_URL.*Nothing was changed"):
        restoring.restore(alone, file, PASSPHRASE)
    for again in (False, True):
        restoring.restore(elsewhere, file, PASSPHRASE, replace=again)
        assert held(elsewhere.database).lacks == held(elsewhere.database).exceeds == []
        found = checking.check(alone, BASE_URL)
        assert (found.faults, found.certificates) == ([], 1)
    with service(alone) as other:
        schema.upgrade(other)
        with other.app_context():
            db.session.execute(
                sa.text("insert into audit_entry (at, action, target, details) values (now(), 'a', '', '{}')")
            )
            db.session.commit()
            db.session.remove()
    assert making.make(alone, tmp_path / "b.backup", PASSPHRASE).rows > made.rows


def test_a_restore_is_not_begun_in_another_database(
    app: Flask, config: Config, empty: Config, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "COST", sealing._COSTS[0])
    making.make(config, tmp_path / "a.backup", PASSPHRASE)
    wrong = replace(empty, database_url=config.database_url)
    with pytest.raises(BackupError, match="two databases"):
        restoring.restore(wrong, tmp_path / "a.backup", PASSPHRASE)
    with connected(empty.owner) as owner:
        assert sa.inspect(owner).get_table_names() == []
