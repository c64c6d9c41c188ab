"""Brings a database to this release: the migration chain, then the tool's first key and the tracks of this release."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from flask import Flask
from sqlalchemy import Connection, text

from curricula.folder import Folder
from curricula.registry import discover
from lms.lti.keys import ToolKeys
from lms.migrations.head import alembic_config
from lms.models import db
from lms.services.revisions import publish_shipped

#: Key of the PostgreSQL lock under which one process at a time migrates.
_LOCK = 7250130


def upgrade(app: Flask) -> None:
    """Run the migrations that are missing, make the LTI key if there is none, publish the tracks of this release.

    Safe to run twice, or at once.
    """
    with app.app_context():
        with db.engine.connect() as connection:
            postgresql = connection.dialect.name == "postgresql"
            if postgresql:
                connection.execute(text(f"select pg_advisory_lock({_LOCK})"))
                connection.commit()
            try:
                with _tables_may_be_rewritten(connection):
                    config = alembic_config()
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
                    connection.commit()
            finally:
                if postgresql:
                    connection.execute(text(f"select pg_advisory_unlock({_LOCK})"))
                    connection.commit()
        keys: ToolKeys = app.extensions["tool_keys"]
        keys.ensure(db.session())
        publish_shipped(db.session(), map(Folder.read, discover(app.extensions["mpia"].tracks_dir)))
        db.session.commit()
        db.session.remove()


@contextmanager
def _tables_may_be_rewritten(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying and dropping it, and dropping one deletes what refers to it: not meanwhile."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def new_migration(app: Flask, message: str) -> None:
    """Write the migration that brings the last revision to the models (``make migration``)."""
    with app.app_context(), db.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
        command.revision(config, message=message, autogenerate=True)
