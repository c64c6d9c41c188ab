"""What is inside a backup: an opening, named parts in order, and a manifest of them; compressed, read as a stream.

A record is a letter, a length and that many bytes: ``O`` the opening, ``P`` a part begins, ``D`` some of it, ``E`` it
ends, ``M`` the manifest. All but ``D`` are JSON. Nothing is held but one record, whatever the size of a part.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lms.backup import BackupError
from lms.backup.sealing import Opener, Sealer

#: Bytes of a part at most in one record.
PIECE = 256 * 1024
#: Of a part that is a table: each line is a row (PostgreSQL, COPY in text).
TABLE = "table/"
_RECORD = struct.Struct(">cI")
#: Bytes that a description takes at most.
_LONGEST = 16 * 1024 * 1024


@dataclass
class Part:
    """A part: its name, what is said of it before it comes; and once it has come, its bytes, rows and SHA-256."""

    name: str
    about: Mapping[str, Any]
    size: int = 0
    rows: int | None = None
    sha256: str = ""
    _digest: Any = field(default_factory=hashlib.sha256, repr=False)

    def __post_init__(self) -> None:
        if self.name.startswith(TABLE):
            self.rows = 0

    def passed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, counted as they pass."""
        for piece in pieces:
            self.size += len(piece)
            if self.rows is not None:
                self.rows += piece.count(b"\n")
            self._digest.update(piece)
            yield piece
        self.sha256 = self._digest.hexdigest()

    def said(self) -> dict[str, Any]:
        """What the manifest says of it."""
        return {"name": self.name, "size": self.size, "rows": self.rows, "sha256": self.sha256}


class PartsWriter:
    """Writes parts into a sealed file."""

    def __init__(self, sealer: Sealer, opening: Mapping[str, Any]) -> None:
        self._sealer, self._packer = sealer, zlib.compressobj(1)
        self.parts: list[dict[str, Any]] = []
        self._describe(b"O", opening)

    def add(self, name: str, pieces: Iterable[bytes], **about: Any) -> Part:
        """Add a part, as it comes."""
        part = Part(name, about)
        self._describe(b"P", {"name": name, "about": about})
        for piece in part.passed(pieces):
            for start in range(0, len(piece), PIECE):
                self._record(b"D", piece[start : start + PIECE])
        self._describe(b"E", part.said())
        self.parts.append(part.said())
        return part

    def close(self) -> None:
        """Write the manifest and the end."""
        self._describe(b"M", {"parts": self.parts})
        self._sealer.write(self._packer.flush())
        self._sealer.close()

    def _describe(self, kind: bytes, value: Mapping[str, Any]) -> None:
        self._record(kind, json.dumps(value).encode())

    def _record(self, kind: bytes, data: bytes) -> None:
        self._sealer.write(self._packer.compress(_RECORD.pack(kind, len(data)) + data))


class PartsReader:
    """Reads the parts of a sealed file, each once and in order. Raises ``BackupError`` where it is not whole."""

    def __init__(self, opener: Opener) -> None:
        self._opener, self._unpacker = opener, zlib.decompressobj()
        self._held = bytearray()
        self._ended: dict[str, Any] = {}
        self.seen: list[dict[str, Any]] = []
        self.opening = self._described(b"O")

    def parts(self) -> Iterator[tuple[Part, Iterator[bytes]]]:
        """Each part and its pieces. At the end, all was as the manifest says."""
        while True:
            kind, value = self._read()
            if kind == b"M":
                break
            if kind != b"P":
                raise _inconsistent()
            said = _object(value)
            name, about = said.get("name"), said.get("about")
            if not isinstance(name, str) or not isinstance(about, dict):
                raise _inconsistent()
            part = Part(name, about)
            pieces = part.passed(self._pieces())
            yield part, pieces
            for _left in pieces:  # whoever did not want it
                pass
            if self._ended != part.said():
                raise _inconsistent()
            self.seen.append(part.said())
        if _object(value).get("parts") != self.seen or self._take(1):
            raise _inconsistent()

    def _pieces(self) -> Iterator[bytes]:
        while True:
            kind, value = self._read()
            if kind == b"E":
                self._ended = _object(value)
                return
            if kind != b"D":
                raise _inconsistent()
            yield value

    def _described(self, wanted: bytes) -> dict[str, Any]:
        kind, value = self._read()
        if kind != wanted:
            raise _inconsistent()
        return _object(value)

    def _read(self) -> tuple[bytes, bytes]:
        head = self._take(_RECORD.size)
        if len(head) < _RECORD.size:
            raise _inconsistent()
        kind, size = _RECORD.unpack(head)
        if size > (PIECE if kind == b"D" else _LONGEST):
            raise _inconsistent()
        value = self._take(size)
        if len(value) < size:
            raise _inconsistent()
        return kind, value

    def _take(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        while len(self._held) < size:
            packed = self._unpacker.unconsumed_tail or self._opener.chunk()
            if packed is None:
                rest = b"" if self._unpacker.eof else self._unpacker.flush()
                if not rest:
                    break
                self._held += rest
                continue
            try:
                self._held += self._unpacker.decompress(packed, PIECE)
            except zlib.error as error:
                raise _inconsistent() from error
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


def _object(value: bytes) -> dict[str, Any]:
    """The JSON object of a record: whoever has the passphrase may have written anything."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise _inconsistent() from error
    if not isinstance(found, dict):
        raise _inconsistent()
    return found


def _inconsistent() -> BackupError:
    return BackupError("What this backup holds is not what it says it holds. Make another one, and report this one.")
