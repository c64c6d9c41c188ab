"""Servers as processes of their own, and the CPU they spend: what benches compare."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


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


@contextmanager
def server(
    command: Sequence[str], port: int, environment: Mapping[str, str], *, cwd: Path | None = None
) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """A server until the block ends; gives a client of it, and a function that tells the CPU seconds it has spent."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=cwd, stdout=subprocess.DEVNULL)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
    try:
        for _turn in range(300):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} stopped with {process.returncode}")
            try:
                client.get("/nowhere")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield client, lambda: cpu_of(process.pid)
    finally:
        client.close()
        process.terminate()
        process.wait(20)


@contextmanager
def granian(
    factory: str, environment: Mapping[str, str], *, threads: int = 1
) -> Iterator[tuple[httpx.Client, Callable[[], float]]]:
    """One granian worker serving an application made by ``module:function``; as ``server`` otherwise."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", "1", "--blocking-threads",
        str(threads), "--no-log", "--host", "127.0.0.1", "--port", str(port), factory,
    ]  # fmt: skip
    with server(command, port, environment) as running:
        yield running
