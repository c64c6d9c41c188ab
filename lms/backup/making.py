"""Makes a backup, and reads one again without restoring it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from sqlite3 import Error as SqliteError
from typing import Any

import psycopg
import sqlalchemy as sa

from lms.backup import BackupError, files
from lms.backup.parts import PartsReader, PartsWriter
from lms.backup.postgresql import PostgresqlSource
from lms.backup.sealing import SHORTEST, Opener, Sealer
from lms.backup.sqlite import SqliteSource
from lms.backup.unfinished import unfinished
from lms.config import Config
from lms.models.secrets import derived_key
from lms.whole_files import on_disk, written


@dataclass(frozen=True)
class Held:
    """What a backup holds: what it says of itself first, and each of its parts."""

    opening: Mapping[str, Any]
    parts: list[dict[str, Any]]

    @property
    def tables(self) -> int:
        return len(self.opening.get("counts") or self.opening["tables"])

    @property
    def rows(self) -> int:
        counted = self.opening.get("counts")
        return sum(counted.values()) if counted else sum(part["rows"] or 0 for part in self.parts)

    @property
    def files(self) -> int:
        """Files of the data directory, keys apart."""
        return sum(part["name"] == files.MADE_KEY or part["name"].startswith(files.EXPORTS) for part in self.parts)

    @property
    def keys(self) -> int:
        return sum(part["name"].startswith(files.KEYS) for part in self.parts)


def read_passphrase(path: Path) -> str:
    """The passphrase in a file: its first line. Raises ``BackupError``."""
    if path == Path():
        raise BackupError(
            "A backup is encrypted: name a file that holds its passphrase, with --passphrase-file or in "
            "LMS_BACKUP_PASSPHRASE_FILE. To make one: (umask 077; openssl rand -base64 33 > FILE)."
        )
    try:
        line = path.read_text("utf-8").split("\n", 1)[0].strip()
    except (OSError, ValueError) as error:
        raise BackupError(f"The passphrase cannot be read in {path}: {cause(error)}.") from error
    if len(line) < SHORTEST:
        raise BackupError(f"The passphrase in {path} has fewer than {SHORTEST} characters. Make a longer one.")
    return line


def make(
    config: Config, path: Path, passphrase: str, *, with_keys: bool = False, told: Callable[[], None] = lambda: None
) -> Held:
    """Write a backup of the service at ``path``, whole or not at all. ``told`` is called as it goes on.

    Raises ``BackupError``.
    """
    if path.exists():
        raise BackupError(f"{path} is there already. Name another file: a backup takes the place of no other.")
    postgresql = sa.make_url(config.database).get_backend_name() == "postgresql"
    source = PostgresqlSource.of if postgresql else SqliteSource.of
    try:
        with source(config.database, told) as database, unfinished(path.parent) as room:
            with written(room / path.name) as file:
                opening = {**_opening(config, with_keys=with_keys), **database.opening()}
                writer = PartsWriter(Sealer(file, passphrase), opening)
                database.write(writer)
                files.write(writer, config, with_keys=with_keys)
                writer.close()
            (room / path.name).replace(path)
            on_disk(path.parent)
    except OSError as error:
        raise BackupError(
            f"The backup could not be written: {cause(error)}. Nothing is left of it; make room or name another "
            "folder, then try again."
        ) from error
    except (SqliteError, psycopg.Error, sa.exc.DBAPIError) as error:
        raise BackupError(f"The database could not be read: {cause(error)}. Check LMS_DATABASE_URL.") from error
    return Held(opening, writer.parts)


def look(path: Path, passphrase: str) -> Held:
    """Read a whole backup and see that it is as it was made. Raises ``BackupError``."""
    try:
        with path.open("rb") as file:
            reader = PartsReader(Opener(file, passphrase))
            for _part in reader.parts():
                pass
            return Held(reader.opening, reader.seen)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {cause(error)}.") from error


def fingerprint(secret: str) -> str:
    """What tells a secret key from another one, and nothing else of it."""
    return derived_key(secret, "backup fingerprint").hex()


def _opening(config: Config, *, with_keys: bool) -> dict[str, Any]:
    return {
        "release": version("manager-public-ia"), "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "base_url": config.base_url, "secret": fingerprint(config.secret_key),
        "holds_secret": files.secret_file(config) is not None, "holds_keys": with_keys,
    }  # fmt: skip


def cause(error: Exception) -> str:
    """Why, without what was being written: the database's own words may quote a row."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    original = getattr(error, "orig", None) or error
    diagnosed = getattr(getattr(original, "diag", None), "message_primary", None)
    return str(diagnosed or original).strip().rstrip(".")
