"""What changed inside a text, word by word, so that a person sees it without comparing."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

#: ``skipped``: unchanged words that are left out.
Kind = Literal["same", "removed", "added", "skipped"]

#: Longer runs of unchanged characters are cut in their middle; so much of them stays on each side.
LONG, KEPT = 400, 160
#: Two passages with more pairs of words than this are shown one after the other, uncompared.
MOST = 4_000_000
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Mark:
    """A run of a text: in both (``same``), in the first alone (``removed``) or in the second alone (``added``)."""

    kind: Kind
    text: str


def marks(before: str, after: str) -> list[Mark]:
    """The runs that make both texts: what is same or removed is ``before``, what is same or added is ``after``.

    Lines are compared first, then the words of those that differ.
    """
    old, new = _LINE.findall(before), _LINE.findall(after)
    found: list[Mark] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 2000).get_opcodes():
        removed, added = "".join(old[i:j]), "".join(new[k:m])
        found += [Mark("same", removed)] if tag == "equal" else _words(removed, added)
    return list(_joined(found))


def shortened(found: Iterable[Mark]) -> list[Mark]:
    """The same without the middle of what is long and unchanged."""
    kept: list[Mark] = []
    for mark in found:
        if mark.kind != "same" or len(mark.text) <= LONG:
            kept.append(mark)
            continue
        start = mark.text[:KEPT].rpartition(" ")[0] if kept else ""
        end = mark.text[-KEPT:].partition(" ")[2]
        kept += [Mark("same", start), Mark("skipped", ""), Mark("same", end)]
    if kept and len(kept) > 1 and kept[-2].kind == "skipped":
        kept.pop()  # nothing differs after it
    return [mark for mark in kept if mark.text or mark.kind == "skipped"]


def _words(before: str, after: str) -> list[Mark]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) * len(new) > MOST:
        return [Mark("removed", before), Mark("added", after)]
    found = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Mark("same", "".join(old[i:j])))
        else:
            found += [Mark("removed", "".join(old[i:j])), Mark("added", "".join(new[k:m]))]
    return found


def _joined(found: Iterable[Mark]) -> Iterator[Mark]:
    """The same with neighbours of one kind made one, and none that is empty."""
    last: Mark | None = None
    for mark in found:
        if not mark.text:
            continue
        if last is not None and last.kind == mark.kind:
            last = Mark(last.kind, last.text + mark.text)
            continue
        if last is not None:
            yield last
        last = mark
    if last is not None:
        yield last
