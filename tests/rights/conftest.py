"""What tests of the two accounts share: PostgreSQL, where the service works under the one that owns no table."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.postgresql_in_test import Server


@pytest.fixture
def owner_url(postgresql: Server) -> Iterator[str]:
    """The address of a fresh, migrated database, under the account that owns its tables."""
    with postgresql.lent() as url:
        yield url


@pytest.fixture
def database_url(postgresql: Server, owner_url: str) -> str:
    """The same under the account of web processes and workers; what the service of a test is given."""
    return postgresql.served(owner_url)


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Connection]:
    """A connection of the owner."""
    with connected(owner_url) as connection:
        yield connection


@pytest.fixture
def served(database_url: str) -> Iterator[sa.Connection]:
    """A connection of the account of web processes and workers."""
    with connected(database_url) as connection:
        yield connection


def connected(url: str) -> sa.Connection:
    """A connection that nobody else has."""
    return sa.create_engine(url, poolclass=sa.NullPool).connect()
