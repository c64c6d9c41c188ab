"""The smallest apps: Flask with PyLTI1p3 as its documentation shows it, and what its users add to it.

A dictionary of platforms, the keys given, no people, no courses. Three of them:

- ``documented``: launch data in Flask's session, as in the library's own example. A replay is accepted.
- ``replay_refused``: the same, and each nonce used once, in a SQLite table: the least that holds across processes.
- ``cached``: ``replay_refused`` with launch data in a dictionary of the process instead of the cookie, which is the
  library's cheapest storage; a second process would not find it.
"""

import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, abort, redirect
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfDict
from werkzeug.wrappers import Response

from tests.platform_in_test import TOOL, TRACK


class Memory:
    """A cache of one process, with the two methods the library calls."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self._kept.get(key)

    def set(self, key: str, value: Any, exp: int | None = None) -> None:
        del exp
        self._kept[key] = value


class Nonces:
    """Nonces that were used, in a table that every process shares."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "nonces.sqlite3", isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.execute("create table if not exists used (nonce text primary key) without rowid")

    def use(self, nonce: str) -> bool:
        """Whether this is its first use."""
        return self._database.execute("insert or ignore into used values (?)", (nonce,)).rowcount == 1


def smallest_app(platform: Mapping[str, Any], *, once: Nonces | None = None, cache: Memory | None = None) -> Flask:
    """An app that knows ``platform`` (see ``known``); it refuses replay with ``once``, keeps launches in ``cache``."""
    app = Flask("smallest")
    app.secret_key = "a secret key for the bench, long enough"
    tools = ToolConfDict(
        {
            platform["issuer"]: {
                "client_id": platform["client_id"], "auth_login_url": platform["auth_url"],
                "auth_token_url": "https://lms.example.org/token", "key_set_url": None,
                "key_set": {"keys": [platform["jwk"]]}, "deployment_ids": [platform["deployment"]],
            }
        }
    )  # fmt: skip
    tools.set_private_key(platform["issuer"], "not used in a launch")
    storage: dict[str, Any] = {} if cache is None else {"launch_data_storage": FlaskCacheDataStorage(cache)}

    @app.post("/lti/login")
    def login() -> Response:
        answer: Response = FlaskOIDCLogin(FlaskRequest(), tools, **storage).redirect(f"{TOOL}/lti/launch")
        return answer

    @app.post("/lti/launch")
    def launch() -> Response:
        data = FlaskMessageLaunch(FlaskRequest(), tools, **storage).get_launch_data()
        if once is not None and not once.use(data["nonce"]):
            abort(400)
        return redirect(f"/learn/{TRACK}", 303)

    return app


def _served(**more: Any) -> Flask:
    return smallest_app(json.loads(os.environ["BENCH_PLATFORM"]), **more)


def documented() -> Flask:
    """The library's example, as granian starts it."""
    return _served()


def replay_refused() -> Flask:
    """The library's example, each message used once, as granian starts it."""
    return _served(once=Nonces(Path(tempfile.mkdtemp(prefix="mpia-bench-"))))


def cached() -> Flask:
    """``replay_refused`` with the launch data in memory, as granian starts it."""
    return _served(once=Nonces(Path(tempfile.mkdtemp(prefix="mpia-bench-"))), cache=Memory())
