"""The passphrase of a directory of keys, replaced: each file is written anew beside, then takes its name.

Whatever interrupts it leaves every file whole, under the one passphrase or the other; done again, it ends.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from certificates.sign import keyring
from certificates.sign.generate import PrivateKey
from certificates.sign.keyring import KeysError, Ring


def closed(directory: Path, *passphrases: bytes) -> list[str]:
    """The files of keys that none of these passphrases opens, by name. Raises :class:`KeysError`."""
    try:
        return [path.name for path in _files(directory) if _opened(path, passphrases) is None]
    except OSError as error:
        raise KeysError(f"cannot read {error.filename or directory}: {error.strerror}") from error


def obstacle(directory: Path) -> str | None:
    """Why the files of that directory cannot be replaced by this process, in a sentence; None where they can be."""
    owner = (directory / keyring.INDEX).stat().st_uid
    if owner != os.geteuid():  # files are written anew, and would be ours
        return f"The files of {directory} are those of uid {owner}, and this runs as uid {os.geteuid()}."
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return f"{directory} cannot be written."
    return None


def put_aside(directory: Path) -> list[str]:
    """Files of keys that a restored backup took the place of: they are left under the passphrase they had."""
    return sorted(path.name for path in directory.glob(".replaced-*.pem"))


def replace(directory: Path, old: bytes, new: bytes) -> int:
    """Encrypt under ``new`` every key that is under ``old``; gives how many were. Raises :class:`KeysError`.

    The index is written again as it is, so that processes that have the keys open look at them anew.
    """
    done = 0

    def rewritten(ring: Ring) -> Ring:
        nonlocal done
        for left in directory.glob(".new-*"):  # of a process that was killed: whoever writes holds the lock we have
            left.unlink()
        for path in _files(directory):
            if _opened(path, (new,)) is not None:
                continue
            key = _opened(path, (old,))
            if key is None:
                raise KeysError(f"neither passphrase opens {path.name}")
            sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(new))
            keyring.write(path, sealed)
            done += 1
        return ring

    keyring.change(directory, rewritten)
    return done


def _files(directory: Path) -> Iterator[Path]:
    """The files of keys in use, those of roots too."""
    return (path for path in sorted(directory.glob("*.pem")) if not path.name.startswith("."))


def _opened(path: Path, passphrases: tuple[bytes, ...]) -> PrivateKey | None:
    """The key in a file; None where no passphrase opens it."""
    sealed = path.read_bytes()
    for passphrase in passphrases:
        try:
            key = load_pem_private_key(sealed, passphrase)
        except (ValueError, TypeError):  # another passphrase; no key; one that is not encrypted
            continue
        if isinstance(key, PrivateKey):
            return key
    return None
