"""Fixtures of the certificates: a record, keys, and the status lists that speak of it."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from certificate_samples import DID, NOW, make_record

from certificates import status
from certificates.model import Record
from certificates.sign.keys import Keys

HERE = Path(__file__).parents[1] / "independent"


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


@pytest.fixture(scope="session")
def judges() -> Path:
    """Other people's npm packages, installed once from the lock file, outside the repository."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "manager-public-ia" / f"npm-{lock}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # several test processes may start at once
        if not (cache / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, cache)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=cache, check=True, capture_output=True, timeout=300)
            (cache / "installed").touch()
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, cache)  # node looks for packages beside the script
    return cache
