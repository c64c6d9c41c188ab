"""A service of two connections, each waited for a second: ``python -m tests.faults.narrow_service serve --port N``."""

import multiprocessing
import sys
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import Interfaces

import lms.app
from lms.cli import service
from lms.models.pooling import engine_options


def web_process() -> Flask:
    """The web process of ``lms serve``, but for its pool."""
    narrow: dict[str, Any] = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 1}
    lms.app.engine_options = lambda url: engine_options(url) | narrow
    return service.web_process()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    port = int(sys.argv[sys.argv.index("--port") + 1])
    Granian(
        "tests.faults.narrow_service:web_process", factory=True, address="127.0.0.1", port=port,
        interface=Interfaces.WSGI, workers=1, blocking_threads=8,
    ).serve()  # fmt: skip
