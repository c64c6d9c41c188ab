"""The running service under test: two processes of the production server on one database, each reached at will."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from flask import Flask

from lms.app import create_app
from lms.models import db
from tests.conftest import SECRET, make_config
from tests.hostile.network import LoopbackNetwork
from tests.hostile.served import PROCESSES
from tests.running_in_test import free_port

#: What people and platforms call the service by; in front of it stands a proxy that ends TLS, whose headers we send.
TOOL = "https://tool.example.org"
#: How long an idle connection surely stays open, in seconds.
IDLE = 10.0


class Clock:
    """The time of the caches of every process, moved by hand."""

    def __init__(self, path: Path) -> None:
        self.path, self._ahead = path, 0.0
        path.write_text("0")

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass for every cache."""
        self._ahead += seconds
        fresh = self.path.with_suffix(".new")
        fresh.write_text(str(self._ahead))
        fresh.replace(self.path)


class Service:
    """Two processes of the service; use it as a context. ``app`` looks at their database and serves nothing."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.network = LoopbackNetwork()
        self.clock = Clock(folder / "clock")
        self._log_path, self._folder, self._database = folder / "log", folder, database_url
        config = make_config(database_url, folder, base_url=TOOL, trusted_proxies=1, testing=False)
        self.app: Flask = create_app(config)
        self.app.extensions["network_in_test"] = self.network
        self._lock = threading.Lock()
        #: Idle connections by process, each with the time of its last use.
        self._idle: dict[int, list[tuple[float, httpx.Client]]] = {}

    def __enter__(self) -> Self:
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")} | {
            "LMS_BASE_URL": TOOL, "LMS_DATABASE_URL": self._database, "LMS_DATA_DIR": str(self._folder),
            "LMS_SECRET_KEY": SECRET, "LMS_ALLOWED_PRIVATE_HOSTS": "127.0.0.1", "LMS_TRUSTED_PROXIES": "1",
            "HOSTILE_CLOCK": str(self.clock.path),
        }  # fmt: skip
        with self._log_path.open("wb") as log:
            self._granian = subprocess.Popen(
                [sys.executable, "-m", "tests.hostile.served", str(port)],
                env=environment, stdout=log, stderr=log, cwd=Path(__file__).parents[2],
            )  # fmt: skip
        try:
            self._meet()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        with self.app.app_context():
            db.engine.dispose()
        self.app.extensions["outbound"].close()
        self.network.close()

    def _stop(self) -> None:
        for lines in self._idle.values():
            for _used, line in lines:
                line.close()
        self._granian.terminate()
        self._granian.wait(20)

    @property
    def processes(self) -> list[int]:
        """The numbers of the processes."""
        return sorted(self._idle)

    def send(self, process: int, request: dict[str, Any]) -> httpx.Response:
        """One answer of that process."""
        line = self._line(process)
        headers = {"Host": TOOL.removeprefix("https://"), "X-Forwarded-Proto": "https", **request.pop("headers", {})}
        try:
            answer = line.request(**request, headers=headers)
        except httpx.RemoteProtocolError:  # closed meanwhile: the process had refused to read a body to its end
            line.close()
            line = self._line(process)
            answer = line.request(**request, headers=headers)
        whose = int(answer.headers.get("X-Process", 0))
        if whose == process and answer.headers.get("Connection") != "close":
            self._rest(process, line)
        else:
            line.close()
        return answer

    def log_size(self) -> int:
        """Where the log ends now, in bytes."""
        return self._log_path.stat().st_size

    def log_since(self, size: int) -> str:
        """What every process wrote to the log since."""
        with self._log_path.open("rb") as log:
            log.seek(size)
            return log.read().decode()

    def _meet(self, patience: float = 180) -> None:
        """Wait until each process has answered once."""
        end = time.monotonic() + patience
        while len(self._idle) < PROCESSES:
            assert self._granian.poll() is None, self.log_since(0)
            assert time.monotonic() < end, self.log_since(0)
            try:
                self._open()
            except httpx.TransportError:
                time.sleep(0.05)

    def _open(self) -> None:
        """One more connection, with whichever process takes it."""
        line = httpx.Client(base_url=self._url, trust_env=False, timeout=60, limits=httpx.Limits(max_connections=1))
        try:
            self._rest(int(line.get("/healthz").headers["X-Process"]), line)
        except httpx.TransportError:
            line.close()
            raise

    def _rest(self, process: int, line: httpx.Client) -> None:
        with self._lock:
            self._idle.setdefault(process, []).append((time.monotonic(), line))

    def _line(self, process: int) -> httpx.Client:
        for _turn in range(200):
            with self._lock:
                lines = self._idle[process]
                used, line = lines.pop() if lines else (0.0, None)
            if line is not None and time.monotonic() - used < IDLE:
                return line
            if line is not None:
                line.close()
            self._open()
        raise AssertionError(f"process {process} takes no connection: {self.log_since(0)}")
