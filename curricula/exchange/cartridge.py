"""A Common Cartridge opened: its resources by identifier, and where its organisation shows them.

1EdTech Common Cartridge 1.1, 1.2 and 1.3 (https://www.imsglobal.org/cc/index.html), and the thin profile of 1.2 and 1.3
(https://www.imsglobal.org/cc/CCv1p0thin/ims_thinCC_impl-v1p0.html), whose resources stand in the manifest itself.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange import safe
from curricula.exchange.model import Note, NotReadable
from curricula.problems import N_

MANIFEST = "imsmanifest.xml"
#: How deep folders of a course may be.
DEPTH = 20


@dataclass(frozen=True)
class Resource:
    """A resource of the manifest. ``node`` is its element, which may hold what it says instead of a file."""

    identifier: str
    type: str
    #: Paths in the archive, the main one first.
    files: tuple[str, ...]
    node: safe.Node


@dataclass(frozen=True)
class Placed:
    """A resource where the course shows it: its title there, empty if it has none, and the folders around it."""

    resource: Resource
    title: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cartridge:
    """What a cartridge holds, in the order of its organisation, then of its manifest for what no page shows."""

    files: Mapping[str, bytes]
    placed: tuple[Placed, ...]
    notes: tuple[Note, ...]


def open_cartridge(content: bytes) -> Cartridge:
    """The cartridge of an archive, or of a manifest alone. Raises ``NotReadable``."""
    alone = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    files = {MANIFEST: content} if alone else safe.archive(content)
    if MANIFEST not in files:
        raise NotReadable(N_("The archive has no « %(name)s » at its root."), name=MANIFEST)
    manifest = safe.xml(files[MANIFEST])
    if manifest.tag != "manifest":
        raise NotReadable(N_("This is not the manifest of a course."), manifest.line)
    reading = _Reading(files, manifest)
    shown = [
        placed for item in nodes(manifest, "organizations/organization/item") for placed in reading.under(item, ())
    ]
    seen = {placed.resource.identifier for placed in shown}
    rest = [Placed(each) for name, each in reading.resources.items() if name not in seen]
    named = {path for each in reading.resources.values() for path in each.files}
    unnamed = sorted(files.keys() - named - {MANIFEST})
    if unnamed:
        reading.notes.append(
            Note(
                N_("The course does not name these files of the archive (%(number)s): %(names)s."),
                values={"number": str(len(unnamed)), "names": ", ".join(unnamed[:5]) + ("…" if unnamed[5:] else "")},
            )
        )
    return Cartridge(files, (*shown, *rest), tuple(reading.notes))


def nodes(parent: Element, path: str) -> list[safe.Node]:
    """The elements of that path, which know their line."""
    return [each for each in parent.findall(path) if isinstance(each, safe.Node)]


class _Reading:
    """A manifest being read; the line of what is wrong in it goes in ``notes``."""

    def __init__(self, files: Mapping[str, bytes], manifest: safe.Node) -> None:
        self.notes: list[Note] = []
        self._files = files
        self.resources: dict[str, Resource] = {}
        for each in nodes(manifest, "resources/resource"):
            self._add(each)

    def _add(self, node: safe.Node) -> None:
        identifier = node.get("identifier", "")
        if identifier in self.resources:
            self._note(N_("This resource is described twice: the first description is taken."), identifier, node)
            return
        hrefs = [node.get("href", ""), *(each.get("href", "") for each in node.findall("file"))]
        base = node.get("base", "")
        paths = dict.fromkeys(_path(base, href) for href in hrefs if href)
        for path in [path for path in paths if path not in self._files]:
            self._note(N_("The archive does not hold the file « %(name)s »."), identifier, node, name=path)
            del paths[path]
        self.resources[identifier] = Resource(identifier, node.get("type", ""), tuple(paths), node)

    def under(self, item: safe.Node, path: tuple[str, ...]) -> Iterator[Placed]:
        """What an item shows: its resource, then those of the items in it, in a folder of its title."""
        title = " ".join((item.findtext("title") or "").split())
        wanted = item.get("identifierref", "")
        if wanted in self.resources:
            yield Placed(self.resources[wanted], title, path)
        elif wanted:
            self._note(N_("« %(name)s » leads to a resource that is not there."), wanted, item, name=title)
        inner = nodes(item, "item")
        if inner and len(path) >= DEPTH:
            self._note(
                N_("Folders are nested too deep: what is in « %(name)s » is left out."), wanted, item, name=title
            )
            return
        for each in inner:
            yield from self.under(each, (*path, title) if title else path)
        if not wanted and not inner and title:
            self._note(N_("« %(name)s » is a heading without content."), item.get("identifier", ""), item, name=title)

    def _note(self, message: str, item: str, node: safe.Node, **values: str) -> None:
        self.notes.append(Note(message, item, node.line, values))


def _path(base: str, href: str) -> str:
    """A path of the archive from an address of the manifest, which may be escaped."""
    return posixpath.normpath(posixpath.join(base, unquote(href.split("?")[0]))).lstrip("/")[:500]
