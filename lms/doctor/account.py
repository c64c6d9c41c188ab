"""The account of the database under which this process works, and how its connection is protected on the way."""

from collections.abc import Iterator
from ipaddress import ip_address

import psycopg
from sqlalchemy import Connection

from lms import rights as given
from lms.config import Config
from lms.doctor.finding import Finding
from lms.doctor.settings import LOOPBACK

#: Rights named in one sentence.
_SHOWN = 5
_GRANT = "Run: lms db upgrade, with LMS_OWNER_DATABASE_URL"
_APART = (
    "Make another account of PostgreSQL for LMS_DATABASE_URL, leave this one to LMS_OWNER_DATABASE_URL, then run: "
    "lms db upgrade (docs/deployment.md, « Two accounts »)."
)


def rights(connection: Connection, config: Config) -> Iterator[Finding]:
    """Whether the account may do what the service does in PostgreSQL, and no more."""
    found = given.account(connection)
    if config.owner:
        yield Finding(
            "rights", "warn", "These settings hold LMS_OWNER_DATABASE_URL: whoever reads them may change the tables.",
            "Give it to « lms db upgrade » and « lms restore » alone, in a file of its own (LMS_CONFIG takes several).",
        )  # fmt: skip
    if found.superuser:
        yield Finding(
            "rights", "warn", f"{found.name} is a superuser of PostgreSQL: a fault of a page could do anything there.",
            _APART,
        )  # fmt: skip
    elif found.owns is not None:
        yield Finding(
            "rights", "warn", f"{found.name} owns the tables: a fault of a page could drop them, or rewrite all of it.",
            _APART,
        )  # fmt: skip
    elif found.lacks:
        yield Finding("rights", "bad", f"{found.name} lacks rights: {_some(found.lacks)}.", _GRANT)
    elif found.exceeds:
        yield Finding("rights", "warn", f"{found.name} may do what it need not: {_some(found.exceeds)}.", _GRANT)
    elif found.creates:
        yield Finding(
            "rights", "warn", f"{found.name} may make tables.",
            f"Run in the database: REVOKE CREATE ON SCHEMA public FROM PUBLIC, {found.name}",
        )  # fmt: skip
    elif not config.owner:
        yield Finding("rights", "ok", f"{found.name} may do what the service does, and no more.")


def encryption(link: psycopg.Connection[object], check: str, setting: str) -> Finding:
    """Whether a connection to another machine is by TLS, to a server whose certificate is verified.

    ``setting`` names its address. What is asked is the connection itself: a pooler between may say otherwise.
    """
    pq = link.pgconn
    host = link.info.host
    if here(host, link.info.hostaddr):
        return Finding(check, "ok", "The database is on this machine.")
    asked = f"End {setting} with ?sslmode=verify-full&sslrootcert=FILE, a file with the authority of its certificate"
    if not pq.ssl_in_use:
        return Finding(
            check, "warn", f"What is said to the database at {host} is not encrypted: no TLS.",
            f"Let the server speak TLS (ssl = on, docs/deployment.md). {asked}.",
        )  # fmt: skip
    mode = next((each.val for each in pq.info if each.keyword == b"sslmode"), None)
    if mode != b"verify-full":
        return Finding(
            check, "warn", f"The database at {host} is reached by TLS, and its certificate is not verified: "
            "another machine could take its place.",
            f"{asked} (sslmode is {(mode or b'').decode()}).",
        )  # fmt: skip
    return Finding(check, "ok", f"The database at {host} is reached by TLS, its certificate verified.")


def here(host: str, place: str) -> bool:
    """Whether a database is on this machine: by a socket's folder, or an address (``place``) of the loopback."""
    return host.startswith(("/", "@")) or host in LOOPBACK or (bool(place) and ip_address(place).is_loopback)


def _some(rights: list[str]) -> str:
    more = f", and {len(rights) - _SHOWN} more" if len(rights) > _SHOWN else ""
    return ", ".join(rights[:_SHOWN]) + more
