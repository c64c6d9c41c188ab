"""What the applications of a process share: each test has one of its own, and some things take long to make."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from cryptography.hazmat.primitives import serialization
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from certificates.sign import keyring
from lms.devlms.keys import load_or_make
from lms.lti import keys


class RuleMadeOnce(Rule):
    """A route. What writes its address is compiled for the first application: that was two thirds of making each.

    Werkzeug (3.1) compiles it in the method below, from nothing but what ``route`` says.
    """

    _made: ClassVar[dict[Any, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        converters = sorted((name, repr(type(converter))) for name, converter in self._converters.items())
        route = (self.rule, self.subdomain, repr(self.defaults), tuple(converters), append_unknown)
        if route not in self._made:
            self._made[route] = super()._compile_builder(append_unknown)
        return self._made[route]


def share() -> None:
    """From now on the applications of this process share their compiled templates and routes, and keys once read."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}
    Flask.url_rule_class = RuleMadeOnce
    # The same text and passphrase are the same key; reading one takes a twentieth of a second. Refusals are not kept.
    read: Any = cache(serialization.load_pem_private_key)
    for module in (keyring, keys, serialization):
        module.load_pem_private_key = read  # type: ignore[attr-defined]


def give_platform_key(folder: Path) -> None:
    """Put in ``folder``, made if need be, the key of a development LMS: the same for all, as making one is slow."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "platform-key.pem").write_bytes(_platform_key())


@cache
def _platform_key() -> bytes:
    with TemporaryDirectory() as folder:
        load_or_make(path := Path(folder) / "platform-key.pem")
        return path.read_bytes()
