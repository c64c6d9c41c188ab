"""The order of what two sides moved and added."""

from collections.abc import Container


def sequence(base: list[str], mine: list[str], theirs: list[str], kept: Container[str]) -> list[str]:
    """The order of the side that moved something (mine where both did), what the other added after its neighbour."""
    own, was = set(mine), set(base)
    moved = [path for path in mine if path in was] != [path for path in base if path in own]
    first, second = (mine, theirs) if moved else (theirs, mine)
    order = [path for path in first if path in kept]
    placed, last = set(order), -1
    for path in second:
        if path in placed:
            last = order.index(path)
        elif path in kept:
            last += 1
            order.insert(last, path)
    return order
