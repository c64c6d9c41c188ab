"""Opens files that strangers wrote: text, XML and archives, within bounds, or ``NotReadable`` says why."""

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, ParseError  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from curricula.exchange.model import NotReadable
from curricula.problems import N_

#: Largest file taken, and largest content of an archive once unpacked, in bytes.
LIMIT, UNPACKED = 50_000_000, 200_000_000
#: Most files of an archive, and how many times smaller than its content a large one may be.
FILES, RATIO = 10_000, 200
#: How deep elements of XML may be.
DEPTH = 100
#: What reading a damaged archive raises: names, sizes and places that are wrong, contents that do not unpack.
_DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    OSError, ValueError, OverflowError,
)  # fmt: skip
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def text(content: bytes) -> str:
    """A file as text: UTF-8, or UTF-16 with its mark; every end of line is « \\n »."""
    _bounded(content)
    encoding = next((name for mark, name in _BOMS.items() if content.startswith(mark)), "utf-8")
    try:
        said = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotReadable(
            N_("The file is not UTF-8 text. Save it again as UTF-8."), content[: error.start].count(b"\n") + 1
        ) from error
    if "\x00" in said:
        raise NotReadable(N_("This is not a text file."), said[: said.index("\x00")].count("\n") + 1)
    return said.replace("\r\n", "\n").replace("\r", "\n")


class Node(Element):
    """An element of XML without namespace, which knows its line."""

    line: int = 0


def xml(content: bytes) -> Node:
    """The root of a document. No DTD, entity or outside reference is taken."""
    _bounded(content)
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser.parser
    try:
        parser.feed(content)
        root: Node = parser.close()
    except DefusedXmlException as error:
        raise NotReadable(N_("The file declares entities or a document type, which are not taken."), 1) from error
    except ParseError as error:
        line, column = error.position
        raise NotReadable(
            N_("This is not XML: the syntax is wrong at column %(column)s."), line, column=str(column)
        ) from error
    except NotReadable:
        raise
    except (UnicodeError, LookupError, ValueError) as error:
        raise NotReadable(N_("The encoding of this XML file is not what it declares.")) from error
    return root


class _Builder:
    """Builds elements by local name, each with its line: what a parser of ``xml.etree`` calls its target."""

    parser: Any = None

    def __init__(self) -> None:
        self._root: Node | None = None
        self._open: list[Node] = []
        #: Of the text since the last tag: a text comes in many pieces.
        self._pieces: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens; names are « {namespace}local »."""
        self._end_text()
        line = self.parser.CurrentLineNumber
        if len(self._open) >= DEPTH:
            raise NotReadable(N_("Elements are nested too deep."), line)
        node = Node(_local(tag), {_local(name): value for name, value in attributes.items()})
        node.line = line
        if self._open:
            self._open[-1].append(node)
        else:
            self._root = node
        self._open.append(node)

    def end(self, tag: str) -> None:
        """An element closes."""
        del tag
        self._end_text()
        self._open.pop()

    def data(self, said: str) -> None:
        """A piece of text."""
        self._pieces.append(said)

    def close(self) -> Node:
        """The root of a document that ended well."""
        assert self._root is not None
        return self._root

    def _end_text(self) -> None:
        """Put the text where ``Element`` keeps it: inside, or after the last child."""
        if not self._pieces:
            return
        node, said = self._open[-1], "".join(self._pieces)
        if len(node):
            node[-1].tail = said
        else:
            node.text = said
        self._pieces = []


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def archive(content: bytes, most: int | None = None) -> dict[str, bytes]:
    """The files of a ZIP archive by path, ``/`` between folders, ``most`` bytes in all. Nothing is written anywhere."""
    _bounded(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return dict(_unpacked(packed, UNPACKED if most is None else most))
    except NotReadable:
        raise
    except _DAMAGED as error:
        raise NotReadable(N_("This is not a ZIP archive, or it is damaged.")) from error
    except RuntimeError as error:  # what zipfile says of a password
        raise NotReadable(N_("The archive is protected by a password.")) from error


def _unpacked(packed: zipfile.ZipFile, most: int) -> Iterator[tuple[str, bytes]]:
    files = [each for each in packed.infolist() if not each.filename.endswith("/")]
    if len(files) > FILES:
        raise NotReadable(N_("The archive holds more than %(most)s files."), most=str(FILES))
    total, seen = 0, set[str]()
    for each in files:
        name = _safe_name(each)
        if name.casefold() in seen:
            raise NotReadable(N_("The archive holds « %(name)s » twice."), name=name)
        seen.add(name.casefold())
        with packed.open(each) as opened:
            said = opened.read(most - total + 1)  # what the archive says of its sizes is not believed
        total += len(said)
        if total > most or len(said) > max(1_000_000, each.compress_size * RATIO):
            raise NotReadable(N_("The archive unpacks to far more than it should: it is refused."))
        yield name, said


def _safe_name(entry: zipfile.ZipInfo) -> str:
    path = PurePosixPath(entry.filename)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        raise NotReadable(N_("The archive holds « %(name)s », which leads out of it."), name=entry.filename[:100])
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise NotReadable(N_("The archive holds a symbolic link: « %(name)s »."), name=entry.filename[:100])
    return path.as_posix()


def _bounded(content: bytes) -> None:
    if len(content) > LIMIT:
        raise NotReadable(N_("The file is larger than %(most)s MB."), most=str(LIMIT // 1_000_000))
