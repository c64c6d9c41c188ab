"""A gradebook with a crowd of learners."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from tests.conftest import make_config
from tests.faults.crowd_in_test import Crowd
from tests.gradebook_in_test import gradebook


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing") / "keys"


@pytest.fixture
def config(database_url: str, tmp_path: Path, keys_dir: Path) -> Config:
    return make_config(database_url, tmp_path, keys_dir=keys_dir)


@pytest.fixture
def crowd(app: Flask, session: Session, tmp_path: Path) -> Iterator[Crowd]:
    """Thirty learners of one link."""
    with gradebook(app, session, tmp_path, roster_size=Crowd.SIZE) as book:
        yield Crowd(book)
