"""Small cells of a table hidden, and others with them, so that no subtraction gives one back.

A table has one dimension or more and shows its totals: each line adds up to its total, in every dimension. Who reads it
knows every cell shown, that cells are whole and not negative, and that those hidden are not nothing.

Each cell to hide is made a corner of a box whose 2ⁿ corners are all hidden: adding 1 to every other corner and taking
1 from the rest changes no cell shown and no total, so that several tables fit what is shown. That is the proof that no
cell hidden can be worked out, in any number of dimensions, totals included: a total is but one more place in a line.

A second table may count once those whom several others count each for itself (agents of any track, beside those of each
track): no cell of it is less than that of another, nor more than all of theirs. ``hidden_above`` heeds that too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

#: Where a total stands in a dimension.
TOTAL = ""

Key = tuple[str, ...]


def with_totals(cells: Mapping[Key, int]) -> dict[Key, int]:
    """The cells and every total of theirs: a place in a dimension may be ``TOTAL``."""
    found: dict[Key, int] = {}
    for key, number in cells.items():
        for places in product(*((place, TOTAL) for place in key)):
            found[places] = found.get(places, 0) + number
    return found


def hidden(table: Mapping[Key, int], below: int) -> frozenset[Key]:
    """The cells to hide in a table with its totals: those from 1 to ``below`` − 1, and what protects them.

    Cells that hold nothing are shown. A cell that is absent holds nothing. As few are hidden as one cell after the
    other allows, totals last; the grand total only when it is small itself, or nothing else protects.
    """
    small = sorted((number, key) for key, number in table.items() if 0 < number < below)
    found: set[Key] = set()
    for _number, key in small:
        found |= set(min(_boxes(table, key, found, below))[1])
    return frozenset(found)


def hidden_above(whole: Mapping[Key, int], parts: Sequence[Mapping[Key, int]], below: int) -> frozenset[Key]:
    """The cells to hide in a table that counts once those whom ``parts`` may count several times; of one dimension.

    What one of the parts hides is hidden, for it would else be bounded from both sides; and the total, where the cells
    shown would still say a small one.
    """
    away = [hidden(whole, below), *(hidden(part, below) for part in parts)]
    found = frozenset(key for key in frozenset().union(*away) if whole.get(key))
    total = (TOTAL,)
    if not whole.get(total) or not found or total in found:
        return found
    tables, masked = [whole, *parts], [found, *away[1:]]
    small = ((at, key) for at, keys in enumerate(masked) for key in keys if tables[at][key] < below)
    return found if all(_can_move(tables, masked, at, key) for at, key in small) else found | {total}


def _can_move(tables: Sequence[Mapping[Key, int]], masked: Sequence[frozenset[Key]], at: int, key: Key) -> bool:
    """Whether a hidden cell can be one more or one less, another of its line making up for it, alone or with the same
    two cells of the whole (the first table) or of one part; nothing shown is changed."""
    for other in masked[at] - {key}:
        beside = range(len(tables)) if at == 0 else (0,)
        pairs = [{at}, *({at, each} for each in beside if each != at and {key, other} <= masked[each])]
        for moved, step in product(pairs, (1, -1)):
            changed = [
                [table.get(place, 0) + (sign * step if each in moved else 0) for each, table in enumerate(tables)]
                for place, sign in ((key, 1), (other, -1))
            ]
            if all(
                min(cells[each] for each in moved) > 0 and max(cells[1:]) <= cells[0] <= sum(cells[1:])
                for cells in changed
            ):
                return True
    return False


def _boxes(
    table: Mapping[Key, int], key: Key, found: set[Key], below: int
) -> Iterator[tuple[tuple[int, ...], tuple[Key, ...]]]:
    """The boxes that protect a cell, each with what it costs: lower is better."""
    grand = (TOTAL,) * len(key)
    for others in product(*_places(table, key)):
        corners = tuple(product(*zip(key, others, strict=True)))
        if any(not table.get(corner) for corner in corners):
            continue  # a cell that holds nothing is shown, and cannot move
        room = _room(table, key, corners)
        if room is not None and not room:
            continue
        new = [corner for corner in corners if corner not in found]
        # A box with less room than small cells have values says more about them: it costs as much as a total.
        narrow = room is not None and room < below - 2
        totals = sum(TOTAL in corner for corner in new)
        cost = (int(grand in new), int(narrow), totals, len(new), sum(table[corner] for corner in new))
        yield cost, corners


def _places(table: Mapping[Key, int], key: Key) -> list[list[str]]:
    """In each dimension, the places a box around that cell can reach to."""
    return [
        sorted({other[at] for other in table if _same_line(other, key, at) and other[at] != place})
        for at, place in enumerate(key)
    ]


def _same_line(one: Key, other: Key, at: int) -> bool:
    return one[:at] == other[:at] and one[at + 1 :] == other[at + 1 :]


def _room(table: Mapping[Key, int], key: Key, corners: Iterable[Key]) -> int | None:
    """How far the corners can move without any becoming nothing, up and down together; None without limit."""
    down, up = list[int](), list[int]()
    for corner in corners:
        # A total moves as its cell does: towards it the sign is not turned.
        turned = sum(mine != theirs and TOTAL not in (mine, theirs) for mine, theirs in zip(key, corner, strict=True))
        (up if turned % 2 else down).append(table[corner] - 1)
    return None if not up or not down else min(up) + min(down)
