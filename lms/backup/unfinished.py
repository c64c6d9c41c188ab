"""Where what is under way is written, beside its place: folders of which nothing is left, however a process ends.

Who has one holds a lock on the folder it is in, shared with others at work there. Who gets that lock alone knows that
whoever made those that are there was killed, and takes them away.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from types import FrameType

#: How their names begin. Nobody else's files are called so.
PREFIX = ".lms-unfinished-"


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A folder of one's own in ``folder``, for as long as the block lasts. Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take_away(folder, handle)
        with suppress(OSError):  # a disk without locks: nobody takes anything away there
            fcntl.flock(handle, fcntl.LOCK_SH)
        with TemporaryDirectory(dir=folder, prefix=PREFIX) as own:
            yield Path(own)
    finally:
        os.close(handle)


def _take_away(folder: Path, handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody is at work there
        return
    for left in folder.glob(PREFIX + "*"):
        rmtree(left, ignore_errors=True)


@contextmanager
def cleared_when_stopped() -> Iterator[None]:
    """Let SIGTERM (a container that stops, a service that took too long) end the block as an error does."""

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # what is left is cleared away, once
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def to_the_end() -> Iterator[None]:
    """Let SIGTERM wait for the end of the block."""
    came: list[int] = []
    # Not masked: the signal would come to another thread, if there is one, and its handler be called here.
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        for number in came[:1]:
            signal.raise_signal(number)
