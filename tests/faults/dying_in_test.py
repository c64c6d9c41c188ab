"""What tests ask of processes that may die, and what is done once one is dead, as its user and its keeper would."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy.orm import Session

from lms.models import AccessToken, OutboxJob, utcnow
from tests.faults.process_in_test import NAME
from tests.platform_in_test import PlatformInTest

#: More steps than anything has.
MOST = 400


class _Process:
    """The process that forks the others: one for all tests, since starting one takes seconds."""

    running: ClassVar[subprocess.Popen[str] | None] = None

    @classmethod
    def asked(cls, order: Mapping[str, Any]) -> list[Any]:
        """What became of each thing that was asked."""
        if cls.running is None:
            cls.running = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.process_in_test"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                cwd=Path(__file__).parents[2],
            )  # fmt: skip
        assert cls.running.stdin is not None
        assert cls.running.stdout is not None
        cls.running.stdin.write(json.dumps(order) + "\n")
        cls.running.stdin.flush()
        return list(json.loads(cls.running.stdout.readline()))


def end_processes() -> None:
    """Let the process end; after the last test."""
    process, _Process.running = _Process.running, None
    if process is not None:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
        assert process.stdout is not None
        process.stdout.close()


class Processes:
    """Processes of the service: each does one thing, and may be killed on the way."""

    def __init__(self, app: Flask, *platforms: PlatformInTest) -> None:
        config = app.extensions["mpia"]
        keys = {
            each.jwks_url: {
                "kid": each.kid,
                "pem": each.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            }
            for each in platforms
        }
        self._where = [str(value) for value in (config.database, config.data_dir, config.keys_dir)] + [json.dumps(keys)]

    def at_once(self, *asked: Mapping[str, Any]) -> list[Any]:
        """Have each done by a process of its own, all at the same moment; what each gave, or « killed »."""
        said = _Process.asked({"where": self._where, "asked": asked})
        assert "failed" not in said, "a process ended by itself"
        return said

    def does(self, act: str, step: int = 0, **more: Any) -> Any:
        """Have it done by a process that is killed at that step; what it gave, or « killed »."""
        return self.at_once({"act": act, "step": step, **more})[0]


def buried(session: Session) -> None:
    """Wait until the database has noticed that the dead are: what they had begun is undone, what they held is free."""
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":
        left = sa.text("select count(*) from pg_stat_activity where application_name = :name")
        while session.execute(left, {"name": NAME}).scalar():
            session.rollback()
            session.execute(sa.text("select pg_sleep(0.002)"))
    session.rollback()
    session.expire_all()


def time_passes(session: Session) -> None:
    """What the dead held is taken for free: jobs, and the asking for a token."""
    past = utcnow() - timedelta(seconds=1)
    session.execute(sa.update(OutboxJob).where(OutboxJob.leased_until.is_not(None)).values(leased_until=past))
    session.execute(sa.update(AccessToken).values(asking_until=None))
    session.commit()
