"""The secret key that a service makes for itself where its settings give none: a file of the data directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from lms.config_checks import SHORTEST_SECRET
from lms.whole_files import on_disk


def made_secret(directory: Path) -> str:
    """The key there, made at the first call. Raises ``OSError``, and ``ValueError`` where the file holds none."""
    path = directory / "secret"
    if not path.exists():
        # Written whole under another name first: a second process starting now must not read half of it, nor a power
        # cut leave the name without the key.
        with NamedTemporaryFile("w", dir=directory, prefix="secret-") as file:  # readable by its owner alone
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
        on_disk(directory)
    key = path.read_text("ascii", errors="replace").strip()
    if len(key) < SHORTEST_SECRET or not (key.isascii() and key.isprintable()):
        raise ValueError(
            f"{path} must hold the secret key that the service made, and has no {SHORTEST_SECRET} characters that can "
            "be read. Put back the file there was, from a copy of the folder; where nothing is encrypted yet, or to "
            "restore a backup that holds the key, remove the file: another is made."
        )
    return key
