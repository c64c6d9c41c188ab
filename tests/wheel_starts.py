"""Builds the wheel, installs it alone in a fresh environment, and starts the service from it (part of make sure)."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    """0 when the installed wheel migrates a database, serves a ready service and validates its tracks."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        wheel, _python = install(place)
        lms = str(place / "venv/bin/lms")
        run(lms, "track", "validate", cwd=place)
        ready = serve(lms, place)
    print(f"The wheel {wheel.name} starts: {ready['checks']}")
    return 0


def build(place: Path) -> Path:
    """Build the wheel in ``place``."""
    run(_uv(), "build", "--quiet", "--wheel", "--out-dir", str(place), str(ROOT))
    return next(place.glob("*.whl"))


def install(place: Path) -> tuple[Path, str]:
    """Build the wheel in ``place`` and install it, with what is locked, in ``place/venv``; gives it and its Python.

    What is locked stays written in ``place/requirements.txt``.
    """
    uv, wheel = _uv(), build(place)
    run(uv, "venv", "--quiet", "--python", sys.executable, str(place / "venv"))
    lock = place / "requirements.txt"
    run(uv, "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "-o", str(lock), cwd=ROOT)
    python = str(place / "venv/bin/python")
    run(uv, "pip", "install", "--quiet", "--python", python, "-r", str(lock), str(wheel))
    return wheel, python


def serve(lms: str, place: Path) -> dict[str, object]:
    """Start ``lms serve`` and give its readiness."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "LMS_DATA_DIR": str(place / "var"), "LMS_BASE_URL": f"http://localhost:{port}"}
    process = subprocess.Popen([lms, "serve", "--port", str(port), "--workers", "1"], env=environment, cwd=place)
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    return dict(json.load(answer))
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise SystemExit("The service installed from the wheel did not become ready.")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _uv() -> str:
    return shutil.which("uv") or str(ROOT / ".venv/uv/bin/uv")


def run(*command: str, cwd: Path | None = None) -> None:
    """Run a command; a failure ends everything with its output."""
    subprocess.run(command, check=True, cwd=cwd)


if __name__ == "__main__":
    sys.exit(main())
