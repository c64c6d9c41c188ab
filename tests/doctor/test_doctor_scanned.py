"""``lms doctor``: the antivirus, a real one and what only looks like one."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from socket import socket

import pytest

from lms import antivirus
from lms.antivirus import Antivirus
from lms.doctor import Finding, scanned
from lms.models import utcnow
from tests.clamd_in_test import MOST, Clamd, impostor, received
from tests.conftest import make_config
from tests.doctor.test_doctor_settings import says


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may answer late."""
    monkeypatch.setattr(antivirus, "ANSWER", 60.0)
    monkeypatch.setattr(antivirus, "PATIENCE", 120.0)


def found(folder: Path, url: str, largest: int = 1_000_000) -> Finding:
    config = make_config("", folder, antivirus_url=url)
    (finding,) = scanned.antivirus(Antivirus(url) if url else None, config, largest)
    return finding


def looks_like(version: str, *, blind: bool = False) -> Callable[[socket, bytes], None]:
    """A scanner of that version; a blind one finds all well."""

    def answer(line: socket, first: bytes) -> None:
        if first.startswith(b"zVERSION"):
            line.sendall(version.encode() + b"\0")
        elif first.startswith(b"zPING"):
            line.sendall(b"PONG\0")
        else:
            found = b"EICAR" in received(line, first)
            line.sendall(b"stream: Eicar FOUND\0" if found and not blind else b"stream: OK\0")

    return answer


def test_a_real_one_is_asked_and_its_signatures_are_looked_at(tmp_path: Path) -> None:
    with Clamd() as clamd:
        says(found(tmp_path, clamd.remote), "warn", "ClamAV 1.", f"127.0.0.1:{clamd.port}", "does not say", "freshclam")
        says(found(tmp_path, clamd.url, MOST + 1), "bad", f"{MOST + 1} bytes", "large", "StreamMaxLength", "4M or more")
    says(found(tmp_path, clamd.url), "bad", "does not answer", "Files are refused", "LMS_ANTIVIRUS_URL")


@pytest.mark.parametrize(("days", "state"), [(6, "ok"), (8, "warn")])
def test_signatures_of_more_than_a_week_are_old(tmp_path: Path, days: int, state: str) -> None:
    dated = utcnow() - timedelta(days=days)
    with impostor(looks_like(f"ClamAV 1.4.6/27500/{dated:%a %b} {dated.day:2} {dated:%H:%M:%S %Y}")) as url:
        says(found(tmp_path, url), state, f"{dated:%Y-%m-%d}")


def test_one_that_finds_nothing_is_told(tmp_path: Path) -> None:
    with impostor(looks_like("ClamAV 1.4.6/27500/Thu Nov 26 08:00:00 2026", blind=True)) as url:
        says(found(tmp_path, url), "bad", "EICAR", "clean")


@pytest.mark.parametrize("version", ["", "SSH-2.0", "ClamAV"])
def test_what_is_no_scanner_is_told(tmp_path: Path, version: str) -> None:
    with impostor(looks_like(version)) as url:
        says(found(tmp_path, url), "bad", "does not answer")


def test_none_is_none(tmp_path: Path) -> None:
    says(found(tmp_path, ""), "ok", "LMS_ANTIVIRUS_URL")
