"""Authors at the draft of a track."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from curricula.model import LessonText
from curricula.pieces import text_in
from lms.models import Draft
from lms.services import drafts
from tests.author_in_test import PATH, TRACK, Author, Kept


@pytest.fixture
def draft(session: Session) -> Draft:
    found = drafts.begin(session, TRACK, None)
    session.commit()
    return found


@pytest.fixture
def author(app: Flask, session: Session, draft: Draft) -> Author:
    return Author(app, session, "anne")


@pytest.fixture
def other(app: Flask, session: Session, draft: Draft) -> Author:
    return Author(app, session, "benoit")


@pytest.fixture
def kept(session: Session, draft: Draft) -> Kept:
    """What the database holds of a lesson now: (text, edition)."""

    def read(path: str = PATH) -> tuple[LessonText, int] | None:
        session.expire_all()
        row = drafts.piece(session, draft, path)
        found = None if row is None else (text_in(row.content), row.edition)
        session.rollback()  # holds no page back
        return found

    return read
