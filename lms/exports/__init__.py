"""File formats, one module each: ``exports()`` finds them."""

import sys
from functools import cache

from lms.plugins import discover
from lms.tables import Export


@cache
def exports() -> dict[str, Export]:
    """Every format by key; a key used twice stops the start."""
    found: dict[str, Export] = {}
    for export in discover(sys.modules[__name__], "EXPORT").values():
        if export.key in found:
            raise ValueError(f"Export format « {export.key} » is defined twice.")
        found[export.key] = export
    return found


def offered() -> list[Export]:
    """Every format in the order people are offered them."""
    return sorted(exports().values(), key=lambda export: (export.rank, export.key))
