"""The worker of the browsers' stage runs beside every later test of its process: its log is none of their business."""

import threading
from typing import Any

import lms.worker
from lms.worker import Worker


class _Log:
    """The worker's log, which the threads of one worker write nothing in."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.silent: set[int] = set()

    def __getattr__(self, level: str) -> Any:
        return _nothing if threading.get_ident() in self.silent else getattr(self._log, level)


def _nothing(*_event: Any, **_values: Any) -> None:
    """Write no line."""


def hush(worker: Worker) -> None:
    """Let that worker, not started yet, write no line; the others write as before."""
    log = _Log(lms.worker.log)
    go_on = worker._go_on

    def silently(*given: Any) -> None:
        log.silent.add(threading.get_ident())
        go_on(*given)

    lms.worker.log = log
    worker._go_on = silently  # type: ignore[method-assign]
