"""The whole product with every address refused but its own, the platform's and the database's: it calls nobody else."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import create_server, socket

import httpx
import pytest

from lms.config import Config
from tests.clamd_in_test import impostor, saying
from tests.conftest import SECRET
from tests.faults.serving_in_test import Served
from tests.functional.test_main_job import STEPS, free_ports
from tests.guard_in_test import Guard
from tests.running_in_test import COMMAND

ROOT = Path(__file__).parents[2]
DEMO = """
import sys
from pathlib import Path
from lms.demo import Addresses, Demo
from lms.demo_check import check
from lms.logs import init_logs
init_logs()  # beside what is said, as in production: a line of another thread would run into one of these
with Demo(Path(sys.argv[1]), Addresses(int(sys.argv[2]), int(sys.argv[3])), sys.argv[4]) as demo:
    check(demo, print)
"""
#: Ways out, each as one statement; ``PORT`` is that of a server nobody configured.
WAYS = {
    "a connection": ("import socket; socket.create_connection(('127.0.0.1', PORT))", "socket.connect 127.0.0.1:PORT"),
    "one that gives a code": (
        "import socket; socket.socket().connect_ex(('127.0.0.1', PORT))", "socket.connect 127.0.0.1:PORT",
    ),
    "below the module": (
        "import _socket; _socket.socket(2, 1).connect(('127.0.0.1', PORT))", "socket.connect 127.0.0.1:PORT",
    ),
    "another machine, on a port that is open here": (
        "import socket; socket.socket().connect(('192.0.2.1', OPEN))", "socket.connect 192.0.2.1:OPEN",
    ),
    "a datagram": (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.sendto 192.0.2.1:53",
    ),
    "a message": (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
        "socket.sendmsg 192.0.2.1:53",
    ),
    "a name": ("import socket; socket.getaddrinfo('lms.example.org', 443)", "socket.getaddrinfo lms.example.org"),
    "a name, the old way": ("import socket; socket.gethostbyname('example.org')", "socket.gethostbyname example.org"),
    "a loop": (
        "import asyncio; asyncio.run(asyncio.wait_for(asyncio.open_connection('127.0.0.1', PORT), 60))",
        "socket.connect 127.0.0.1:PORT",
    ),
    "our own client": (
        "from lms.lti.http import Outbound; Outbound(('127.0.0.1',)).request('GET', 'http://127.0.0.1:PORT/')",
        "socket.connect 127.0.0.1:PORT",
    ),
    "mail": ("import smtplib; smtplib.SMTP('127.0.0.1', PORT)", "socket.connect 127.0.0.1:PORT"),
    "an antivirus": (
        "from lms.antivirus import Antivirus; Antivirus('clamd://127.0.0.1:PORT').version()",
        "socket.connect 127.0.0.1:PORT",
    ),
    "a child": (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import socket; socket.create_connection((\"127.0.0.1\", PORT))'], check=True)",
        "socket.connect 127.0.0.1:PORT",
    ),
    "another program": ("import subprocess; subprocess.run(['/bin/true'])", "subprocess.Popen /bin/true"),
}  # fmt: skip


@pytest.fixture
def stranger() -> Iterator[socket]:
    """A server that nobody configured; whoever reaches it waits in its queue."""
    with create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def run(guard: Guard, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A process under the guard."""
    environment = {**os.environ, **settings, **guard.environment}
    return subprocess.run(
        [sys.executable, "-c", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=250, check=False,
        env=environment,
    )  # fmt: skip


@pytest.mark.parametrize(("statement", "told"), WAYS.values(), ids=WAYS)
def test_the_guard_bites(tmp_path: Path, stranger: socket, statement: str, told: str) -> None:
    """Each way out is refused and recorded, and nobody arrives."""
    port, opened = stranger.getsockname()[1], 4
    guard = Guard(tmp_path / "record", (opened,))
    fill = {"PORT": str(port), "OPEN": str(opened)}
    for word, number in fill.items():
        statement, told = statement.replace(word, number), told.replace(word, number)
    done = run(guard, statement)
    assert done.returncode != 0, done.stdout
    assert "guard" in done.stderr or "unreachable" in done.stderr, done.stderr
    assert told in guard.refused
    with pytest.raises(BlockingIOError):
        stranger.accept()


def test_the_guard_lets_through_what_is_configured(tmp_path: Path, stranger: socket) -> None:
    port = stranger.getsockname()[1]
    guard = Guard(tmp_path / "record", (port,))
    done = run(guard, f"import socket; socket.create_connection(('localhost', {port}))")
    assert done.returncode == 0, done.stderr
    assert (guard.refused, guard.called) == ([], {port})


def test_the_antivirus_is_called_where_the_settings_say(tmp_path: Path) -> None:
    """There alone: whoever is called instead is refused, and the file with it."""
    scan = (
        "import io, sys; from lms.antivirus import Antivirus; print(Antivirus(sys.argv[1]).scan(io.BytesIO(b'x'), 60))"
    )
    with impostor(saying(b"stream: OK\0")) as url:
        port = int(url.rpartition(":")[2])
        guard, closed = Guard(tmp_path / "record", (port,)), Guard(tmp_path / "closed", (4,))
        assert "outcome='clean'" in run(guard, scan, url).stdout
        assert "outcome='away'" in run(closed, scan, url).stdout
    assert (guard.refused, guard.called) == ([], {port})
    assert set(closed.refused) == {f"socket.connect 127.0.0.1:{port}"}


def test_the_main_job_calls_nobody_else(tmp_path: Path, database_url: str) -> None:
    """From the launch to HR's line: service, worker and platform, with nobody else to talk to."""
    ports = free_ports()
    guard = Guard(tmp_path / "record", (ports.port, ports.lms_port))
    done = run(
        guard, DEMO, str(tmp_path / "demo"), str(ports.port), str(ports.lms_port), database_url, LMS_SECRET_KEY=SECRET
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.split("] ", 1)[1].split(":")[0] for line in done.stdout.splitlines() if line.startswith("  [")]
    assert tuple(said) == STEPS
    assert guard.refused == []
    assert guard.called == {ports.port, ports.lms_port}  # it did watch


def test_the_processes_of_production_call_nobody(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``lms serve`` in processes of its own, and ``lms worker`` with its keys and its upkeep: not one call."""
    guard = Guard(tmp_path / "record", (4,))
    for name, value in guard.environment.items():
        monkeypatch.setenv(name, value)
    settings = {
        "LMS_DATABASE_URL": config.database_url, "LMS_DATA_DIR": str(config.data_dir),
        "LMS_SECRET_KEY": config.secret_key, "LMS_BASE_URL": "http://localhost:8000",
    }  # fmt: skip
    with Served(config, workers=2) as served, httpx.Client(base_url=served.url, trust_env=False) as browser:
        assert browser.get("/.well-known/did.json").status_code == 503  # no worker has started yet
        command = [*COMMAND, "worker"]
        with subprocess.Popen(command, env={**os.environ, **settings}) as worker:
            try:
                end = time.monotonic() + 120
                while browser.get("/.well-known/did.json").status_code != 200:
                    assert worker.poll() is None
                    assert time.monotonic() < end
            finally:
                worker.terminate()
        for path in ("/verify", "/account/login", "/legal", "/static/look.css"):
            assert browser.get(path).status_code == 200
    assert guard.refused == []
