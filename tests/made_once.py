"""What the applications of a process share: each test has one of its own, and some things take long to make."""

from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, ClassVar

from babel.support import Translations
from cryptography.hazmat.primitives import serialization
from flask import Flask
from httpx._transports import default
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from werkzeug.routing import Map, Rule, RuleFactory

from certificates.sign import keyring
from curricula.folder import Folder
from lms import plugins
from lms.devlms.keys import load_or_make
from lms.lti import keys


class MapMadeOnce(Map):
    """The routes of an application, compiled and put in order for the first one that has the same.

    That was more than half of making each. It waits until a route is looked for (``update``, of werkzeug 3.1).
    """

    #: What of a route tells it from another; Flask adds the last.
    SAID = (
        "rule", "endpoint", "subdomain", "host", "build_only", "alias", "websocket", "strict_slashes", "redirect_to",
        "provide_automatic_options",
    )  # fmt: skip
    _made: ClassVar[dict[Any, tuple[Any, Any]]] = {}
    _making: ClassVar[Lock] = Lock()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._to_come: list[Rule] = []
        self._is_whole = False
        super().__init__(*args, **kwargs)

    def add(self, rulefactory: RuleFactory) -> None:
        """Keep them for later."""
        assert not self._is_whole, "a route was looked for before this one was added"
        self._to_come += rulefactory.get_rules(self)

    def update(self) -> None:
        """Take what was made of the same routes, or make it.

        Threads that answer the first requests come here together, and a list is empty for others while it is sorted.
        """
        if self._is_whole:
            return
        with self._making:
            if self._is_whole:
                return
            said = attrgetter(*self.SAID)
            like = (
                *self.converters.items(),
                *((said(rule), frozenset(rule.methods or ()), repr(rule.defaults)) for rule in self._to_come),
            )
            if like not in self._made:
                for rule in self._to_come:
                    super().add(rule)
                super().update()
                self._made[like] = self._matcher, self._rules_by_endpoint
            self._matcher, self._rules_by_endpoint = self._made[like]
            self._is_whole = True


class TemplatesMadeOnce(FileSystemBytecodeCache):
    """What compiling templates gives: in files for the processes to come, and in memory for this one."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """From memory, else from its file."""
        name = bucket.key, bucket.checksum
        if name not in self._made:
            super().load_bytecode(bucket)
            if bucket.code is None:  # compiled now, and written then
                return
            self._made[name] = bucket.code
        bucket.code = self._made[name]


class Statements:
    """Statements as each kind of database takes them, put together for the first application that runs them.

    SQLAlchemy (2.0) keeps them by engine and dialect: a tenth of the time of most tests was putting them together.
    """

    def __init__(self) -> None:
        self._first: dict[str, Engine] = {}

    def begin(self, engine: Engine) -> None:
        """Keep those of this engine, which has been connected, for the engines to come."""
        self._first.setdefault(engine.dialect.name, engine)._compiled_cache.capacity = 10_000  # all of them

    def share(self, engine: Engine) -> None:
        """Let an engine that runs nothing yet take and leave its statements there."""
        first = self._first[engine.dialect.name]
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache


statements = Statements()


def share() -> None:
    """From now on the applications of this process share what of them is alike: templates, routes, messages, keys."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": TemplatesMadeOnce()}
    Flask.url_map_class = MapMadeOnce
    listed = cache(lambda *folders: tuple(iter_modules(folders)))  # a test that adds a plug-in adds a folder
    vars(plugins)["iter_modules"] = lambda folders: listed(*folders)
    # Flask-Babel reads the messages for each application, which takes as long as making it; it adds none to them.
    load = Translations.load
    once = cache(lambda folder, domain, *locales: load(folder, locales, domain))
    Translations.load = lambda folder, locales, domain: once(folder, domain, *locales)  # type: ignore[method-assign]
    # The tracks of the tests are published by many of them: the same files are the same archive.
    pack = Folder.packed
    archive = lru_cache(64)(lambda name, files: pack(Folder(name, dict(files))))
    Folder.packed = lambda folder: archive(folder.name, tuple(folder.files.items()))  # type: ignore[method-assign]
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
