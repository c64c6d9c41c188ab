"""A gradebook with a crowd of learners."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.faults.crowd_in_test import Crowd
from tests.gradebook_in_test import gradebook


@pytest.fixture
def crowd(app: Flask, session: Session, tmp_path: Path) -> Iterator[Crowd]:
    """Thirty learners of one link."""
    with gradebook(app, session, tmp_path, roster_size=Crowd.SIZE) as book:
        yield Crowd(book)
