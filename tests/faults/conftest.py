"""A gradebook with a crowd of learners."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.faults.crowd_in_test import Crowd
from tests.faults.dying_in_test import end_processes
from tests.gradebook_in_test import gradebook


@pytest.fixture
def crowd(app: Flask, session: Session, tmp_path: Path) -> Iterator[Crowd]:
    """Thirty learners of one link."""
    with gradebook(app, session, tmp_path, roster_size=Crowd.SIZE) as book:
        yield Crowd(book)


@pytest.fixture(scope="session", autouse=True)
def processes_end() -> Iterator[None]:
    """The process that is killed again and again ends with the last test."""
    yield
    end_processes()
