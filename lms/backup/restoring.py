"""Restores a backup: everything is brought beside its place and looked at, then put there; or nothing is changed."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import Error as SqliteError
from typing import Any

import psycopg
import sqlalchemy as sa

from lms.backup import BackupError
from lms.backup.files import FilesTarget, secret_file
from lms.backup.making import Held, cause, fingerprint
from lms.backup.parts import PartsReader
from lms.backup.postgresql import PostgresqlTarget
from lms.backup.sealing import Opener
from lms.backup.sqlite import SqliteTarget
from lms.backup.unfinished import to_the_end
from lms.config import Config
from lms.migrations.head import is_later, revision_of
from lms.owner import AccountsRefused

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def restore(
    config: Config, path: Path, passphrase: str, *, replace: bool = False, told: Callable[[], None] = lambda: None
) -> Held:
    """Restore the backup at ``path`` where the settings say, and bring it to this release. Gives what it held.

    What is there already is lost only with ``replace``. Raises ``BackupError``: everything is then as it was, unless it
    says otherwise.
    """
    try:
        with path.open("rb") as file:
            reader = PartsReader(Opener(file, passphrase))
            _suited(config, reader.opening)
            with (
                closing(FilesTarget(config, replace=replace)) as files,
                closing(_database(config, reader, replace)) as db,
            ):
                for part, pieces in reader.parts():
                    told()
                    target = next((each for each in (db, files) if each.takes(part.name)), None)
                    if target is None:
                        raise BackupError(f"This backup holds {part.name}, unknown to this release. Use a later one.")
                    target.put(part, pieces)
                db.check()
                with to_the_end():
                    db.settle()
                    _settle(files)
    except FileNotFoundError as error:
        raise BackupError(f"{error.filename or path} cannot be read: {cause(error)}.") from error
    except OSError as error:
        raise BackupError(
            f"The backup could not be restored: {cause(error)}. Make room, see who may write there, then try again."
        ) from error
    except AccountsRefused as error:
        raise BackupError(f"{error} Nothing was changed.") from error
    except (SqliteError, psycopg.Error, sa.exc.DBAPIError) as error:
        where = "LMS_OWNER_DATABASE_URL" if config.owner else "LMS_DATABASE_URL"
        raise BackupError(
            f"The database refused what the backup holds: {cause(error)}. Nothing was changed. Check {where}."
        ) from error
    return Held(reader.opening, reader.seen)


def _settle(files: FilesTarget) -> None:
    try:
        files.settle()
    except OSError as error:
        raise BackupError(
            f"The database is restored; a file is not: {cause(error)}. See who may write in LMS_DATA_DIR and "
            "LMS_KEYS_DIR, then restore again with --replace."
        ) from error


def _database(config: Config, reader: PartsReader, replace: bool) -> SqliteTarget | PostgresqlTarget:
    if reader.opening["database"] == "sqlite":
        return SqliteTarget(config.database, reader.opening, replace=replace)
    return PostgresqlTarget(config, reader.opening, replace=replace)


def _suited(config: Config, opening: dict[str, Any]) -> None:
    """See, before anything is touched, that this backup can come back here."""
    made, here = opening["database"], sa.make_url(config.database).get_backend_name()
    if made != here:
        raise BackupError(
            f"This backup is of a {_NAMES[made]} database, and LMS_DATABASE_URL names a {_NAMES[here]} one. "
            f"Restore it in {_NAMES[made]}."
        )
    if is_later(opening["revision"]):
        raise BackupError(
            f"This backup was made by a later release ({opening['release']}). Install that one, or a later one."
        )
    if is_later(_revision_here(config)):
        raise BackupError(
            "The tables here are of a later release, and this one does not know them all. Install that release, or "
            "name an empty database."
        )
    if opening["secret"] == fingerprint(config.secret_key):
        return
    if not opening["holds_secret"]:
        raise BackupError(
            "LMS_SECRET_KEY is not the one this backup was made under, and it is not in the backup: nothing that it "
            "encrypts could be read. Give the service the LMS_SECRET_KEY it had."
        )
    if secret_file(config) is None:
        raise BackupError(
            "LMS_SECRET_KEY is not the one of this backup, which holds its own. Remove it from the settings."
        )


def _revision_here(config: Config) -> str | None:
    """The revision of the database of the settings; None where there is none, or none that can be read."""
    engine = sa.create_engine(config.owner or config.database, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
        return None  # asking would make the file
    try:
        with engine.connect() as connection:
            return revision_of(connection)
    except sa.exc.DatabaseError:  # away, or damaged: who takes the backup in says so
        return None
