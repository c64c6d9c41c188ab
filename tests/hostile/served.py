"""One process of the service as granian starts it in production, with a little more for tests.

Every answer names the process that gave it (``X-Process``), and the clock of its caches can be moved from outside:
each look at the time adds the seconds written in the file ``HOSTILE_CLOCK``. ``python -m tests.hostile.served PORT``
"""

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lms.app import largest_body
from lms.cli import service
from lms.lti import http, jwks, state
from lms.turns import Turns

PROCESSES = 2
#: Time given to a platform's whole answer, in seconds: shorter than in life, where a test would wait for it.
DEADLINE = 2.0


class MovedClock:
    """The monotonic clock of this machine, moved on by what the file says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def monotonic(self) -> float:
        """Seconds, comparable from one process to another."""
        return time.monotonic() + float(self._path.read_text())


def web_process() -> Turns:
    """The real factory's application, which says who answers."""
    app = service.application()
    clock: Any = MovedClock(Path(os.environ["HOSTILE_CLOCK"]))
    jwks.time = state.time = clock  # type: ignore[attr-defined]
    http.DEADLINE = DEADLINE
    inner, number = app.wsgi_app, str(os.getpid())

    def named(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [*headers, ("X-Process", number)], *more)

        return inner(environ, begin)

    app.wsgi_app = named  # type: ignore[method-assign]
    return Turns(app, largest_body(app))


if __name__ == "__main__":
    service.serve_pages("tests.hostile.served:web_process", "127.0.0.1", int(sys.argv[1]), PROCESSES)
