"""A configuration whose signing keys are made once for the whole run: making RSA keys is slow."""

from pathlib import Path

import pytest

from lms.config import Config
from tests.conftest import make_config


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing") / "keys"


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path) -> Config:
    return make_config(database_url, tmp_path, keys_dir=keys_dir)
