"""Finds the formats: one file of ``curricula.exchange.formats`` each, whose ``FORMAT`` says what it does."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import curricula.exchange.formats
from curricula.exchange.model import Format


@cache
def formats() -> dict[str, Format]:
    """Every format by key; a key used twice stops the start."""
    found: dict[str, Format] = {}
    for info in iter_modules(curricula.exchange.formats.__path__):
        one: Format = import_module(f"{curricula.exchange.formats.__name__}.{info.name}").FORMAT
        if one.key in found:
            raise ValueError(f"Format « {one.key} » is defined twice.")
        found[one.key] = one
    return found
