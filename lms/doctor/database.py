"""The database as this deployment reaches it: there, of a kind and version that serve, and migrated."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.config import Config
from lms.doctor import account
from lms.doctor.finding import Finding
from lms.doctor.upkeep import upkeep
from lms.migrations.head import head, is_later, revision_of
from lms.models.clock import machine_now

#: The oldest PostgreSQL that its makers still mend.
OLDEST = 15
#: How far the database's clock may be from ours: leases, keys and limits of time are compared across machines.
APART = timedelta(seconds=5)

UPGRADE = "Run: lms db upgrade"


def database(session: Session, config: Config) -> Iterator[Finding]:
    """Whether it answers, then its kind, version, encoding, link, isolation, clock, migrations, rights and upkeep."""
    url = make_url(config.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("database", "bad", f"There is no database yet at {url.database}.", UPGRADE)
        return
    try:
        connection = session.connection()
    except DBAPIError as error:
        why = str(error.orig).strip().partition("\n")[0]
        yield Finding(
            "database", "bad", f"The database at {_hosts(url) or url.database} does not let us in: {why}.",
            "Check host, port, user, password and name in LMS_DATABASE_URL, that the server is up, and that the "
            "network lets this machine reach it.",
        )  # fmt: skip
        return
    yield kind(connection)
    if "," in _hosts(url) and "target_session_attrs" not in url.query:
        yield Finding(
            "database", "warn", f"{_hosts(url)}: the first that answers is used, be it a standby, which only reads.",
            "Ask for the one that writes: end LMS_DATABASE_URL with ?target_session_attrs=read-write",
        )  # fmt: skip
    if connection.dialect.name == "postgresql":
        yield account.encryption(driver(connection), "encryption", "LMS_DATABASE_URL")
        yield isolation(connection)
        yield clock(connection)
    tables = migrations(connection)
    yield tables
    if connection.dialect.name == "postgresql" and tables.state == "ok":
        yield from account.rights(connection, config)
        yield upkeep(connection)


def driver(connection: Connection) -> psycopg.Connection[object]:
    """PostgreSQL's own connection."""
    return cast("psycopg.Connection[object]", connection.connection.driver_connection)


def kind(connection: Connection) -> Finding:
    """PostgreSQL, of a version that is mended, in UTF-8."""
    if connection.dialect.name != "postgresql":
        return Finding(
            "database", "warn", "The database is SQLite: right for one machine, and no more.",
            "For several machines, name a PostgreSQL in LMS_DATABASE_URL: postgresql://user:password@host/name",
        )  # fmt: skip
    version = int(_shown(connection, "server_version_num")) // 10_000
    if version < OLDEST:
        return Finding(
            "database", "bad", f"PostgreSQL {version} is no longer mended by its makers.",
            f"Move the database to PostgreSQL {OLDEST} or later (pg_upgrade, or pg_dump and pg_restore).",
        )  # fmt: skip
    encoding = _shown(connection, "server_encoding")
    if encoding != "UTF8":
        return Finding(
            "database", "bad", f"The database is encoded in {encoding}, which cannot hold every name.",
            "Make it again: createdb --template=template0 --encoding=UTF8, then restore what it held.",
        )  # fmt: skip
    if _shown(connection, "transaction_read_only") == "on":
        return Finding(
            "database", "bad", "The database only reads: it is a standby, or was told to.",
            "Name every host and ask for the one that writes: LMS_DATABASE_URL="
            "postgresql://user:password@host1,host2/name?target_session_attrs=read-write",
        )  # fmt: skip
    return Finding("database", "ok", f"PostgreSQL {version} answers.")


def isolation(connection: Connection) -> Finding:
    """Transactions must see what others just committed: the service is written for PostgreSQL's own default."""
    level = _shown(connection, "transaction_isolation")
    if level != "read committed":
        return Finding(
            "isolation", "bad", f"Transactions begin as « {level} »: jobs and answers would be refused at random.",
            "Run in the database: ALTER ROLE the_user SET default_transaction_isolation TO 'read committed'; and take "
            "the option out of LMS_DATABASE_URL if it is there.",
        )  # fmt: skip
    return Finding("isolation", "ok", "Transactions are read committed.")


def clock(connection: Connection) -> Finding:
    """The database's clock and ours agree."""
    before = machine_now()
    theirs: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    ours = before + (machine_now() - before) / 2
    apart = abs(theirs - ours)
    if apart > APART:
        return Finding(
            "clock", "bad", f"This machine's clock and the database's are {apart.total_seconds():.0f} s apart.",
            "Set both machines to network time: systemctl enable --now systemd-timesyncd (or chrony).",
        )  # fmt: skip
    return Finding("clock", "ok", f"The clocks agree: {apart.total_seconds():.1f} s apart.")


def migrations(connection: Connection) -> Finding:
    """The tables are those of this release."""
    found = revision_of(connection)
    if found == head():
        return Finding("migrations", "ok", f"The tables are those of this release ({found}).")
    if found is None:
        return Finding("migrations", "bad", "The database is empty.", UPGRADE)
    if is_later(found):
        return Finding(
            "migrations", "warn", f"The tables are of a later release than this one ({found}), which serves on them.",
            "End the upgrade: install that release on this machine too.",
        )  # fmt: skip
    return Finding("migrations", "bad", f"The tables are of an earlier release ({found}).", UPGRADE)


def _hosts(url: URL) -> str:
    """The hosts of an address, as it names them."""
    said = url.query.get("host", "")
    return url.host or (said if isinstance(said, str) else ",".join(said))


def _shown(connection: Connection, name: str) -> str:
    value: Any = connection.execute(text(f"show {name}")).scalar_one()
    return str(value)
