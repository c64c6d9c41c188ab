"""A real clamd with one signature of ours, on a socket and a free port, frozen and killed at will; and impostors."""

import hashlib
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from socket import socket
from typing import IO, Any

from lms import antivirus
from lms.antivirus import HARMLESS, Verdict
from lms.models import db
from tests.running_in_test import PATIENCE, Running, free_port

PROGRAM = "/usr/sbin/clamd"
#: What our signature is called, as the scanner says it.
SIGNATURE = "Test.Harmless.UNOFFICIAL"
#: Bytes of a stream that it takes; the file made to test antiviruses.
MOST, EICAR = 3_000_000, HARMLESS


class Clamd(Running):
    """A clamd of our own, which downloads nothing; a context. ``path`` and ``port`` are where it listens."""

    def __init__(self) -> None:
        # A path of pytest's own may be longer than a socket's name can be.
        self._folder = Path(tempfile.mkdtemp(prefix="mpia-clamd-"))
        self.path = self._folder / "clamd.ctl"
        self.port = free_port()
        self.url, self.remote = f"clamd://{self.path}", f"clamd://127.0.0.1:{self.port}"
        signatures = self._folder / "signatures"
        signatures.mkdir()
        line = f"{hashlib.sha256(EICAR).hexdigest()}:{len(EICAR)}:Test.Harmless:73\n"
        (signatures / "ours.hsb").write_text(line)
        self._settings, self._log = self._folder / "clamd.conf", self._folder / "clamd.log"
        self._settings.write_text(
            f"LocalSocket {self.path}\nTCPSocket {self.port}\nTCPAddr 127.0.0.1\nForeground yes\n"
            f"DatabaseDirectory {signatures}\nTemporaryDirectory {self._folder}\nStreamMaxLength {MOST}\n"
            f"LogFile {self._log}\nMaxThreads 4\nSelfCheck 0\n"
        )
        # A copy, which a machine's AppArmor does not keep to the machine's own folders.
        self._program = Path(shutil.copy(PROGRAM, self._folder / "clamd"))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it and wait until it answers at both places."""
        self._begin([self._program, "--config-file", self._settings], self._folder / "output", self._listens)

    def _listens(self) -> bool:
        for address in (str(self.path), ("127.0.0.1", self.port)):
            with socket(1 if isinstance(address, str) else 2) as line:
                line.settimeout(PATIENCE)
                try:
                    line.connect(address)
                    line.sendall(b"zPING\0")
                    if line.recv(100) != b"PONG\0":
                        return False
                except OSError:
                    return False
        return True


class Stub:
    """A scanner that says what it is told to; ``seen`` are the files it was shown."""

    def __init__(self, *outcomes: antivirus.Outcome) -> None:
        self.outcomes, self.seen = list(outcomes), list[bytes]()
        self.meanwhile: Callable[[], None] = lambda: None

    def scan(self, stream: IO[bytes], seconds: float) -> Verdict:
        assert seconds > 0
        assert not db.session().in_transaction(), "nobody waits in the database for the scanner"
        self.meanwhile()
        self.seen.append(stream.read())
        outcome = self.outcomes.pop(0)
        return Verdict(outcome, SIGNATURE if outcome == "infected" else "")

    def away(self) -> bool:
        return True


@contextmanager
def impostor(answer: Callable[[socket, bytes], None]) -> Iterator[str]:
    """The address of something that is no scanner: ``answer`` is given each conversation and its first bytes."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # who asked has hung up
                answer(self.request, self.request.recv(100))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"clamd://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def saying(words: bytes, *, at_once: bool = False) -> Callable[[socket, bytes], None]:
    """Answers PING well, and ``words`` to a file: once it has all of it, or at once."""

    def answer(line: socket, first: bytes) -> None:
        if first.startswith(b"zPING"):
            line.sendall(b"PONG\0")
        elif at_once:
            line.sendall(words)
            swallow(line, b"")
        else:
            received(line, first)
            line.sendall(words)

    return answer


def received(line: socket, first: bytes) -> bytes:
    """The file that a conversation begun by ``first`` streams, taken piece by piece: it may hold any bytes."""
    said, content = first, b""

    def upto(size: int) -> bytes:
        nonlocal said
        while len(said) < size:
            more = line.recv(1 << 16)
            if not more:
                raise ConnectionError("who asked has hung up")
            said += more
        taken, said = said[:size], said[size:]
        return taken

    upto(len(b"zINSTREAM\0"))
    while size := int.from_bytes(upto(4)):
        content += upto(size)
    return content


def swallow(line: socket, last: bytes) -> None:
    """Take what is sent until the length that says that there is no more, or until the other hangs up."""
    while not last.endswith(bytes(4)):
        piece = line.recv(1 << 16)
        if not piece:
            return
        last = (last + piece)[-4:]


def file_of(size: int, byte: bytes = b"x") -> BytesIO:
    """So many times that byte."""
    return BytesIO(byte * size)
