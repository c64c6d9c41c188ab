"""What may stand beside the database: the server where limits are counted together, the replica that reports read."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from redis import RedisError
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from lms.config import Config
from lms.counting import ask
from lms.doctor import account, database
from lms.doctor.finding import Finding
from lms.doctor.settings import LOOPBACK
from lms.migrations.head import head
from lms.replica import Replica

#: How each server is told from every other; its administrators alone may ask in some.
_WHICH = text("select system_identifier from pg_control_system()")


def cache(config: Config) -> Finding:
    """Whether the server of shared counts answers, and nobody between can read the password."""
    if not config.cache_url:
        return Finding("cache", "ok", "No Valkey nor Redis (LMS_CACHE_URL): each web process counts limits for itself.")
    parts = urlsplit(config.cache_url)
    where = f"{parts.hostname}:{parts.port or 6379}"
    try:
        ask(config.cache_url)
    except (RedisError, OSError) as error:
        return Finding(
            "cache", "bad", f"The server of LMS_CACHE_URL does not serve at {where}: {type(error).__name__}. "
            "Meanwhile each web process counts limits for itself.",
            f"Check host, port, user and password in LMS_CACHE_URL, and that {where} may be reached from here. It must "
            "accept PING, EVAL, EVALSHA, SCRIPT, GET, INCRBY, EXPIRE and TTL on keys that begin with mpia.",
        )  # fmt: skip
    if parts.scheme in {"redis", "valkey"} and parts.hostname not in LOOPBACK:
        return Finding(
            "cache", "warn", f"Limits are counted together at {where}, without TLS.",
            "Unless that network is the service's alone, write valkeys:// (or rediss://) in LMS_CACHE_URL, with "
            "?ssl_ca_certs=FILE for an authority of your own.",
        )  # fmt: skip
    return Finding("cache", "ok", f"Limits are counted together at {where}.")


def replica(session: Session, config: Config, found: Replica | None) -> Iterator[Finding]:
    """Whether reports can be read where the settings say: a replica of this database, migrated, not late."""
    if found is None:
        yield Finding("replica", "ok", "No replica (LMS_REPLICA_URL): reports are read in the database.")
        return
    url = make_url(config.replica)
    where = url.host or str(url.query.get("host", url.database))
    try:
        state = found.state()
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]
        yield Finding(
            "replica", "bad", f"The replica at {where} does not let us in: {why}. Reports are read in the database.",
            "Check LMS_REPLICA_URL and that its user may read every table: GRANT pg_read_all_data TO the_user",
        )  # fmt: skip
        return
    if state.fault == "follows_nothing":
        yield Finding(
            "replica", "bad", f"The server at {where} follows no other: what it holds may be anything.",
            "Name in LMS_REPLICA_URL a standby of the database (pg_basebackup --write-recovery-conf), or remove it.",
        )  # fmt: skip
    elif _another(session, found):
        yield Finding(
            "replica", "bad", f"The server at {where} follows another server than that of LMS_DATABASE_URL.",
            "Name in LMS_REPLICA_URL a standby of this one.",
        )  # fmt: skip
    elif state.fault == "migrations":
        yield Finding(
            "replica", "bad", f"The tables at {where} are of {state.revision}, those of this release of {head()}.",
            "It follows by itself after « lms db upgrade » unless it is stopped or late: look at its log.",
        )  # fmt: skip
    elif state.fault == "late":
        late = "late, nobody knows how much" if state.late is None else f"{state.late:.0f} s late"
        yield Finding(
            "replica", "bad", f"The replica at {where} is {late}: reports are read in the database.",
            "Look at pg_stat_wal_receiver there, at its disk and load, and at long queries that hold it back.",
        )  # fmt: skip
    else:
        with found.engine.connect() as connection:
            link = account.encryption(database.driver(connection), "replica", "LMS_REPLICA_URL")
        if link.state != "ok":
            yield link
        yield Finding("replica", "ok", f"Reports are read at {where}, {state.late:.0f} s late.")


def _another(session: Session, found: Replica) -> bool:
    """Whether both servers say which one they are, and differ."""
    try:
        with session.begin_nested(), found.engine.connect() as there:
            return bool(session.scalar(_WHICH) != there.scalar(_WHICH))
    except DBAPIError:
        return False
