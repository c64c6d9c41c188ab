"""What tests of backups share: a service with something of everything, and a place where it comes back."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lms.backup import sealing
from lms.config import Config
from lms.models import Base
from tests.conftest import make_config
from tests.postgresql_in_test import Server

PASSPHRASE = "a passphrase for tests only"


@pytest.fixture(autouse=True)
def _cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """As strong as a test needs: a real key takes half a second."""
    monkeypatch.setattr(sealing, "COST", sealing._COSTS[0])


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Config]:
    """The settings of another place, of the same kind of database, where nothing is yet."""
    folder = tmp_path / "elsewhere"
    if database_url.startswith("sqlite"):
        yield make_config("", folder)
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.fresh(migrated=False) as url:
        yield make_config(url, folder)


def rows(config: Config) -> dict[str, list[Any]]:
    """Every row of every table, in the order of their keys."""
    engine = sa.create_engine(config.database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def untouched(config: Config) -> bool:
    """Whether nothing is there: no table, and no file but the secret key that any command makes."""
    engine = sa.create_engine(config.database, poolclass=sa.NullPool)
    if config.database.startswith("postgresql"):
        with engine.connect() as connection:
            if sa.inspect(connection).get_table_names():
                return False
    return not [path for path in config.data_dir.rglob("*") if path.is_file() and path.name != "secret"]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Name → content and permissions of the files of a folder; what a process keeps for itself left out."""
    return {
        path.name: (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }


def own_secret(config: Config) -> None:
    """Let the secret key be one that the service made itself."""
    path = config.data_dir / "secret"
    path.write_text(config.secret_key)
    path.chmod(0o600)
