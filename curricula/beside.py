"""Two versions of a text beside one another, line by line: what each adds, and both at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal

#: How many lines that are alike are shown around those that differ.
AROUND = 3


@dataclass(frozen=True)
class Row:
    """A line of each version; None where one has no such line. ``skipped``: so many lines, alike, are not shown."""

    kind: Literal["same", "differs", "skipped"]
    mine: str | None = None
    theirs: str | None = None
    count: int = 0


def beside(mine: str, theirs: str) -> list[Row]:
    """The lines of both, each beside its counterpart; long passages that are alike are skipped but for their ends."""
    found: list[Row] = []
    for kind, one, other in _passages(mine, theirs):
        if kind != "same":
            found += [Row("differs", *pair) for pair in zip_longest(one, other)]
        elif len(one) > 2 * AROUND + 1:
            found += [Row("same", line, line) for line in one[:AROUND]]
            found.append(Row("skipped", count=len(one) - 2 * AROUND))
            found += [Row("same", line, line) for line in one[-AROUND:]]
        else:
            found += [Row("same", line, line) for line in one]
    return found


def both(mine: str, theirs: str) -> str:
    """One text that holds every line of each: where they differ, mine then theirs. To be cut by whoever merges."""
    lines: list[str] = []
    for kind, one, other in _passages(mine, theirs):
        lines += one if kind == "same" else [*one, *other]
    return "\n".join(lines)


def _passages(mine: str, theirs: str) -> Iterator[tuple[str, list[str], list[str]]]:
    one, other = mine.split("\n"), theirs.split("\n")
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, one, other).get_opcodes():
        yield "same" if tag == "equal" else "differs", one[i1:i2], other[j1:j2]
