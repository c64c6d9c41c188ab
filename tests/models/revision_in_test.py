"""The service on an empty database of an earlier revision."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from lms.models import db
from lms.schema import migrate
from tests.conftest import make_config, service
from tests.postgresql_in_test import Server


@contextmanager
def service_at(revision: str, kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Flask]:
    """The service on a new database of that kind (sqlite, postgresql) and revision, without a row."""
    with database(kind, request, folder) as url:
        config = make_config(url, folder, keys_dir=request.getfixturevalue("keys_dir"))
        with service(config) as app:
            with app.app_context(), db.engine.connect() as connection:
                migrate(connection, revision)
                connection.commit()
            yield app


@contextmanager
def database(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The address of a new database, without a table."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'lms.sqlite3'}"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.fresh(migrated=False) as url:
        yield url
