"""A credential baked in a picture, and taken out again: no byte of the picture is drawn, nor believed.

Source: Open Badges 3.0, section 5.3 (baking): one iTXt chunk ``openbadgecredential`` in a PNG, one element
``openbadges:credential`` in an SVG. ISO/IEC 15948 for the chunks of a PNG.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element, ParseError  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

PNG_KEYWORD = "openbadgecredential"
PNG_START = b"\x89PNG\r\n\x1a\n"
SVG = "http://www.w3.org/2000/svg"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"


class NotBaked(ValueError):
    """No credential can be taken out. ``reason``: ``format``, ``damaged``, ``large``, ``several`` or ``no_credential``.

    ``several`` is a picture that says two things: which one a reader believes would be chance.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not baked: {reason}")
        self.reason = reason


def taken_out(data: bytes, form: Literal["png", "svg"], limit: int) -> bytes:
    """The credential (JSON or JWT) baked in a PNG or an SVG, of ``limit`` bytes at most. Raises :class:`NotBaked`."""
    credential = _from_png(data, limit) if form == "png" else _from_svg(data)
    if not credential.strip():
        raise NotBaked("no_credential")
    if len(credential) > limit:
        raise NotBaked("large")
    return credential.strip()


def _from_png(data: bytes, limit: int) -> bytes:
    mark = PNG_KEYWORD.encode() + b"\0"
    found = [body for kind, body in _chunks(data) if kind == b"iTXt" and body.startswith(mark)]
    if len(found) != 1:
        raise NotBaked("several" if found else "no_credential")
    flags, rest = found[0][len(mark) : len(mark) + 2], found[0][len(mark) + 2 :]
    _language, _, rest = rest.partition(b"\0")
    _translated, _, text = rest.partition(b"\0")
    if flags == b"\0\0":
        return text
    if flags != b"\1\0":
        raise NotBaked("damaged")
    # The specification asks for no compression, but a picture saved again may have gained some.
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(text, limit + 1)
    except zlib.error as error:
        raise NotBaked("damaged") from error
    if len(inflated) <= limit and not inflater.eof:
        raise NotBaked("damaged")
    return inflated


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, to its very end. Raises :class:`NotBaked` where they do not hold."""
    place, kind = len(PNG_START), b""
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise NotBaked("damaged")
        yield kind, data[place + 8 : end - 4]
        place = end
    if place != len(data) or kind != b"IEND":
        raise NotBaked("damaged")


def _from_svg(data: bytes) -> bytes:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise NotBaked("damaged") from error
    if root.tag != f"{{{SVG}}}svg":
        raise NotBaked("format")
    found = list(root.iter(f"{{{NAMESPACE}}}credential"))
    if len(found) != 1:
        raise NotBaked("several" if found else "no_credential")
    token, text = found[0].get("verify", ""), (found[0].text or "").strip()
    if len(found[0]) or (token and text):
        raise NotBaked("several")
    return (token or text).encode()
