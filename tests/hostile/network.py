"""The platforms' side of the wire: their key sets and services, answered by one server on the loopback."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import signature
from itertools import count
from typing import Any
from uuid import uuid4

from tests.platform_in_test import Network


@dataclass(frozen=True)
class Asked:
    """A request that reached a platform; names of headers in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An answer that is not simply JSON; ``body`` may come in parts. ``cut`` closes the connection instead."""

    status: int = 200
    body: bytes | Callable[[], Iterable[bytes]] = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class LoopbackNetwork(Network):
    """What each address answers: JSON, a ``Reply``, or a function giving one, of the request or of nothing.

    ``asked`` lists the addresses called, ``requests`` all that was said. Every platform has its own host, unique, and
    its services under ``base``, here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Asked] = []
        self._serial, self._run = count(1), uuid4().hex[:6]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def host(self, name: str) -> str:
        return f"{name}-{self._run}-{next(self._serial)}.example.org"

    def base(self, host: str) -> str:
        return f"{self.url}/{host}"

    def forget(self) -> None:
        """Forget what was asked so far."""
        self.asked.clear()
        self.requests.clear()

    def answer(self, asked: Asked) -> Reply:
        """What that request gets."""
        self.asked.append(asked.url)
        self.requests.append(asked)
        found = self.answers.get(asked.url, self.answers.get(asked.url.partition("?")[0], Reply(404)))
        if callable(found):
            found = found(asked) if signature(found).parameters else found()
        if isinstance(found, Reply):
            return found
        return Reply(200, json.dumps(found).encode(), {"Content-Type": "application/json"})


def _handler(network: LoopbackNetwork) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:  # the service hung up in the middle of what it refuses
                self.close_connection = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard = {name.lower(): value for name, value in self.headers.items()}
            reply = network.answer(Asked(self.command, network.url + self.path, heard, body))
            if reply.cut:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if isinstance(reply.body, bytes):
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
                return
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for part in reply.body():
                self.wfile.write(part)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815 - names the server looks for

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


def drops(count: int, wait: float) -> Callable[[], Iterable[bytes]]:
    """A body that comes byte by byte: no single wait is long, the whole is."""

    def body() -> Iterable[bytes]:
        for _turn in range(count):
            yield b" "
            time.sleep(wait)

    return body
