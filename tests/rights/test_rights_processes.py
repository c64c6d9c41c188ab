"""The service as it runs in life under the lesser account: its owner migrates, then each process knows one address."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from lms import rights
from lms.config import Config
from tests.cli.conftest import Run
from tests.cli.conftest import run_apart as run_apart
from tests.conftest import make_config
from tests.faults.serving_in_test import Served
from tests.faults.test_workers_at_once import Started
from tests.postgresql_in_test import Server
from tests.rights.conftest import connected

PATIENCE = 240


@pytest.fixture
def both(postgresql: Server, tmp_path: Path, keys_dir: Path) -> Iterator[Config]:
    """Settings of both accounts on a new database."""
    with postgresql.fresh(migrated=False) as url:
        yield make_config(postgresql.served(url), tmp_path / "var", owner_database_url=url, keys_dir=keys_dir)


def test_processes_serve_without_owning(both: Config, run_apart: Run, tmp_path: Path) -> None:
    given = {
        "LMS_DATABASE_URL": both.database_url, "LMS_SECRET_KEY": both.secret_key, "LMS_KEYS_DIR": str(both.keys_dir),
        "LMS_BASE_URL": both.base_url,
    }  # fmt: skip
    early = run_apart("worker", **given)
    assert (early.status, early.err.count("\n")) == (1, 1), early.err
    assert "lms db upgrade" in early.err
    owner = tmp_path / "owner.toml"
    owner.write_text(f'owner_database_url = "{both.owner_database_url}"\n')
    done = run_apart("db", "upgrade", **given, LMS_CONFIG=str(owner))
    assert (done.status, done.out) == (0, "The database is up to date.\n"), done.err
    alone = replace(both, owner_database_url="")
    with (
        Served(alone) as served,
        Started(alone, tmp_path / "worker.log"),
        closing(httpx.Client(trust_env=False)) as web,
    ):
        end = time.monotonic() + PATIENCE
        while not (ready := web.get(f"{served.url}/readyz")).json()["workers"]["alive"]:
            assert time.monotonic() < end, (tmp_path / "worker.log").read_text()
            time.sleep(0.1)
        assert ready.status_code == 200
        assert web.get(f"{served.url}/account/login").status_code == 200
    with connected(both.database) as connection:
        found = rights.account(connection)
    assert (found.owns, found.lacks, found.exceeds) == (None, [], [])
