"""The ``lms`` command as a terminal runs it, with an environment of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

import lms.cli
from lms.config import load_config
from lms.schema import upgrade
from tests.conftest import service
from tests.running_in_test import COMMAND
from tests.tracks_in_test import FOLDER as TRACKS

Run = Callable[..., "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a new installation on SQLite, as ``lms db upgrade`` leaves it: to be copied."""
    folder = tmp_path_factory.mktemp("installation") / "var"
    config = load_config({"LMS_DATA_DIR": str(folder), "LMS_TRACKS_DIR": str(TRACKS)})
    with service(config) as app:
        upgrade(app)
    return folder


@pytest.fixture
def ready(run: "Run", installation: Path, tmp_path: Path) -> "Run":
    """``run``, on a database of this release."""
    shutil.copytree(installation, tmp_path / "var", dirs_exist_ok=True)
    return run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``lms`` with these arguments and ``LMS_…`` settings; data go under ``tmp_path``, which is where it runs."""
    for name in [name for name in os.environ if name.startswith("LMS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("LMS_TRACKS_DIR", str(TRACKS))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, **settings: str) -> Outcome:
        before = structlog.get_config()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["lms", *arguments])
            for name, value in settings.items():
                patched.setenv(name, value)
            try:
                lms.cli.main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            else:
                status = 0
            finally:
                structlog.configure(**before)
        written = capsys.readouterr()
        return Outcome(status, written.out, written.err)

    return call


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What ``lms`` in a process of its own is told: these settings alone; its data go under ``folder``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    return {**kept, "LMS_TRACKS_DIR": str(TRACKS), "LMS_DATA_DIR": str(folder / "var"), **settings}


@pytest.fixture
def run_apart(tmp_path: Path) -> Run:
    """Runs ``lms`` in a process of its own."""

    def call(*arguments: str, **settings: str) -> Outcome:
        done = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120,
            env=environment(tmp_path, **settings),
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call
