"""Turns of a web process: a few requests are worked on at once, while many more come in or leave slowly.

The server gives each request a thread from its first byte to the last of its answer. On a slow network most of that is
waiting: work that is handed in, a table that is downloaded. Here only what is worked on takes a turn, so that eight
learners who send a file keep nobody from their pages (docs/adr/0050).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO, RawIOBase
from itertools import chain
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING, Any

import structlog

from lms import metrics
from lms.database_errors import FULL, NoRoom, trouble

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

#: Requests one process works on at once: more of them would wait for one another.
AT_ONCE = 4
#: Requests one process has threads for, those that come in or leave slowly among them: some 70 kB each, once made.
UNDER_WAY = 512
#: What is held in memory of one request or answer, in bytes: the rest of a request is put in a temporary file, the rest
#: of an answer is made as it leaves.
HELD = 262_144
_PIECE = 65_536


class Cut(Exception):
    """A body that ended before what it announced."""


class Turns:
    """A WSGI application (PEP 3333), in turns.

    ``largest`` tells how many bytes the page asked for takes: what announces more comes unread to ``app``, which
    refuses it. A body that ends early never comes to it: half an answer must not be kept for a whole one.
    """

    def __init__(
        self, app: "WSGIApplication", largest: "Callable[[WSGIEnvironment], int]", at_once: int = AT_ONCE
    ) -> None:
        self._app, self._largest, self._free = app, largest, BoundedSemaphore(at_once)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            environ["wsgi.input"] = body = self._received(environ)
        except Cut:
            log.info("request_cut")
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        with self._turn():
            try:
                answer = self._app(environ, start_response)
                made, more = begun(iter(answer))
            except BaseException:
                _close(body)
                raise
            if more is None:
                _close(answer, body)
                return made
        return Leaving(chain(made, more), self._turn, (answer, body))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            with metrics.WAITING.track_inprogress():
                self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    def _received(self, environ: "WSGIEnvironment") -> "IO[bytes] | Unkept":
        """The body, once it is here whole. Raises ``Cut``."""
        coming: IO[bytes] = environ["wsgi.input"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        unannounced = "HTTP_TRANSFER_ENCODING" in environ
        if not length and not unannounced:
            return BytesIO()
        largest = self._largest(environ)
        if length > largest:
            return coming
        # One byte more than is taken, where nothing says how much is coming: enough to be refused.
        left = largest + 1 if unannounced else length
        whole: IO[bytes] = BytesIO() if left <= HELD else SpooledTemporaryFile(HELD)  # noqa: SIM115
        try:
            while left and (piece := coming.read(min(left, _PIECE))):
                left -= len(piece)
                whole.write(piece)
            if left and not unannounced:
                raise Cut
            whole.seek(0)
        except (OSError, Cut) as error:
            _close(whole)
            if trouble(error) == FULL:
                return Unkept()
            raise Cut from error
        return whole


def begun(pieces: Iterator[bytes]) -> tuple[list[bytes], Iterator[bytes] | None]:
    """(what an answer begins with: ``HELD`` bytes, and the end of a piece; the rest, None where that was all)."""
    made, size = list[bytes](), 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > HELD:
            return made, pieces
    return made, None


class Leaving:
    """An answer too large to be held: each piece is made in a turn, and leaves outside it."""

    def __init__(self, pieces: Iterator[bytes], turn: Callable[[], Any], held: tuple[Any, ...]) -> None:
        self._pieces, self._turn, self._held = pieces, turn, held

    def __iter__(self) -> "Leaving":
        return self

    def __next__(self) -> bytes:
        with self._turn():
            return next(self._pieces)

    def close(self) -> None:
        """Let go of what the answer holds, at its end or when nobody reads it any more."""
        _close(*self._held)


class Unkept(RawIOBase):
    """A body that no disk had room for: the page that reads it meets ``NoRoom``, and tells it as any other."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise NoRoom


def _close(*held: Any) -> None:
    for each in held:
        if hasattr(each, "close"):
            each.close()
