"""Serving the development LMS from a thread, on the loopback."""

import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lms.devlms.settings import LOOPBACK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class ServerHandle:
    """A server running in its thread, until :meth:`stop`."""

    def __init__(self, server: BaseWSGIServer, url: str) -> None:
        self._server = server
        self.url = url
        self._thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="devlms", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port listened to, chosen by the system when 0 was asked for."""
        return self._server.port

    def stop(self) -> None:
        """Stop listening and wait for the thread; a second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Handler(WSGIRequestHandler):
    """Silent, and closing each connection: a kept one would outlive :meth:`ServerHandle.stop`."""

    protocol_version = "HTTP/1.0"

    def send_response(self, code: int, message: str | None = None) -> None:
        """Leave Date to the application: a platform may have another clock, and an answer has one date."""
        self.send_response_only(code, message)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the output belongs to the command that started us."""


def _closing(app: Flask) -> "WSGIApplication":
    """Close what was being sent when the browser goes away, which werkzeug leaves open if reading then fails too."""

    def answered(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
        body = app(environ, start_response)
        try:
            yield from body
        finally:
            getattr(body, "close", lambda: None)()

    return answered


def serve(app: Flask, host: str, port: int) -> ServerHandle:
    """Serve ``app`` in the background; ``OSError`` if the port is taken, ``ValueError`` off the loopback."""
    if host not in LOOPBACK:
        raise ValueError(f"The development LMS listens on the loopback only, not on {host}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Given a socket, werkzeug does not end the process when the port is taken.
    with socket.create_server((host, port), family=family) as listener:
        server = make_server(host, port, _closing(app), threaded=True, request_handler=_Handler, fd=listener.fileno())
    shown = f"[{host}]" if ":" in host else host
    return ServerHandle(server, f"http://{shown}:{server.port}")
