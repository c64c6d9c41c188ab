"""A gradebook to write to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.gradebook_in_test import Gradebook, gradebook


@pytest.fixture
def book(app: Flask, session: Session, tmp_path: Path) -> Iterator[Gradebook]:
    """A connected platform, and somebody who came through its link to the track."""
    with gradebook(app, session, tmp_path) as found:
        yield found
