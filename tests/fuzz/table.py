"""The one table of targets."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import tests.fuzz.doors
from tests.fuzz.target import Target


@cache
def targets() -> Mapping[str, Target]:
    """Every target by name: ``TARGETS`` of each module of ``tests.fuzz.doors``."""
    found: dict[str, Target] = {}
    for info in iter_modules(tests.fuzz.doors.__path__):
        for one in import_module(f"tests.fuzz.doors.{info.name}").TARGETS:
            assert one.name not in found, one.name
            found[one.name] = one
    return found
