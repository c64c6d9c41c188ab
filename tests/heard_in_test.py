"""What the service hears when something else is in front: its server as in production, with an echo instead of pages.

``python -m tests.heard_in_test PORT FILE``, where each request is written, as a line of JSON.
"""

import json
import os
import socket
import ssl
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lms.cli.service import serve_pages
from lms.turns import Turns
from tests.running_in_test import PATIENCE, Running, free_port, listens

#: The address of whoever asks in tests, as the proxies say it; what nobody in front has passed on does not bear it.
ASKER = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """A request as the service heard it: ``headers`` as WSGI names them."""

    method: str
    path: str
    body: str
    headers: dict[str, str]

    @property
    def passed_on(self) -> bool:
        """Whether the proxy knew that it sent it, rather than a part of another's body."""
        return self.headers.get("HTTP_X_FORWARDED_FOR") == ASKER


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """Write down what was asked; the answer says it again."""
    body = environ["wsgi.input"].read().decode("latin-1")
    named = {name: value for name, value in environ.items() if name.startswith("HTTP_")}
    with Path(os.environ["HEARD"]).open("a", encoding="utf-8") as heard:
        heard.write(json.dumps([environ["REQUEST_METHOD"], environ["PATH_INFO"], body, named]) + "\n")
    said = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {body}".encode()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))])
    return [said]


def web_process() -> Turns:
    """The echo, received as pages are."""
    return Turns(echo, lambda _environ: 1 << 20)


class Listener(Running):
    """That server in a process of its own; a context."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self._heard = folder / "heard"
        self._heard.touch()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-m", "tests.heard_in_test", str(self.port), self._heard]
        self._begin(command, self._folder / "listener.log", lambda: listens(self.port))

    def __exit__(self, *error: Any) -> None:
        self.end()

    def spoken(self, message: bytes) -> bytes:
        """What first answers such bytes, nothing where it closes."""
        return spoken(socket.create_connection((ASKER, self.port), PATIENCE), message)

    def heard(self) -> list[Request]:
        """Every request so far, in order."""
        return [Request(*json.loads(line)) for line in self._heard.read_text("utf-8").splitlines()]


def spoken(line: socket.socket, message: bytes) -> bytes:
    """What first answers such bytes on a connection, nothing where it closes; closed then."""
    with line, suppress(ConnectionError, ssl.SSLError):
        line.sendall(message)
        return line.recv(65_536)
    return b""


if __name__ == "__main__":
    os.environ["HEARD"] = sys.argv[2]  # for the process that is begun
    serve_pages("tests.heard_in_test:web_process", ASKER, int(sys.argv[1]), 1)
