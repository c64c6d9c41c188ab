"""Large files that are read from the database as they leave: so many at once, so that pages keep connections to it."""

from collections.abc import Generator, Iterable
from contextlib import ExitStack
from itertools import chain
from threading import BoundedSemaphore

from werkzeug.wsgi import ClosingIterator

from lms.turns import begun

#: Large files that leave one process at once, of the fifteen connections it may open (SQLAlchemy's pool): its four
#: turns need one each, two where a page reads beside what it writes.
AT_ONCE = 7


class TooManyDownloads(Exception):
    """As many large files leave as may: this one is for a worker to make."""


class Downloads:
    """The large files that leave a process now."""

    def __init__(self) -> None:
        self._free = BoundedSemaphore(AT_ONCE)

    def leaving(self, file: Generator[bytes]) -> Iterable[bytes]:
        """The file, which whoever reads it closes. A small one (``lms.turns.HELD``) is whole already: it holds nothing.

        Raises ``TooManyDownloads``, and what making the beginning of the file raises.
        """
        with ExitStack() as held:
            held.callback(file.close)
            made, more = begun(file)
            if more is None:
                return made
            if not self._free.acquire(blocking=False):
                raise TooManyDownloads
            held.callback(self._free.release)
            return ClosingIterator(chain(made, more), held.pop_all().close)
