"""What the applications of a process share: each test has one of its own, and some things take long to make."""

from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from babel.support import Translations
from cryptography.hazmat.primitives import serialization
from flask import Flask
from httpx._transports import default
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule

from certificates.sign import keyring
from lms import plugins
from lms.devlms.keys import load_or_make
from lms.lti import keys


class RuleMadeOnce(Rule):
    """A route, compiled for the first application: that was nearly all of making each."""

    #: What compiling gives (werkzeug 3.1): nothing of it says of which application it is.
    GIVES = ("arguments", "_parts", "_trace", "_converters", "_build", "_build_unknown")
    _made: ClassVar[dict[Any, dict[str, Any]]] = {}

    def compile(self) -> None:
        """As the first of its like."""
        assert self.map is not None
        like = (self.rule, self.subdomain, repr(self.defaults), tuple(self.map.converters.items()))
        if like not in self._made:
            super().compile()
            self._made[like] = {name: getattr(self, name) for name in self.GIVES}
        vars(self).update(self._made[like])


class Statements:
    """Statements as each kind of database takes them, put together for the first application that runs them.

    SQLAlchemy (2.0) keeps them by engine and dialect: a tenth of the time of most tests was putting them together.
    """

    def __init__(self) -> None:
        self._first: dict[str, Engine] = {}

    def begin(self, engine: Engine) -> None:
        """Keep those of this engine, which has been connected, for the engines to come."""
        self._first.setdefault(engine.dialect.name, engine)

    def share(self, engine: Engine) -> None:
        """Let an engine that runs nothing yet take and leave its statements there."""
        first = self._first[engine.dialect.name]
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


statements = Statements()


def share() -> None:
    """From now on the applications of this process share what of them is alike: templates, routes, messages, keys."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}
    Flask.url_rule_class = RuleMadeOnce
    listed = cache(lambda *folders: tuple(iter_modules(folders)))  # a test that adds a plug-in adds a folder
    vars(plugins)["iter_modules"] = lambda folders: listed(*folders)
    # Flask-Babel reads the messages for each application, which takes as long as making it; it adds none to them.
    load = Translations.load
    once = cache(lambda folder, domain, *locales: load(folder, locales, domain))
    Translations.load = lambda folder, locales, domain: once(folder, domain, *locales)  # type: ignore[method-assign]
    # Each client of HTTP reads all the authorities of the world; those that ask for others give a context of their own.
    vars(default)["create_ssl_context"] = cache(default.create_ssl_context)
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
