"""Brings a database to this release: the migration chain, then the first keys and the tracks of this release."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from curricula.folder import Folder
from curricula.registry import discover
from lms import rights
from lms.config import Config
from lms.lti.keys import ToolKeys
from lms.migrations.head import IN_ONE_TRANSACTION, alembic_config, head, is_later, revision_of
from lms.models import db
from lms.owner import owning, refuse_unless_owner, served_account
from lms.services import kept_keys
from lms.services.revisions import publish_shipped

log = structlog.get_logger()

#: Key of the PostgreSQL lock under which one process at a time migrates.
_LOCK = 7250130
#: A table that is changed waits for whoever uses it, and everybody waits behind it: in seconds, no longer than this.
_TABLE_WAIT = 4
#: Seconds between two tries, of the lock or of a table in use; tries of a table before it is given up: an hour or so.
_PAUSE, _TRIES = 1, 700


def upgrade(app: Flask) -> None:
    """Run the migrations that are missing, make the LTI key if there is none, publish the tracks of this release.

    Where another account owns the tables (``LMS_OWNER_DATABASE_URL``), it migrates and gives that of the service its
    rights; a process that is not told of it leaves migrated tables as they are. Safe to run twice, or at once. Raises
    ``AccountsRefused`` where migrations are missing that the accounts given cannot run, ``OperationalError`` where a
    table stays in use for an hour: what was migrated before it stays, and the next call goes on from there.
    """
    config: Config = app.extensions["mpia"]
    with app.app_context():
        with owning(config) as connection, _one_at_a_time(connection):
            # A process of this release may be started again once the next one has migrated: it leaves the tables.
            if not _is_ahead(connection) and (config.owner or not _is_current(connection)):
                _change_tables(connection, config)
        keys: ToolKeys = app.extensions["tool_keys"]
        if not keys.every(db.session()):  # a new installation
            kept_keys.begin(db.session(), config.secret_key)
        keys.ensure(db.session())
        publish_shipped(db.session(), map(Folder.read, discover(config.tracks_dir)))
        db.session.commit()
        db.session.remove()


def _change_tables(connection: Connection, config: Config) -> None:
    refuse_unless_owner(connection, config)
    account = served_account(connection, config) if config.owner else None
    connection.rollback()  # each migration begins a transaction of its own, which this reading must not be
    with tables_may_be_rewritten(connection):
        _migrate_beside_others(connection)
    if account is not None:
        rights.grant(connection, account)
        connection.commit()


@contextmanager
def _one_at_a_time(connection: Connection) -> Iterator[None]:
    """Let one process migrate a PostgreSQL database. SQLite lets one write anyway."""
    if connection.dialect.name != "postgresql":
        yield
        return
    # Asked again and again rather than waited for: an index made beside writers waits for every statement under way,
    # and each would wait for the other.
    while not _asked(connection, f"select pg_try_advisory_lock({_LOCK})"):
        time.sleep(_PAUSE)
    _asked(connection, f"select set_config('lock_timeout', '{_TABLE_WAIT}s', false)")
    try:
        yield
    finally:
        connection.rollback()
        _asked(connection, "select set_config('lock_timeout', (select reset_val from pg_settings "
                           "where name = 'lock_timeout'), false)")  # fmt: skip
        _asked(connection, f"select pg_advisory_unlock({_LOCK})")


def _asked(connection: Connection, query: str) -> object:
    found = connection.scalar(text(query))
    connection.commit()
    return found


def _migrate_beside_others(connection: Connection) -> None:
    """Migrate while the release before serves: a table in use is asked for again, so that nobody waits long for it."""
    for left in reversed(range(_TRIES)):
        try:
            migrate(connection)
            connection.commit()
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable) or not left:
                raise
            connection.rollback()
            log.warning("migration.table_in_use", tries_left=left)
            time.sleep(_PAUSE)
        else:
            return


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that are missing up to a revision; in the connection's transaction, if it has begun one."""
    from alembic import command  # once there is something to run: docs/adr/0056

    config = alembic_config()
    config.attributes["connection"] = connection
    config.attributes[IN_ONE_TRANSACTION] = connection.in_transaction()
    command.upgrade(config, revision)


def _is_ahead(connection: Connection) -> bool:
    """Whether a later release migrated this database."""
    return is_later(_revision(connection))


def _is_current(connection: Connection) -> bool:
    """Whether no migration is missing."""
    return _revision(connection) == head()


def _revision(connection: Connection) -> str | None:
    found = revision_of(connection)
    connection.rollback()  # each migration begins a transaction of its own, which this reading must not be
    return found


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
    from alembic import command

    with app.app_context(), db.engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
        command.revision(config, message=message, autogenerate=True)
