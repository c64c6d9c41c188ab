"""A browser that leaves while it is answered."""

import gc
import socket
import struct
from pathlib import Path

import pytest
from flask import Flask, Response, send_file

from lms.devlms.server import serve

#: Closes with a reset, as a browser does that leaves a page while its scripts come.
RESET = struct.pack("ii", 1, 0)


@pytest.mark.filterwarnings("error")
def test_a_served_file_is_closed_when_the_browser_goes_away(tmp_path: Path) -> None:
    served = tmp_path / "page.js"
    served.write_text("// as long as a script\n" * 200, encoding="utf-8")
    app = Flask(__name__)

    @app.get("/page.js")
    def script() -> Response:
        return send_file(served)

    server = serve(app, "127.0.0.1", 0)
    try:
        for _time in range(20):
            with socket.create_connection(("127.0.0.1", server.port)) as browser:
                browser.sendall(b"GET /page.js HTTP/1.0\r\n\r\n")
                assert browser.recv(4) == b"HTTP"
                browser.recv(4)
                browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    finally:
        server.stop()
    gc.collect()  # what was left open would say so now, and fail the test
