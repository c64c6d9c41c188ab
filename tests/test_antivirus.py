"""Files are shown to a real clamd; one that is away, frozen, dying or lying lets nothing through."""

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import SHUT_RDWR, SHUT_WR, socket, socketpair
from threading import Event, Semaphore

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from lms import antivirus
from lms.antivirus import Antivirus, Verdict
from lms.config import ConfigError
from lms.turns import AT_ONCE
from tests.clamd_in_test import EICAR, MOST, PATIENCE, SIGNATURE, Clamd, file_of, impostor, saying, swallow
from tests.conftest import make_config

INFECTED = Verdict("infected", SIGNATURE)


pytestmark = pytest.mark.usefixtures("patient_scanner")


def archive(content: bytes) -> io.BytesIO:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("inside.txt", content)
    held.seek(0)
    return held


def test_what_is_harmful_is_found_at_both_kinds_of_address(clamd: Clamd) -> None:
    for url in (clamd.url, clamd.remote):
        scanner = Antivirus(url)
        assert scanner.scan(io.BytesIO(EICAR)) == INFECTED
        assert scanner.scan(archive(EICAR)) == INFECTED
        assert scanner.scan(archive(b"hello")) == Verdict("clean")
        assert scanner.scan(io.BytesIO()) == Verdict("clean")
        assert scanner.scan(file_of(2_500_000)) == Verdict("clean")
        assert not scanner.away()
        assert scanner.version()[0].startswith("ClamAV 1.")


def test_a_file_is_read_from_where_it_stands_in_small_pieces(clamd: Clamd) -> None:
    class Measured(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size > 0, "never the whole of it"
            self.largest = max(self.largest, size)
            return super().read(size)

    stream = Measured(b"before" + EICAR)
    stream.seek(6)
    assert Antivirus(clamd.url).scan(stream) == INFECTED
    assert stream.largest == antivirus.CHUNK


@pytest.mark.parametrize("size", [MOST + 1, 10 * MOST])
def test_what_is_larger_than_it_takes_is_told_apart(clamd: Clamd, size: int) -> None:
    scanner = Antivirus(clamd.url)
    assert scanner.scan(file_of(size)) == Verdict("large")
    assert scanner.scan(file_of(10)) == Verdict("clean")


def test_one_that_is_killed_is_away_and_comes_back_without_a_restart() -> None:
    with Clamd() as own, capture_logs() as logs:
        scanner = Antivirus(own.url)
        assert scanner.scan(file_of(10)) == Verdict("clean")
        own.kill()
        assert [scanner.scan(file_of(10)).outcome for _turn in range(3)] == ["away"] * 3
        assert scanner.away()
        own.path.unlink(missing_ok=True)
        own.start()
        assert scanner.scan(io.BytesIO(EICAR)) == INFECTED
        assert not scanner.away()
    told = [(line["event"], line.get("cause")) for line in logs if line.get("what") == "antivirus"]
    assert told == [("away", "ConnectionRefusedError"), ("back", None)]


def test_nobody_waits_for_one_that_is_frozen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with Clamd() as own:
        monkeypatch.setattr(antivirus, "ANSWER", 0.3)
        monkeypatch.setattr(antivirus, "AGAIN", 3600.0)
        scanner = Antivirus(own.url)
        own.freeze()
        assert scanner.scan(file_of(2_000_000), 0.3) == Verdict("away")
        monkeypatch.setattr(antivirus, "ANSWER", 3600.0)  # a second one that waited would stay here
        assert scanner.scan(file_of(10), 3600) == Verdict("away")
        assert scanner.away()
        own.thaw()
        monkeypatch.setattr(antivirus, "ANSWER", 60.0)
        assert Antivirus(own.url).scan(file_of(10)) == Verdict("clean")


def test_a_file_that_takes_too_long_closes_the_door_to_nobody_else() -> None:
    over = Event()

    def answer(line: socket, first: bytes) -> None:
        if first.startswith(b"zPING"):
            line.sendall(b"PONG\0")
        elif b"slow" in first + line.recv(100):
            over.wait(PATIENCE)
        else:
            swallow(line, b"")
            line.sendall(b"stream: OK\0")

    with impostor(answer) as url:
        scanner = Antivirus(url)
        assert scanner.scan(io.BytesIO(b"slow"), 0.3) == Verdict("slow")
        assert scanner.scan(io.BytesIO(b"slow"), 0.0) == Verdict("slow"), "no time left is not asked"
        over.set()
        assert not scanner.away()


def test_slow_files_do_not_hold_every_thread_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    over, held = Event(), Semaphore(0)

    def answer(line: socket, first: bytes) -> None:
        swallow(line, first)
        held.release()
        over.wait(PATIENCE)
        line.sendall(b"stream: OK\0")

    assert antivirus.TOGETHER < AT_ONCE
    with impostor(answer) as url, ThreadPoolExecutor(antivirus.TOGETHER) as threads:
        scanner = Antivirus(url)
        slow = [threads.submit(scanner.scan, file_of(10)) for _turn in range(antivirus.TOGETHER)]
        assert all(held.acquire(timeout=PATIENCE) for _each in slow)
        with monkeypatch.context() as patch:
            patch.setattr(antivirus, "ANSWER", 0.01)
            assert scanner.scan(file_of(10), 3600) == Verdict("slow")
        over.set()
        assert [each.result().outcome for each in slow] == ["clean"] * antivirus.TOGETHER
        assert scanner.scan(file_of(10)) == Verdict("clean")


LIES = {
    "nothing": b"", "half an answer": b"stream: O", "no end": b"stream: OK", "more after the end": b"stream: OK\0x",
    "another word": b"OK\0", "another case": b"stream: ok\0", "an error": b"stream: Can't allocate memory ERROR\0",
    "two answers": b"stream: OK\0stream: OK\0", "a newline": b"stream: OK\n\0", "a page": b"HTTP/1.1 200 OK\r\n\r\n\0",
    "no name": b"stream:  FOUND\0", "a name that is a text": b"stream: a\nb FOUND\0",
    "no ASCII": b"stream: \xff\xfe FOUND\0", "without end": b"x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("words", LIES.values(), ids=LIES)
def test_an_answer_that_is_none_lets_nothing_through(words: bytes) -> None:
    with impostor(saying(words)) as url:
        assert Antivirus(url).scan(file_of(100_000)) == Verdict("failed")


@given(st.one_of(st.binary(max_size=60), st.text(max_size=40).map(lambda words: f"stream: {words} FOUND\0".encode())))
@example(b"stream: OK\0")
@example(b"stream: OK \0")
def test_nothing_else_than_ok_is_clean(words: bytes) -> None:
    here, there = socketpair()
    with here, there:
        there.sendall(words)
        there.shutdown(SHUT_WR)
        try:
            verdict = antivirus._judged(antivirus._answer(here, time.monotonic() + PATIENCE))
        except OSError:
            assert words != b"stream: OK\0"
        else:
            assert (verdict.outcome == "clean") == (words == b"stream: OK\0")
            assert verdict.signature.isprintable()


def test_what_is_said_before_the_end_is_never_that_all_is_well() -> None:
    for words, outcome in (
        (b"stream: OK\0", "failed"), (b"stream: X FOUND\0", "infected"),
        (b"INSTREAM size limit exceeded. ERROR\0", "large"),
    ):  # fmt: skip
        with impostor(saying(words, at_once=True)) as url:
            waiting = _Waiting()
            assert Antivirus(url).scan(waiting).outcome == outcome  # type: ignore[arg-type]


class _Waiting(io.RawIOBase):
    """A file whose second piece comes a long while after the first, so that an early answer is there."""

    def __init__(self) -> None:
        self._pieces = [b"a" * 100, *[b"b" * 100] * 200]

    def read(self, size: int = -1) -> bytes:
        del size
        Event().wait(0.01)
        return self._pieces.pop(0) if self._pieces else b""


def test_one_that_dies_in_the_middle_has_said_nothing() -> None:
    def answer(line: socket, first: bytes) -> None:
        if not first.startswith(b"zPING"):
            line.recv(10)
        line.shutdown(SHUT_RDWR)

    with impostor(answer) as url:
        assert Antivirus(url).scan(file_of(5_000_000)) == Verdict("away")


def test_without_anybody_there_a_file_is_not_examined(tmp_path: Path) -> None:
    assert Antivirus(f"clamd://{tmp_path}/none.ctl").scan(file_of(10)) == Verdict("away")
    with socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert Antivirus(f"clamd://127.0.0.1:{unused.getsockname()[1]}").scan(file_of(10)) == Verdict("away")


@pytest.mark.parametrize(
    "url",
    ["http://h:3310", "h:3310", "clamd://", "clamd:///", "clamd://h:x", "clamd://h:0", "clamd://h:70000", "clamd://h/x",
     "clamd://u:p@h", "clamd://h?x=1", "clamd:///" + "x" * 200],
)  # fmt: skip
def test_an_address_of_another_kind_is_no_antivirus(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="LMS_ANTIVIRUS_URL must be like clamd://"):
        make_config("", tmp_path, antivirus_url=url)


def test_addresses_are_read() -> None:
    assert antivirus.place_of("clamd://scanner.example") == ("scanner.example", 3310)
    assert antivirus.place_of("clamd://[::1]:3311/") == ("::1", 3311)
    assert antivirus.place_of("clamd:///run/clamav/clamd.ctl") == "/run/clamav/clamd.ctl"
