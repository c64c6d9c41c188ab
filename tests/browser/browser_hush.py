"""The worker of the browsers' stage runs beside every later test of its process: its log is none of their business."""

import threading
from typing import Any

import lms.lti.http
import lms.worker
from lms.worker import Worker


class _Log:
    """A log that some threads write nothing in."""

    def __init__(self, log: Any, silent: set[int]) -> None:
        self._log, self._silent = log, silent

    def __getattr__(self, level: str) -> Any:
        return _nothing if threading.get_ident() in self._silent else getattr(self._log, level)


def _nothing(*_event: Any, **_values: Any) -> None:
    """Write no line."""


def hush(worker: Worker) -> None:
    """Let that worker, not started yet, write no line of its jobs and calls; the others write as before."""
    silent: set[int] = set()
    go_on = worker._go_on

    def silently(*given: Any) -> None:
        silent.add(threading.get_ident())
        go_on(*given)

    lms.worker.log = _Log(lms.worker.log, silent)
    lms.lti.http.log = _Log(lms.lti.http.log, silent)
    worker._go_on = silently  # type: ignore[method-assign]
