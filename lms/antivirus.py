"""Asks an antivirus about files: a clamd, by its own protocol, where the settings name one (``LMS_ANTIVIRUS_URL``).

Whoever asks waits a bounded time. Nothing is taken for clean but what the scanner called clean once it had all of the
file (docs/adr/0049). Sources: clamd(8), « COMMANDS »; ClamAV's ``docs/man/clamd.8``.
"""

import re
import select
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import pack
from threading import BoundedSemaphore
from typing import IO, Literal
from urllib.parse import urlsplit

from lms.presence import Presence

#: How long a whole file may take, in seconds; a question about the scanner itself; after how many seconds one that
#: was away is asked again.
PATIENCE, ANSWER, AGAIN = 30.0, 2.0, 10.0
#: Files of one process examined at once: fewer than it works on (``lms.turns.AT_ONCE``), so that slow ones do not hold
#: all of it.
TOGETHER = 3
#: Bytes sent at once, and of the longest answer that is read.
CHUNK, LONGEST = 1 << 16, 4096
PORT = 3310
#: What every antivirus calls harmful though it is not (eicar.org), in pieces: whole, it would be found in this file.
HARMLESS = b"".join((b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!", b"$H+H*"))

#: « large »: more than the scanner takes (``StreamMaxLength``); « slow »: no answer in time; « failed »: it could not
#: say, or answered something else; « away »: it is not there.
Outcome = Literal["clean", "infected", "large", "slow", "failed", "away"]
OUTCOMES: tuple[Outcome, ...] = ("clean", "infected", "large", "slow", "failed", "away")

_FOUND = re.compile(r"stream: ([\x21-\x7e]{1,200}) FOUND")
_VERSION = re.compile(r"ClamAV [^/]{1,60}(?:/\d+/(.{10,40}))?")


@dataclass(frozen=True)
class Verdict:
    """What became of a file; ``signature`` is what the scanner calls what it found, in plain letters."""

    outcome: Outcome
    signature: str = ""


class Broken(OSError):
    """The scanner ended a conversation, or answered what the protocol does not know."""


class Antivirus:
    """The scanner at that address: ``clamd://host:3310`` or ``clamd:///run/clamav/clamd.ctl``."""

    def __init__(self, url: str) -> None:
        self._place = place_of(url)
        self._presence = Presence("antivirus", AGAIN)
        self._places = BoundedSemaphore(TOGETHER)

    def scan(self, stream: IO[bytes], seconds: float | None = None) -> Verdict:
        """What the scanner says of a file, read in pieces from where it stands. Waits ``PATIENCE`` unless told.

        Raises nothing of the scanner's: one that is away, slow or odd is an outcome.
        """
        end = time.monotonic() + (PATIENCE if seconds is None else seconds)
        if not self._presence.to_ask():
            return Verdict("away")
        if self._presence.away and not self._there():  # nobody hands a file to who does not even say its name
            return Verdict("away")
        if not self._places.acquire(timeout=ANSWER):
            return Verdict("slow")
        try:
            with self._opened(min(end, time.monotonic() + ANSWER)) as line:
                verdict = _judged(_streamed(line, stream, end))
        except OSError as error:
            # A file that it cannot get through must not close the door to those of everybody else.
            slow = isinstance(error, TimeoutError)
            return Verdict(("slow" if slow else "failed") if self._there() else "away")
        finally:
            self._places.release()
        self._presence.answered()
        return verdict

    def away(self) -> bool:
        """Whether it does not answer now."""
        return not self._there() if self._presence.to_ask() else True

    def version(self) -> tuple[str, datetime | None]:
        """What it says it is, and of when its signatures are; None where it does not say. Raises ``OSError``."""
        said = self._asked(b"VERSION")
        found = _VERSION.fullmatch(said)
        if found is None:
            raise Broken("version")
        try:
            # It says no zone: half a day more or less changes nothing of an age in days.
            dated = datetime.strptime(found[1] or "", "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
        except ValueError:
            dated = None
        return said.partition("/")[0], dated

    def _there(self) -> bool:
        """Whether it answers now, which is noted."""
        try:
            if self._asked(b"PING") != "PONG":
                raise Broken("ping")
        except OSError as error:
            self._presence.failed(type(error).__name__)
            return False
        self._presence.answered()
        return True

    def _asked(self, command: bytes) -> str:
        end = time.monotonic() + ANSWER
        with self._opened(end) as line:
            _send(line, b"z" + command + b"\0", end)
            return _answer(line, end)

    def _opened(self, end: float) -> socket.socket:
        seconds = _left(end)
        if isinstance(self._place, tuple):
            return socket.create_connection(self._place, timeout=seconds)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(seconds)
            line.connect(self._place)
        except OSError:
            line.close()
            raise
        return line


def place_of(url: str) -> tuple[str, int] | str:
    """Host and port, or the path of a socket, of that address. Raises ``ValueError`` with no address in it."""
    parts = urlsplit(url)
    remote, here = bool(parts.hostname) and parts.path in {"", "/"}, not parts.netloc and len(parts.path) > 1
    # 107: what a name of a socket may have, in bytes (unix(7)).
    if parts.scheme != "clamd" or not (remote or here) or parts.username or parts.query or parts.fragment:
        raise ValueError("not an address of a clamd")
    if here:
        if len(parts.path.encode()) > 107:
            raise ValueError("the name of the socket is too long")
        return parts.path
    if parts.port == 0:
        raise ValueError("no port")
    return parts.hostname or "", parts.port or PORT


def _streamed(line: socket.socket, stream: IO[bytes], end: float) -> str:
    """Hand a whole file over; what is answered. Raises ``OSError``."""
    said = select.poll()
    said.register(line, select.POLLIN)
    try:
        _send(line, b"zINSTREAM\0", end)
        while piece := stream.read(CHUNK):
            if said.poll(0):
                return _early(line, end)
            _send(line, pack("!L", len(piece)) + piece, end)
        _send(line, pack("!L", 0), end)
    except (BrokenPipeError, ConnectionResetError):
        return _early(line, end)  # it may have said why before it hung up
    return _answer(line, end)


def _send(line: socket.socket, data: bytes, end: float) -> None:
    line.settimeout(_left(end))
    line.sendall(data)


def _early(line: socket.socket, end: float) -> str:
    """What is said before all was sent: that it is enough, perhaps, but never that all is well."""
    said = _answer(line, end)
    if said == "stream: OK":
        raise Broken("early")
    return said


def _answer(line: socket.socket, end: float) -> str:
    """What is said until the NUL that ends it, bounded. Raises ``OSError``."""
    said = b""
    while b"\0" not in said:
        line.settimeout(_left(end))
        piece = line.recv(LONGEST)
        if not piece or len(said) > LONGEST:
            raise Broken("answer")
        said += piece
    words, _end, more = said.partition(b"\0")
    if more:
        raise Broken("answer")
    return words.decode("ascii", "replace")


def _judged(said: str) -> Verdict:
    """What an answer means. Raises ``Broken`` for what is none."""
    if said == "stream: OK":
        return Verdict("clean")
    if found := _FOUND.fullmatch(said):
        return Verdict("infected", found[1])
    if said == "INSTREAM size limit exceeded. ERROR":
        return Verdict("large")
    raise Broken("verdict")


def _left(end: float) -> float:
    """Seconds left until then. Raises ``TimeoutError`` when there are none."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
