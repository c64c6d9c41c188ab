"""A zip written as it goes, to somewhere that cannot be gone back in: a download, a pipe.

What is small is given whole, with its size before it. What is large comes by pieces, with its size after it (a « data
descriptor »): one entry of each file may be so. Sizes are of 32 bits, which every reader of spreadsheets knows.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

#: What an entry can hold, compressed or not.
LARGEST = 0xFFFF_FFFF
#: Version 2.0 of the format: the same here and there, or LibreOffice takes the file for a broken one.
_VERSION = 20
_STORED, _DEFLATED = 0, 8
_SIZE_AFTER = 0x08
_LOCAL, _AFTER, _CENTRAL, _END = (
    struct.Struct(form) for form in ("<4s5H3L2H", "<4s3L", "<4s6H3L5H2L", "<4s4H2LH")
)  # fmt: skip
#: Bytes of compressed data given at once.
_PIECE = 65_536


class TooLarge(ValueError):
    """An entry passes what the format can say: nothing more of it may be written."""


@dataclass(frozen=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    place: int


class ZipStream:
    """The parts of a zip, in the order asked for. ``end`` comes last; ``level`` is zlib's."""

    def __init__(self, at: datetime, level: int = 1) -> None:
        self._level = level
        self._time = at.hour << 11 | at.minute << 5 | at.second // 2
        self._day = max(at.year - 1980, 0) << 9 | at.month << 5 | at.day
        self._entries: list[_Entry] = []
        self._place = 0

    def whole(self, name: str, data: bytes, *, stored: bool = False) -> bytes:
        """An entry given at once; ``stored``: as it is, for readers that look at the first bytes of the file."""
        packed = data if stored else self._packer_of(data)
        method = _STORED if stored else _DEFLATED
        entry = _Entry(name.encode(), 0, method, zlib.crc32(data), len(packed), len(data), self._place)
        return self._counted(self._local(entry), packed, kept=entry)

    def streamed(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """An entry whose pieces are compressed as they come. Raises ``TooLarge``."""
        place = self._place
        yield self._counted(self._local(_Entry(name.encode(), _SIZE_AFTER, _DEFLATED, 0, 0, 0, place)))
        packer = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS)
        crc = size = packed = 0
        waiting = bytearray()
        for piece in pieces:
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > LARGEST:
                raise TooLarge(name)
            waiting += packer.compress(piece)
            if len(waiting) >= _PIECE:
                packed += len(waiting)
                yield self._counted(bytes(waiting))
                waiting.clear()
        waiting += packer.flush()
        packed += len(waiting)
        entry = _Entry(name.encode(), _SIZE_AFTER, _DEFLATED, crc, packed, size, place)
        yield self._counted(bytes(waiting), _AFTER.pack(b"PK\7\x08", crc, packed, size), kept=entry)

    def end(self) -> bytes:
        """The directory, without which the rest is nothing."""
        lines = [
            _CENTRAL.pack(
                b"PK\1\2", _VERSION, _VERSION, each.flags, each.method, self._time, self._day, each.crc, each.packed,
                each.size, len(each.name), 0, 0, 0, 0, 0, each.place,
            ) + each.name
            for each in self._entries
        ]  # fmt: skip
        directory, count = b"".join(lines), len(lines)
        return directory + _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), self._place, 0)

    def _packer_of(self, data: bytes) -> bytes:
        packer = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(data) + packer.flush()

    def _local(self, entry: _Entry) -> bytes:
        return _LOCAL.pack(
            b"PK\3\4", _VERSION, entry.flags, entry.method, self._time, self._day, entry.crc, entry.packed, entry.size,
            len(entry.name), 0,
        ) + entry.name  # fmt: skip

    def _counted(self, *parts: bytes, kept: _Entry | None = None) -> bytes:
        if kept is not None:
            self._entries.append(kept)
        piece = b"".join(parts)
        self._place += len(piece)
        return piece
