"""The secret key replaced where it serves, in the database and in the folder of keys; what keeps it from being.

First the database, in one transaction; then the files, one after the other. Whatever interrupts it, the old key and the
new one together open everything: done again with both, it ends (ADR 46).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from certificates.sign import keyring, passphrase
from certificates.sign.keyring import KeysError
from lms.config import Config
from lms.models import IssuerDocument, utcnow
from lms.services import secret_key, workers


@dataclass(frozen=True)
class Replaced:
    """How many secrets and files were sealed again, how many sessions ended; what is still under another key."""

    secrets: int
    files: int
    sessions: int
    left: list[str]


def problems(session: Session, config: Config, old: str, new: str) -> Iterator[str]:
    """What none of these keys opens and what cannot be written, each with what to do; reads alone."""
    for what in secret_key.closed(session, old, new):
        yield f"LMS_SECRET_KEY does not open {what}."
    if not has_keys(config):
        if session.scalars(select(func.count()).select_from(IssuerDocument)).one():
            yield (
                f"The keys of certificates are not in {config.keys} (LMS_KEYS_DIR). Run this where the worker runs, or "
                "on a copy of that folder which you then put there."
            )
        return
    if (obstacle := passphrase.obstacle(config.keys)) is not None:
        yield f"{obstacle} Run this as the user of the workers, or on a copy of that folder which you then put there."
        return
    try:
        for name in passphrase.closed(config.keys, old.encode(), new.encode()):
            yield (
                f"LMS_SECRET_KEY does not open {config.keys / name}. Put back that file from the last copy; if nothing "
                "needs it, move it away."
            )
    except KeysError as error:
        yield f"The keys of certificates cannot be read: {error}."


def at_work(session: Session) -> int:
    """How many workers live, as far as the database knows: one that was killed counts for a while."""
    return workers.life(session, utcnow()).alive


def others(session: Session) -> int:
    """How many other connections PostgreSQL has to this database: of web processes, maybe. None are told by SQLite."""
    if session.connection().dialect.name != "postgresql":
        return 0
    query = text(
        "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend'"
    )
    return int(session.scalars(query).one())


def carry_out(session: Session, config: Config, old: str, new: str) -> Replaced:
    """Put everything under the new key; commits. Raises ``KeysError`` where the database is, and files are not all."""
    done = secret_key.replace(session, old, new)
    session.commit()
    files, left = 0, list(secret_key.closed(session, new))
    if has_keys(config):
        files = passphrase.replace(config.keys, old.encode(), new.encode())
        left += passphrase.closed(config.keys, new.encode())
    return Replaced(done.sealed, files, done.sessions, left)


def has_keys(config: Config) -> bool:
    """Whether the keys of certificates are here."""
    return (config.keys / keyring.INDEX).exists()
