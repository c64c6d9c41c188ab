"""The main job over real HTTP: the running demo, walked through by the check that `lms demo --check` runs."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from curricula.registry import SHIPPED
from lms.demo import Addresses, Demo
from lms.demo_check import CheckFailed, check
from tests.conftest import SECRET
from tests.running_in_test import COMMAND, free_port

LEFT = ["certificate.pdf", "completions.csv", "credential.json", "credential.jwt", "did.json", "status.json"]
STEPS = (
    "launched from the LMS", "D1 read", "D1 passed", "D2 read", "D2 passed", "score in the LMS's gradebook",
    "name to print confirmed", "certificate issued", "certificate verified offline", "trainer sees the cohort",
    "HR's export holds the line",
)  # fmt: skip


def free_ports() -> Addresses:
    """Two ports that nobody listens on."""
    ports = set[int]()
    while len(ports) < 2:
        ports.add(free_port())
    return Addresses(*ports)


def lms(*arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command as people run it."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **settings},
    )  # fmt: skip


def test_the_command_proves_the_main_job_twice_over(tmp_path: Path) -> None:
    """A first run, then one on the same folder: what is kept from the first is found by the second."""
    ports = free_ports()
    for _ in range(2):
        where = ["--dir", str(tmp_path), "--port", str(ports.port), "--lms-port", str(ports.lms_port)]
        done = lms("demo", "--check", *where, cwd=Path.cwd())
        assert done.returncode == 0, done.stdout + done.stderr
        said = [line.split("] ", 1)[1].split(":")[0] for line in done.stdout.splitlines() if line.startswith("  [")]
        assert tuple(said) == STEPS
        assert sorted(path.name for path in (tmp_path / "check").iterdir()) == LEFT
        offline = lms(
            "verify", str(tmp_path / "check/certificate.pdf"), "--did", str(tmp_path / "check/did.json"),
            "--status", str(tmp_path / "check/status.json"), cwd=Path.cwd(),
        )  # fmt: skip
        assert offline.returncode == 0, offline.stdout + offline.stderr
    credential = json.loads((tmp_path / "check/credential.json").read_text())
    assert credential["credentialSubject"]["licenseNumber"].endswith("-000001")


def test_the_main_job_on_the_tracks_of_the_release(tmp_path: Path) -> None:
    """What a newcomer runs: six modules of every type of question, one of them with a work that a trainer marks."""
    ports = free_ports()
    where = ["--dir", str(tmp_path), "--port", str(ports.port), "--lms-port", str(ports.lms_port)]
    done = lms("demo", "--check", *where, cwd=Path.cwd(), LMS_TRACKS_DIR=str(SHIPPED))
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.split("] ", 1)[1].split(":")[0] for line in done.stdout.splitlines() if line.startswith("  [")]
    assert [step for step in said if step.endswith("passed")] == [f"D{number} passed" for number in range(1, 7)]
    assert said[-len(STEPS[5:]) :] == list(STEPS[5:])


def test_the_main_job_on_each_database(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the launch to HR's line, with the server, the worker and the LMS each in its own thread."""
    monkeypatch.setenv("LMS_SECRET_KEY", SECRET)  # under which the database's LTI key is encrypted
    said: list[str] = []
    with Demo(tmp_path / "demo", free_ports(), database_url) as demo:
        check(demo, said.append)
    assert tuple(line.split("] ", 1)[1].split(":")[0] for line in said) == STEPS


def test_the_check_can_fail(tmp_path: Path) -> None:
    """The LMS's gradebook is down all along: the check says which step failed, and the score waits."""
    from lms.devlms import Quirks
    from lms.models import OutboxJob, db

    with Demo(tmp_path, free_ports()) as demo:
        campus = demo.devlms.extensions["devlms"]
        said: list[str] = []

        def say(line: str) -> None:
            said.append(line)
            if "D2 read" in line:
                campus.quirks = Quirks(down=True)

        with pytest.raises(CheckFailed, match="did not come"):
            check(demo, say, patience=2)
        assert not any("gradebook" in line for line in said)
        with demo.app.app_context():
            states = set(db.session.scalars(db.select(OutboxJob.status).filter_by(kind="send_score")))
            db.session.remove()
    assert states == {"pending"}
