"""QTI: items and packages of 3.0, 2.2, 2.1 and 1.2 read, packages of 3.0 written."""

from collections import Counter
from collections.abc import Iterator

from curricula.exchange import safe
from curricula.exchange.labels import Keys
from curricula.exchange.model import Format, Note, NotReadable, Taken
from curricula.exchange.qti12 import read_items
from curricula.exchange.qti_draft import in_file, joined
from curricula.exchange.qti_items import normalise, read_item
from curricula.exchange.qti_packages import ITEM, OLDER, TEST, Part, in_order, parts_of
from curricula.exchange.qti_writing import write
from curricula.problems import N_

#: How a ZIP archive begins.
_ZIP = b"PK"


def read(content: bytes, language: str) -> Taken:
    """The choice questions of an item, of a QTI 1.2 document or of a package. Raises ``NotReadable``."""
    parts, notes = parts_of(content) if content.startswith(_ZIP) else ([Part("", safe.xml(content))], [])
    for part in parts:
        normalise(part.root)
    parts = in_order(parts)
    if not any(part.root.tag in {ITEM, OLDER, TEST} for part in parts):
        raise NotReadable(N_("The file holds no QTI item."))
    keys = Keys()
    taken = [in_file(_read(part, language, keys), part.path) for part in parts]
    return joined([Taken(notes=tuple(notes)), *taken, Taken(notes=tuple(_repeated(parts)))])


def _read(part: Part, language: str, keys: Keys) -> Taken:
    root = part.root
    if root.tag == ITEM:
        return read_item(root, language, part.tags, keys)
    if root.tag == OLDER:
        return read_items(root, language, keys)
    if root.tag == TEST:
        said = N_("The test's parts, rules and scores were not taken: its items were, in its order.")
        return Taken(notes=(Note(said, line=root.line),))
    said = N_("« %(element)s » is not a question: it was not taken.")
    return Taken(notes=(Note(said, line=root.line, values={"element": root.tag}),))


def _repeated(parts: list[Part]) -> Iterator[Note]:
    """A note for each identifier that several items of the package have."""
    names = Counter(part.root.get("identifier", "") for part in parts if part.root.tag == ITEM)
    for name, times in names.items():
        if name and times > 1:
            yield Note(N_("Several items have this identifier: each has a key of its own here."), name)


FORMAT = Format("qti", "QTI", (".zip", ".xml"), read, write)
