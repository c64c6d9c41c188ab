"""Finds the items of a QTI package: a ZIP whose ``imsmanifest.xml`` names them.

https://www.imsglobal.org/spec/qti/v3p0/impl, « Packaging », and IMS Content Packaging 1.1.4 to 1.2 before it.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange import safe
from curricula.exchange.model import Note, NotReadable
from curricula.exchange.qti_text import line
from curricula.problems import N_

MANIFEST = "imsmanifest.xml"
#: Roots of documents that hold questions, in the spelling of QTI 2.x.
ITEM, TEST, OLDER = "assessmentItem", "assessmentTest", "questestinterop"


@dataclass(frozen=True)
class Part:
    """A document of a package, with the keywords that its manifest gives it."""

    path: str
    root: safe.Node
    tags: tuple[str, ...] = ()


def parts_of(content: bytes) -> tuple[list[Part], list[Note]]:
    """The documents that a package names, in its order, and what is missing of it.

    A package without manifest gives its XML files by name. Raises ``NotReadable``.
    """
    files = safe.archive(content)
    named = [path for path in files if posixpath.basename(path) == MANIFEST]
    manifests = sorted(named, key=lambda path: path.count("/"))
    if not manifests:
        documents = [path for path in sorted(files) if path.lower().endswith(".xml")]
        missing = Note(N_("The package has no manifest: its files were taken in the order of their names."))
        return [Part(path, document(files[path], path)) for path in documents], [missing]
    parts, notes, seen = list[Part](), list[Note](), set[str]()
    for resource, path in _resources(document(files[manifests[0]], manifests[0]), posixpath.dirname(manifests[0])):
        if path not in files:
            notes.append(Note(N_("The manifest names a file that is not in the package."), path, line(resource)))
        elif path not in seen:
            seen.add(path)
            parts.append(Part(path, document(files[path], path), tuple(_keywords(resource))))
    notes += _others(files, seen | set(manifests))
    return parts, notes


def in_order(parts: list[Part]) -> list[Part]:
    """The same documents, items first in the order of the tests that name them (``assessmentItemRef``)."""
    places: dict[str, int] = {}
    for part in parts:
        if part.root.tag == TEST:
            for reference in part.root.iter("assessmentItemRef"):
                path = _inside(posixpath.dirname(part.path), reference.get("href", ""))
                places.setdefault(path, len(places))
    return sorted(parts, key=lambda part: places.get(part.path, len(places)))


def document(content: bytes, path: str) -> safe.Node:
    """The root of a package's document; ``NotReadable`` names the document."""
    try:
        return safe.xml(content)
    except NotReadable as error:
        refused = NotReadable(error.note.message, error.note.line, **error.note.values)
        refused.note = replace(refused.note, item=path)
        refused.args = (str(refused.note),)
        raise refused from error


def _resources(manifest: Element, folder: str) -> Iterator[tuple[Element, str]]:
    """(resource, path) of each resource of QTI."""
    base = _inside(folder, manifest.get("base", ""))
    for resources in manifest.iter("resources"):
        near = _inside(base, resources.get("base", ""))
        for resource in resources.findall("resource"):
            if "qti" in resource.get("type", "").lower():
                first = resource.find("file")
                named = resource.get("href", "") or (first.get("href", "") if first is not None else "")
                yield resource, _inside(_inside(near, resource.get("base", "")), named)


def _keywords(resource: Element) -> Iterator[str]:
    # LOM 1.0 writes « string », IMS metadata 1.2 before it « langstring ».
    for keyword in resource.iterfind("metadata//keyword"):
        yield from ("".join(said.itertext()).strip() for said in keyword)


def _others(files: Mapping[str, bytes], known: set[str]) -> Iterator[Note]:
    others = [path for path in sorted(files) if path not in known and not path.lower().endswith((".xsd", ".dtd"))]
    if others:
        shown = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        values = {"count": str(len(others)), "files": shown}
        yield Note(N_("Other files of the package were not taken (%(count)s): %(files)s."), values=values)


def _inside(folder: str, href: str) -> str:
    """A path in the archive; one that leads out of it is in no archive we open."""
    return posixpath.normpath(posixpath.join(folder, unquote(href).split("#")[0])) if href else folder
