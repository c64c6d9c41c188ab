"""A gradebook to write to, and signing keys made once for the whole run: making RSA keys is slow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from tests.conftest import make_config
from tests.gradebook_in_test import Gradebook, gradebook


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing") / "keys"


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path) -> Config:
    return make_config(database_url, tmp_path, keys_dir=keys_dir)


@pytest.fixture
def book(app: Flask, session: Session, tmp_path: Path) -> Iterator[Gradebook]:
    """A connected platform, and somebody who came through its link to the track."""
    with gradebook(app, session, tmp_path) as found:
        yield found
