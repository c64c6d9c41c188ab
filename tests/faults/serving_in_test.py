"""The service as it runs in life, ``lms serve`` in its own processes, which can be killed; learners who are in it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.cookies import CookieSessions
from lms.models import WebSession, utcnow
from lms.models.secrets import hashed, new_token
from lms.models.signing import serializer
from tests.running_in_test import COMMAND, free_port

TOKEN = "a" * 40


class Served:
    """``lms serve`` on a free port; a context."""

    #: What Python is told to run.
    PROGRAM: tuple[str, ...] = COMMAND[1:]

    def __init__(self, config: Config, workers: int = 1) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = ["serve", "--port", str(self.port), "--workers", str(workers)]
        self._environment = {
            **os.environ, "LMS_DATABASE_URL": config.database_url, "LMS_DATA_DIR": str(config.data_dir),
            "LMS_SECRET_KEY": config.secret_key, "LMS_BASE_URL": "http://localhost:8000",
            "LMS_CACHE_URL": config.cache_url, "LMS_REPLICA_URL": config.replica_url,
            "LMS_ANTIVIRUS_URL": config.antivirus_url,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Served":
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        self.kill()

    def start(self, patience: float = 240) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, *self.PROGRAM, *self._command]
        self._process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        try:
            self._answers(self._process, time.monotonic() + patience)
        except BaseException:
            self.kill()
            raise

    def _answers(self, process: "subprocess.Popen[bytes]", end: float) -> None:
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < end:
                assert process.poll() is None, "the service stopped by itself"
                try:
                    if client.get(f"{self.url}/healthz").status_code == 200:
                        return
                except httpx.TransportError:
                    time.sleep(0.1)
        raise TimeoutError("the service does not answer")

    def kill(self) -> None:
        """Kill every process of it at once, as a machine that stops does."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)

    @property
    def process_id(self) -> int:
        """The process that started the others."""
        assert self._process is not None
        return self._process.pid


@dataclass(frozen=True)
class Ticket:
    """What lets a learner's browser answer an attempt: the cookie, and what its pages have signed."""

    attempt: UUID
    cookie: str
    permission: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request of that browser carries."""
        return {"Cookie": self.cookie, "Accept": "application/json"}


def ticket(app: Flask, session: Session, person_id: int, attempt: UUID) -> Ticket:
    """Sign a learner in, without a launch; the caller commits."""
    with app.test_request_context():
        from flask import session as cookie
        from flask_wtf.csrf import generate_csrf

        cookie["csrf_token"] = TOKEN
        csrf = generate_csrf()
    permission = serializer(app.extensions["mpia"].secret_key, "answer this attempt").dumps(str(attempt))
    return Ticket(attempt, signed_cookie(app, session, person_id, "learner"), permission, csrf)


def signed_cookie(app: Flask, session: Session, person_id: int, role: str) -> str:
    """The cookie of a browser in which that person is signed in, without a launch; the caller commits."""
    now, held = utcnow(), new_token()
    row = WebSession(
        token_hash=hashed(held), person_id=person_id, roles=[role], created_at=now, expires_at=now + timedelta(hours=2)
    )
    session.add(row)
    cookies = CookieSessions(app).get_signing_serializer(app)
    return f"mpia={cookies.dumps({'sid': held, 'csrf_token': TOKEN})}"
