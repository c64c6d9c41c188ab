"""What tests start in a process of its own: the ``lms`` command, and servers of others, to freeze and kill at will."""

import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import randrange
from socket import create_connection, socket
from threading import Event
from typing import Any, Self

#: The ``lms`` command, as its script starts it.
COMMAND = (sys.executable, "-c", "from lms.start import main; main()")
#: How long one may take to start or to die, in seconds: others may be using the machine.
PATIENCE = 60


def free_port() -> int:
    """A port where nobody listens, nor did a moment ago: a server that is away may be about to return.

    Never one that the system gives to calls (32768 and above, by default): one of them could take it before the server
    does, or call itself there while it waits for the server.
    """
    while True:
        port = randrange(10_000, 32_768)
        # Not a server's socket, which would share the port of connections that are ending.
        with socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def listens(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    try:
        create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


class Running(ABC):
    """Such a server; a context, which starts it. Who inherits says how in ``start``, by ``_begin``."""

    _process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.kill()

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it answers."""

    def kill(self) -> None:
        """Kill it, frozen or not."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def end(self) -> None:
        """Tell it to end, which it does with the processes that it began: killed, it would leave them."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def freeze(self) -> None:
        """Let it answer nobody, with its doors open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _begin(self, command: Sequence[str | Path], said: Path, ready: Callable[[], bool]) -> None:
        """Start a program, what it says in a file, and wait until it is ready."""
        with said.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        end = time.monotonic() + PATIENCE
        while not ready():
            assert self._process.poll() is None, said.read_text("utf-8", "replace")
            assert time.monotonic() < end, f"{command[0]} does not start"
            Event().wait(0.02)
