"""A SQLite database in a backup: the file itself, copied in one state by SQLite's online backup.

Whoever writes goes on meanwhile: the copy reads one snapshot of the write-ahead log (https://sqlite.org/backup.html).
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from lms.backup import BackupError
from lms.backup.parts import PIECE, Part, PartsWriter
from lms.backup.unfinished import unfinished
from lms.schema import migrate, tables_may_be_rewritten
from lms.whole_files import on_disk

NAME = "database"
#: Pages copied between two signs of life.
_STEP = 4096
#: How long another process is waited for, in seconds.
_PATIENCE = 5.0


class SqliteSource:
    """One state of the database of ``url``, in a copy beside it that lasts as long as the block."""

    def __init__(self, copy: Path, mode: int) -> None:
        self._copy, self._mode = copy, mode
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # all of it in the one file
            self.revision = _revision(connection)
            self._counts = _counts(connection)

    def opening(self) -> dict[str, Any]:
        """What a backup says of it first."""
        return {"database": "sqlite", "revision": self.revision, "counts": self._counts}

    @classmethod
    @contextmanager
    def of(cls, url: str, told: Callable[[], None]) -> Iterator["SqliteSource"]:
        """Take the copy, where the database is: it leaves the disk it is on in no other form than encrypted."""
        path = _path(url)
        if not path.is_file():
            raise BackupError(f"There is no database at {path}. Check LMS_DATABASE_URL and LMS_DATA_DIR.")
        with unfinished(path.parent) as folder:
            copy = folder / path.name
            with closing(sqlite3.connect(f"file:{_quoted(path)}?mode=rw", uri=True, isolation_level=None)) as source:
                source.execute("BEGIN")
                source.execute("select count(*) from sqlite_master").fetchone()  # from here on, this state
                with closing(sqlite3.connect(copy)) as target:
                    source.backup(target, pages=_STEP, progress=lambda *_left: told())
            yield cls(copy, path.stat().st_mode & 0o777)

    def write(self, writer: PartsWriter) -> None:
        """Add the database to a backup."""
        writer.add(NAME, _pieces(self._copy), mode=self._mode)


class SqliteTarget:
    """Where a database comes back: a new file beside, which takes the place of the old one at ``settle``."""

    def __init__(self, url: str, opening: Mapping[str, Any], *, replace: bool) -> None:
        self._path, self._opening, self._mode = _path(url), opening, 0o600
        if not replace and not _empty(self._path):
            raise BackupError(
                f"{self._path} is not empty. Name another database, or add --replace: what it holds is then gone."
            )
        _alone(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rooms = ExitStack()
        self._new = self._rooms.enter_context(unfinished(self._path.parent)) / self._path.name

    def takes(self, name: str) -> bool:
        """Whether a part belongs here."""
        return name == NAME

    def put(self, part: Part, pieces: Iterator[bytes]) -> None:
        """Take the part in."""
        self._mode = part.about["mode"]
        with self._new.open("wb") as file:
            for piece in pieces:
                file.write(piece)

    def check(self) -> None:
        """See that all is there and bring it to this release. Raises ``BackupError``."""
        if not self._new.exists():
            raise BackupError("This backup holds no database. Use another one.")
        with closing(sqlite3.connect(self._new)) as connection:
            fault = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if fault != "ok":
                raise BackupError(f"The database in this backup is damaged ({fault}). Use another backup.")
            if _counts(connection) != self._opening["counts"]:
                raise BackupError("Rows are missing from this backup. Use another one, and report this one.")
        engine = sa.create_engine(f"sqlite:///{self._new}", poolclass=sa.NullPool)
        with engine.connect() as migrated, tables_may_be_rewritten(migrated):
            migrate(migrated)
            migrated.commit()
        with closing(sqlite3.connect(self._new)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            for table, *_rest in connection.execute("PRAGMA foreign_key_check"):
                raise BackupError(f"Rows of {table} refer to others that are not there. Use another backup.")

    def settle(self) -> None:
        """Let the new file be the database."""
        with self._new.open("rb+") as file:
            os.fsync(file.fileno())
        self._new.chmod(self._path.stat().st_mode & 0o777 if self._path.exists() else self._mode)
        _alone(self._path)
        for suffix in ("-wal", "-shm"):  # of a file that could not be read: they must not be taken for the new one's
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._new.replace(self._path)
        on_disk(self._path.parent)

    def close(self) -> None:
        """Leave nothing behind."""
        self._rooms.close()


def _path(url: str) -> Path:
    name = sa.make_url(url).database
    if not name or name == ":memory:":
        raise BackupError("A database in memory cannot be kept. Name a file in LMS_DATABASE_URL, or leave it empty.")
    return Path(name).absolute()


def _quoted(path: Path) -> str:
    return path.as_uri().removeprefix("file://")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _revision(connection: sqlite3.Connection) -> str:
    try:
        row = connection.execute("select version_num from alembic_version").fetchone()
    except sqlite3.OperationalError:
        row = None
    if row is None:
        raise BackupError(
            "The database has no table of this service. Check LMS_DATABASE_URL, then run: lms db upgrade."
        )
    return str(row[0])


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Table → number of its rows."""
    named = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"
    names = [name for (name,) in connection.execute(named)]
    return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}  # nosec B608 # noqa: S608 - names of our tables


def _empty(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return True
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("select count(*) from sqlite_master").fetchone() == (0,))
    except sqlite3.DatabaseError:  # it may be what is to be replaced, and no reason to lose it unasked
        return False


def _alone(path: Path) -> None:
    """See that nobody has the database open: leaving the write-ahead log is granted to the last one only."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise BackupError(f"{path} is in use ({error}). Stop the web processes and workers, then try again.") from error
    except sqlite3.DatabaseError:  # damaged: nobody works with it
        return
