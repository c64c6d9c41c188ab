"""How the ``lms`` command starts: nothing is collected while it imports, and everything is afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = "import click; from lms.cli import cli; assert 'serve' in cli.list_commands(click.Context(cli))"
WEB_PROCESS = "from lms.cli.service import application; application()"
SAID = "print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


@pytest.mark.parametrize("started", [COMMAND, WEB_PROCESS], ids=["command", "web process"])
def test_collections_begin_once_all_is_imported(started: str, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    environment["LMS_DATA_DIR"] = str(tmp_path)
    if started == WEB_PROCESS:
        upgrade = "from lms.start import main; main()"
        subprocess.run([sys.executable, "-c", upgrade, "db", "upgrade"], env=environment, check=True, timeout=120)
    script = f"import gc; import lms.start; {SAID}; {started}; {SAID}"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.stdout.splitlines() == ["False False", "True True"], run.stderr
