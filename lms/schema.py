"""Brings a database to this release: the migration chain, then the tool's first key and the tracks of this release."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import Connection, text

from curricula.folder import Folder
from curricula.registry import discover
from lms.lti.keys import ToolKeys
from lms.migrations.head import alembic_config, is_later
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
                # A process of this release may be started again once the next one has migrated: it leaves the tables.
                if not _is_ahead(connection):
                    with tables_may_be_rewritten(connection):
                        migrate(connection)
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


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that are missing up to a revision; in the connection's transaction, if it has begun one."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _is_ahead(connection: Connection) -> bool:
    """Whether a later release migrated this database."""
    ahead = is_later(MigrationContext.configure(connection).get_current_revision())
    connection.rollback()  # each migration begins a transaction of its own, which this reading must not be
    return ahead


@contextmanager
def tables_may_be_rewritten(connection: Connection) -> Iterator[None]:
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
