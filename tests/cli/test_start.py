"""How the ``lms`` command starts: nothing is collected while it imports, and everything is afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment

COMMANDS = "import click; from lms.cli import cli; assert 'serve' in cli.list_commands(click.Context(cli))"
WEB_PROCESS = "from lms.cli.service import application; application()"
SAID = "print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


@pytest.mark.parametrize("started", [COMMANDS, WEB_PROCESS], ids=["command", "web process"])
def test_collections_begin_once_all_is_imported(started: str, run_apart: Run, tmp_path: Path) -> None:
    assert run_apart("db", "upgrade").status == 0
    script = f"import gc; import lms.start; {SAID}; {started}; {SAID}"
    python = [sys.executable, "-c", script]
    done = subprocess.run(python, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.splitlines() == ["False False", "True True"], done.stderr
