"""Finds plug-ins: each module of a package that defines the wanted name is one."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """The modules directly inside a package, in name order."""
    for info in sorted(iter_modules(package.__path__), key=lambda info: info.name):
        yield import_module(f"{package.__name__}.{info.name}")


def discover(package: ModuleType, name: str) -> dict[str, Any]:
    """Module name → the object called ``name`` in it, for each module of the package that has one."""
    return {
        module.__name__.rpartition(".")[2]: getattr(module, name)
        for module in modules(package)
        if hasattr(module, name)
    }
