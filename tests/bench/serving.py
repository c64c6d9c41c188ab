"""Servers as processes of their own, and the CPU they spend: what benches compare."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.running_in_test import free_port

#: How long a server may take to answer first, in seconds: others may be using the machine.
PATIENCE = 180


def cpu_of(pid: int) -> float:
    """CPU seconds spent so far by a process and those it started."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def children_of(pid: int) -> list[int]:
    """The processes that a process started itself."""
    found = list[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


@contextmanager
def process(
    command: Sequence[str], environment: Mapping[str, str], *, cwd: Path | None = None, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process until the block ends; what it says on standard error goes to ``log``, or where ours goes."""
    with log.open("wb") if log else contextlib.nullcontext() as said:
        running = subprocess.Popen(
            command, env={**os.environ, **environment}, cwd=cwd, stdout=subprocess.DEVNULL, stderr=said
        )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


@contextmanager
def server(
    command: Sequence[str], port: int, environment: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """A server until the block ends; gives a client of it, and a function that tells the CPU seconds it has spent."""
    with process(command, environment, cwd=cwd) as running, met(running, port) as client:
        yield client, lambda: cpu_of(running.pid)


@contextmanager
def met(running: subprocess.Popen[bytes], port: int) -> Iterator[httpx.Client]:
    """A client of a server just started, once it answers. Raises ``RuntimeError`` when it stopped or never does."""
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
    try:
        for _turn in range(PATIENCE * 10):
            if running.poll() is not None:
                raise RuntimeError(f"the server stopped with {running.returncode}")
            try:
                client.get("/nowhere")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server does not answer")
        yield client
    finally:
        client.close()


@contextmanager
def granian(
    factory: str, environment: Mapping[str, str], *, threads: int = 1, workers: int = 1
) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """Granian workers serving an application made by ``module:function``; as ``server`` otherwise."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", str(workers),
        "--blocking-threads", str(threads), "--no-log", "--host", "127.0.0.1", "--port", str(port), factory,
    ]  # fmt: skip
    with server(command, port, environment) as running:
        yield running
