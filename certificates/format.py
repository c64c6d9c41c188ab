"""The registry of certificate formats: a file added to ``formats/`` is offered without being named anywhere."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from certificates import formats
from certificates.formats import Format, RenderError

__all__ = ["FORMATS", "Format", "RenderError"]


def discover() -> Mapping[str, Format]:
    """Every format by key, in key order. Raises ValueError when two share a key or a suffix."""
    found: dict[str, Format] = {}
    for module in sorted(pkgutil.iter_modules(formats.__path__), key=lambda module: module.name):
        entry: Format = importlib.import_module(f"{formats.__name__}.{module.name}").FORMAT
        if entry.key in found or entry.suffix in {other.suffix for other in found.values()}:
            raise ValueError(f"two certificate formats are called {entry.key} or {entry.suffix}")
        found[entry.key] = entry
    return MappingProxyType(found)


FORMATS = discover()
