"""Logs: one JSON event a line on standard error, without personal data."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from lms import request_ids


def init_logs(level: int = logging.INFO) -> None:
    """Write events of ``level`` and above, with their UTC time. Traces hold code, never local values.

    Lines of a request, and of the jobs it promised, have its ``request_id``.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_request_id,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Lossy(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()])


def add_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A step of structlog: the id of the request under way, unless the line says whose it is."""
    del logger, method
    request_id = request_ids.current()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


class _Lossy:
    """Standard error, which may be a file on a full disk: lines that cannot be written are lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Libraries(logging.Handler):
    """Warnings of libraries as our own events. What they say is left out: it may quote a name, an answer or a token."""

    def emit(self, record: logging.LogRecord) -> None:
        problem = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().warning(
            "library",
            logger=record.name,
            where=f"{record.pathname}:{record.lineno}",
            problem=problem.__name__ if problem else None,
        )
