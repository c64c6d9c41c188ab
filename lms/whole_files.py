"""Files that are there whole, or not at all: written under another name, brought to the disk, then renamed."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

#: The permissions of what is no secret.
READABLE = 0o644


@contextmanager
def written(path: Path, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """A file to write, which takes its name, and its permissions, once the block has ended well. Raises ``OSError``."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable by its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    on_disk(path.parent)


def fill(path: Path, pieces: Iterable[bytes], mode: int = 0o600) -> None:
    """Write a whole file. Raises ``OSError``."""
    with written(path, mode) as file:
        for piece in pieces:
            file.write(piece)


def on_disk(folder: Path) -> None:
    """Bring to the disk what names a folder has: a power cut does not take a new one back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
