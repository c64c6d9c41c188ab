"""The files of a backup: the secret key where the service made it, exports that wait for their owner, signing keys."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from lms.backup import BackupError
from lms.backup.parts import PIECE, Part, PartsWriter
from lms.backup.unfinished import unfinished
from lms.config import Config
from lms.whole_files import fill, on_disk

MADE_KEY = "secret"
EXPORTS, KEYS = "exports/", "keys/"


def secret_file(config: Config) -> Path | None:
    """The file of the secret key in force, where the service made it; None where the settings give another."""
    path = config.data_dir / "secret"
    try:
        return path if path.read_text("ascii").strip() == config.secret_key else None
    except (OSError, ValueError):
        return None


def write(writer: PartsWriter, config: Config, *, with_keys: bool) -> None:
    """Add the files to a backup. One that is taken away meanwhile is left out: the database knows it may be."""
    secret = secret_file(config)
    if secret is not None:
        _add(writer, MADE_KEY, secret)
    for path in _inside(config.exports):
        _add(writer, EXPORTS + path.name, path)
    if with_keys:
        # The index last to be written is read first: every key that it names was there before it.
        for path in sorted(_inside(config.keys), key=lambda path: (path.suffix != ".json", path.name)):
            _add(writer, KEYS + path.name, path)


def _add(writer: PartsWriter, name: str, path: Path) -> None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        mode = os.fstat(file.fileno()).st_mode & 0o777
        writer.add(name, iter(lambda: file.read(PIECE), b""), mode=mode)


def _inside(folder: Path) -> list[Path]:
    """The files of a folder that are whole."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _wanted(path.name) and path.is_file())


def _wanted(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(".part")


class FilesTarget:
    """Where files come back: each beside its place until ``settle``."""

    def __init__(self, config: Config, *, replace: bool) -> None:
        self._config, self._replace = config, replace
        self._waiting: list[tuple[Path, Path]] = []
        self._folders: dict[str, Path] = {}
        self._rooms = ExitStack()

    def takes(self, name: str) -> bool:
        """Whether a part belongs here."""
        return name == MADE_KEY or name.startswith((EXPORTS, KEYS))

    def put(self, part: Part, pieces: Iterator[bytes]) -> None:
        """Take a file in. Raises ``BackupError`` where another one is there that must not be lost."""
        room, _slash, name = part.name.rpartition("/")
        folders = {"": self._config.data_dir, "exports": self._config.exports, "keys": self._config.keys}
        if room not in folders or not name or not _wanted(name):
            raise BackupError(f"The name {part.name} in this backup is no name of a file of ours. Use another backup.")
        place = folders[room] / name
        if room == "keys" and not self._replace and place.exists():
            raise BackupError(
                f"There are signing keys in {place.parent}. Name another folder in LMS_KEYS_DIR, or add --replace: "
                "those that are there are then put aside."
            )
        beside = self._beside(room, place.parent) / name
        fill(beside, pieces, part.about["mode"])
        self._waiting.append((beside, place))

    def settle(self) -> None:
        """Put every file in its place; a key that was there and is another one is kept beside under another name.

        Raises ``OSError``.
        """
        now = datetime.now(UTC)
        for beside, place in self._waiting:
            kept = place.parent != self._config.exports and place.is_file()
            if kept and place.read_bytes() != beside.read_bytes():
                place.rename(place.with_name(f".replaced-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}-{place.name}"))
            beside.replace(place)
        for folder in {place.parent for _beside, place in self._waiting}:
            on_disk(folder)

    def close(self) -> None:
        """Leave nothing behind."""
        self._rooms.close()

    def _beside(self, room: str, folder: Path) -> Path:
        if room not in self._folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folders[room] = self._rooms.enter_context(unfinished(folder))
        return self._folders[room]
