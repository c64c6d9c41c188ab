"""The account that owns the tables, where it is another than that of web processes and workers (docs/adr/0048)."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text

from lms import rights
from lms.config import Config
from lms.models import db
from lms.models.pooling import engine_options

#: Key of the PostgreSQL lock by which two connections know whether they are of one database.
_SAME = 7250139


class AccountsRefused(Exception):
    """Why the tables cannot be changed with these accounts: what is wrong, and what to do. Nothing was changed."""


@contextmanager
def owning(config: Config) -> Iterator[Connection]:
    """A connection of who changes the tables: the account of ``LMS_OWNER_DATABASE_URL``, else that of the service."""
    if not config.owner:
        with db.engine.connect() as connection:
            yield connection
        return
    engine = create_engine(config.owner, **engine_options(config.owner))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def served_account(owner: Connection, config: Config) -> str | None:
    """The account of web processes and workers in the database of the owner's connection; None where it is the owner's.

    Raises ``AccountsRefused`` when the two addresses name two databases.
    """
    engine = create_engine(config.database, **engine_options(config.database))
    owner.execute(text(f"select pg_advisory_lock({_SAME})"))
    try:
        with engine.connect() as served:
            name, free = served.execute(text(f"select current_user, pg_try_advisory_lock({_SAME})")).one()
            served.invalidate()  # its locks go with it
    finally:
        owner.execute(text(f"select pg_advisory_unlock({_SAME})"))
        engine.dispose()
    if free:
        raise AccountsRefused(
            "LMS_OWNER_DATABASE_URL and LMS_DATABASE_URL name two databases. Name one, under two accounts."
        )
    return None if name == owner.scalar(text("select current_user")) else str(name)


def refuse_unless_owner(connection: Connection, config: Config) -> None:
    """Raise ``AccountsRefused`` when this account may not change the tables that are there, or make the first ones."""
    if connection.dialect.name != "postgresql":
        return
    there = list(rights.owners(connection))
    other = next(((table, owner) for table, owner, ours in there if not ours), None)
    may_make = bool(connection.scalar(text("select has_schema_privilege(current_schema(), 'CREATE')")))
    if other is None and may_make:
        return
    if not config.owner:
        raise AccountsRefused(
            "The tables are to be changed, which the account of LMS_DATABASE_URL may not do. For this release, run: "
            "lms db upgrade; for a backup, lms restore; both with LMS_OWNER_DATABASE_URL."
        )
    mine = connection.scalar(text("select current_user"))
    if other is not None:
        raise AccountsRefused(
            f"The account of LMS_OWNER_DATABASE_URL, {mine}, does not own the table {other[0]}: {other[1]} does. Name "
            f"that one, or let an administrator of PostgreSQL run there: REASSIGN OWNED BY {other[1]} TO {mine}"
        )
    raise AccountsRefused(
        f"The account of LMS_OWNER_DATABASE_URL, {mine}, may make no table. Let an administrator of PostgreSQL run "
        f"there: GRANT CREATE ON SCHEMA public TO {mine}"
    )
