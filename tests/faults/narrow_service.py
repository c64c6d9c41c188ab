"""A service of two connections, each waited for a second: ``python -m tests.faults.narrow_service serve --port N``."""

import multiprocessing
import sys
from typing import Any

import lms.app
from lms.cli import service
from lms.models.pooling import engine_options
from lms.turns import Turns


def web_process() -> Turns:
    """The web process of ``lms serve``, but for its pool."""
    narrow: dict[str, Any] = {"pool_size": 2, "max_overflow": 0, "pool_timeout": 1}
    lms.app.engine_options = lambda url: engine_options(url) | narrow
    return service.web_process()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn", force=True)
    port = int(sys.argv[sys.argv.index("--port") + 1])
    service.serve_pages("tests.faults.narrow_service:web_process", "127.0.0.1", port, workers=1)
