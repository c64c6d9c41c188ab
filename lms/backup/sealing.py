"""The envelope of a backup: a passphrase makes its key, and chunks follow one another under it.

A header (what it is, its version, the cost of the key, a salt), a MAC of the header, then chunks of 64 KiB in
AES-256-GCM. The nonce of a chunk is its number and whether it is the last (the STREAM construction: Hoang,
Reyhanitabar, Rogaway, Vizár, « Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance », 2015): one that
is altered, moved, left out or added, and an end that is missing, are each refused. The key is made with scrypt
(RFC 7914) from a salt of the file's own, so that no key serves two files.
"""

import hmac
import os
import struct
from hashlib import scrypt, sha256
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lms.backup import BackupError

MAGIC = b"lms-backup\n"
VERSION = 1
#: Bytes of a chunk before it is encrypted, and those that encryption adds.
CHUNK, TAG = 64 * 1024, 16
#: Characters that a passphrase has at least: it is read from a file, so that nobody need remember it.
SHORTEST = 16
#: The cost of a key as a power of two (128 MiB for a moment, as OWASP asks), and those that are accepted of a file.
COST = 17
_COSTS = range(10, 20)
_BLOCK, _LANES = 8, 1
_HEADER = struct.Struct(f">{len(MAGIC)}sBBBB16s")
_MAC = 32


class Sealer:
    """Encrypts what is written to it into ``file``; nothing is readable before ``close``."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        header = _HEADER.pack(MAGIC, VERSION, COST, _BLOCK, _LANES, os.urandom(16))
        key, mac = _keys(passphrase, header)
        self._file, self._aes, self._header = file, AESGCM(key), header
        self._number, self._held = 0, bytearray()
        file.write(header + mac)

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self._held += data
        while len(self._held) > CHUNK:  # the last chunk is never empty, unless all is
            self._put(bytes(self._held[:CHUNK]), last=False)
            del self._held[:CHUNK]

    def close(self) -> None:
        """Write the last chunk, which says it is. The file stays open."""
        self._put(bytes(self._held), last=True)

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._aes.encrypt(_nonce(self._number, last=last), plain, self._header))
        self._number += 1


class Opener:
    """Decrypts ``file``, chunk by chunk. Raises ``BackupError`` for one that cannot be, at the start or later."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        header, mac = file.read(_HEADER.size), file.read(_MAC)
        if header[: len(MAGIC)] != MAGIC:
            raise BackupError("This file is no backup of this service. Name a file that lms backup made.")
        if len(header) < _HEADER.size or len(mac) < _MAC:
            raise BackupError("This backup is cut: hardly anything of it is there. Use another copy of it.")
        _magic, version, cost, block, lanes, _salt = _HEADER.unpack(header)
        if version != VERSION:
            raise BackupError(
                f"This backup is of a later form ({version}). Use the release that made it, or a later one."
            )
        if cost not in _COSTS or (block, lanes) != (_BLOCK, _LANES):
            raise BackupError("The beginning of this backup is damaged. Use another copy of it.")
        key, expected = _keys(passphrase, header)
        if not hmac.compare_digest(mac, expected):
            raise BackupError(
                "This passphrase does not open this backup, or its beginning is damaged. Use the passphrase that it "
                "was made with; if it is that one, use another copy of the file."
            )
        self._file, self._aes, self._header = file, AESGCM(key), header
        self._number = 0
        self._next = file.read(CHUNK + TAG)

    def chunk(self) -> bytes | None:
        """The next chunk; None after the last."""
        sealed, self._next = self._next, self._file.read(CHUNK + TAG)
        if not sealed and self._number:
            return None
        last = not self._next
        try:
            plain = self._aes.decrypt(_nonce(self._number, last=last), sealed, self._header)
        except (InvalidTag, ValueError) as error:
            raise BackupError(self._fault(sealed, last=last)) from error
        self._number += 1
        return plain

    def _fault(self, sealed: bytes, *, last: bool) -> str:
        place = f"after {self._number * CHUNK:,} bytes".replace(",", " ")
        cut = len(sealed) < CHUNK + TAG
        if last and not cut:  # whole, and not the last it once had
            try:
                self._aes.decrypt(_nonce(self._number, last=False), sealed, self._header)
                cut = True
            except InvalidTag:
                pass
        what = f"altered {place}, or its end is missing" if cut else f"altered {place}"
        return (
            f"This backup is damaged: it is {what}. Nothing of it can be trusted: use another copy, or another backup."
        )


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _keys(passphrase: str, header: bytes) -> tuple[bytes, bytes]:
    """The key of the chunks, and the MAC of the header."""
    cost, salt = header[len(MAGIC) + 1], header[-16:]
    made = scrypt(
        passphrase.encode(), salt=salt, n=1 << cost, r=_BLOCK, p=_LANES, maxmem=(1 << cost) * _BLOCK * 256, dklen=64
    )
    return made[:32], hmac.digest(made[32:], header, sha256)
