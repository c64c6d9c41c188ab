"""A server of large answers, as ``lms serve`` serves ours: ``python -m tests.faults.slow_service serve --port N``."""

import multiprocessing
import sys
from typing import Any

from lms.cli import service
from lms.turns import Turns


def web_process() -> Turns:
    """Fifty megabytes at ``/large``, a word elsewhere."""

    def app(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 65_536 for _ in range(800)) if environ["PATH_INFO"] == "/large" else [b"here"]

    return Turns(app, lambda _asked: 0)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    asked = int(sys.argv[sys.argv.index("--port") + 1])
    service.serve_pages("tests.faults.slow_service:web_process", "127.0.0.1", asked, workers=1)
