"""A process that does what web processes and workers do, each time in a fork that may be killed (SIGKILL) at a step.

``python -m tests.faults.process_in_test``; what is asked and answered is a line of JSON (``dying_in_test`` writes it).
The steps are no list of ours: each statement sent to the database, each commit, each call to another machine and each
change of a file, before it and, where that differs, after it. So none is forgotten, whatever the code comes to do.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from flask import Flask
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import configure_mappers

from lms.app import create_app
from lms.lti.http import Outbound
from lms.lti.jwks import PlatformKeys
from lms.models import clock, db
from lms.secret_replacement import carry_out
from lms.services.authority import open_authority
from lms.worker import Worker
from tests.conftest import make_config
from tests.platform_in_test import Network, jwk
from tests.tracks_in_test import fixed_tracks

#: The name that connections of these processes have in PostgreSQL: whoever waits for the dead to leave looks for it.
NAME = "mortal"
#: Changes of files, as Python's audit events call them.
FILES = ("os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate", "os.chmod")


class Step:
    """Counts steps, and kills this very process at one of them; 0 is none."""

    def __init__(self, at: int) -> None:
        self._at, self._count = at, 0

    def passes(self) -> None:
        self._count += 1
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Do what is asked, in forks; a connection is never open in this process, so that none is shared."""
    os.environ["PGAPPNAME"] = NAME
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the log is no answer
    configure_mappers()
    fixed_tracks()
    known: list[str] = []
    for line in sys.stdin:
        order = json.loads(line)
        if order["where"] != known:
            known = order["where"]
            app, worker, network = _service(*known)
        print(json.dumps(_in_forks(app, worker, network, order["asked"])), file=answers)


def _service(url: str, data: str, keys: str, networks: str) -> tuple[Flask, Worker, Network]:
    """The service on that database, as it was made once for each of the forks to come."""
    app = create_app(make_config(url, Path(data), keys_dir=Path(keys)))
    # Calls of web processes for the keys of platforms; workers call the platform that listens.
    network = Network()
    for address, pem in json.loads(networks).items():
        key = load_pem_public_key(pem["pem"].encode())
        holder: Any = type("Holder", (), {"public_key": lambda _self, key=key: key})()
        network.answers[address] = {"keys": [jwk(holder, pem["kid"])]}
    app.extensions["platform_keys"] = PlatformKeys(network)  # type: ignore[arg-type]
    app.test_client().get("/healthz")  # the pages, once made, are made
    return app, Worker(app), network


def _in_forks(app: Flask, worker: Worker, network: Network, asked: list[dict[str, Any]]) -> list[Any]:
    """What became of each, all begun at the same moment: « killed », or what it gave."""
    go, begin = os.pipe()
    children: list[tuple[int, int]] = []
    for each in asked:
        back, say = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(begin)
            os.read(go, 1)  # ends for all at once, when it is closed
            os.write(say, json.dumps(_do(app, worker, network, **each)).encode())
            os._exit(0)
        os.close(say)
        children.append((child, back))
    os.close(begin)
    said: list[Any] = []
    for child, back in children:
        with os.fdopen(back) as answer:
            text = answer.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        said.append("killed" if killed else json.loads(text or '"failed"'))
    os.close(go)
    return said


def _do(app: Flask, worker: Worker, network: Network, act: str, step: int = 0, **more: Any) -> Any:
    if "hours" in more:
        _clock_is_wrong_by(timedelta(hours=more.pop("hours")))
    _count_steps(Step(step), network, app.extensions["mpia"].data_dir, app.extensions["mpia"].keys)
    match act:
        case "request":
            client = app.test_client(use_cookies=False)
            answer = client.open(**more)
            return [answer.status_code, answer.headers.get("Location", ""), answer.headers.getlist("Set-Cookie")]
        case "keys":
            open_authority(app.extensions["mpia"])
        case "secret_key":
            with app.app_context():
                done = carry_out(db.session(), app.extensions["mpia"], more["old"], more["new"])
                return [done.secrets, done.files, done.sessions, done.left]
        case _:  # of a worker: drain, upkeep, chain, round
            getattr(worker, act)(**more)
    return "lived"


def _clock_is_wrong_by(much: timedelta) -> None:
    """This machine's clock, for whoever reads it: the service, and the libraries that read it by themselves."""
    real_time, real_now = time.time, clock.machine_now
    time.time = lambda: real_time() + much.total_seconds()
    clock.machine_now = lambda: real_now() + much


def _count_steps(step: Step, network: Network, *folders: Path) -> None:
    sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_said: step.passes())
    _around(DefaultDialect, "do_commit", step.passes)
    _around(Outbound, "request", step.passes)
    _around(type(network), "json", step.passes)
    mine = tuple(str(folder) for folder in folders)

    def hear(event: str, said: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(said[2], int) and not said[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        if (event == "open" or event in FILES) and str(said[0]).startswith(mine):
            step.passes()

    sys.addaudithook(hear)


def _around(owner: type, name: str, passing: Callable[[], None]) -> None:
    """Pass a step before each call and after it."""
    real = getattr(owner, name)

    def watched(*arguments: Any, **more: Any) -> Any:
        passing()
        result = real(*arguments, **more)
        passing()
        return result

    setattr(owner, name, watched)


if __name__ == "__main__":
    main()
