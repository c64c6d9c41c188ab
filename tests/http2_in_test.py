"""HTTP/2 as nobody's library writes it (RFC 9113): header fields and lengths that are not to be."""

import ssl
import struct
from contextlib import suppress

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _END_HEADERS = 1, 4
_STREAM = 1


def spoken(line: ssl.SSLSocket, fields: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes | None:
    """The body that answers a request of those fields and that body; none where its stream or connection ends first."""
    request = _frame(_HEADERS, _END_HEADERS | (0 if body else _END_STREAM), _literal(fields))
    if body:
        request += _frame(_DATA, _END_STREAM, body)
    with line, line.makefile("rb") as come, suppress(ConnectionError, ssl.SSLError):
        line.sendall(_PREFACE + _frame(_SETTINGS, 0, b"", stream=0) + request)
        answered = b""
        while head := come.read(9):
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            content = come.read(length)
            if kind in (_RESET, _GOAWAY):
                return None
            if kind == _DATA:
                answered += content
            if kind in (_HEADERS, _DATA) and flags & _END_STREAM:
                return answered
    return None


def _frame(kind: int, flags: int, content: bytes, stream: int = _STREAM) -> bytes:
    return len(content).to_bytes(3, "big") + struct.pack(">BBL", kind, flags, stream) + content


def _literal(fields: list[tuple[bytes, bytes]]) -> bytes:
    """Fields neither indexed nor compressed (RFC 7541, 6.2.2)."""
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in fields)


def _string(text: bytes) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text
