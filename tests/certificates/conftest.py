"""Fixtures of the certificates: a record, keys, and the status lists that speak of it."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from certificate_samples import DID, NOW, make_record

from certificates import status
from certificates.model import Record
from certificates.sign.keys import Keys


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """One set of keys for the whole run: making an RSA key is slow."""
    return Keys.open(tmp_path_factory.mktemp("certificates") / "keys", b"a passphrase", DID, NOW)


@pytest.fixture
def record() -> Record:
    """A label, in French."""
    return make_record()


@pytest.fixture
def recorded() -> Callable[..., Record]:
    """Makes the same label with some fields changed."""
    return make_record


@pytest.fixture(scope="session")
def listed(keys: Keys) -> Callable[..., list[dict[str, Any]]]:
    """Makes the two signed status lists, with some entries set, at some instant."""

    def make(revoked: Collection[int] = (), suspended: Collection[int] = (), now: Any = NOW) -> list[dict[str, Any]]:
        record = make_record()
        return [
            status.status_list_credential(purpose, status.with_set(status.empty(), indexes), url, DID, keys, now)
            for purpose, url, indexes in (
                ("revocation", record.status_list_url, revoked),
                ("suspension", record.suspension_list_url, suspended),
            )
        ]

    return make
