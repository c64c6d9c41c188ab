"""The database goes away under the service, whose pages then say so themselves: a clear 503."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask, has_request_context

from lms.models import db

#: What Chromium logs by itself of such an answer.
UNAVAILABLE = "status of 503"


@contextmanager
def without_database(app: Flask) -> Iterator[None]:
    """No page reaches the database meanwhile; the worker and the tests do."""
    with app.app_context():
        engine = db.engine

    def refuse(_connection: sa.Connection) -> None:
        if has_request_context():
            raise sqlite3.OperationalError("unable to open database file")

    sa.event.listen(engine, "engine_connect", refuse)
    try:
        yield
    finally:
        sa.event.remove(engine, "engine_connect", refuse)
