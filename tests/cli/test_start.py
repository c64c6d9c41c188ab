"""How the ``lms`` command starts: nothing is collected while it imports, everything is afterwards; it imports no more
than most requests need."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environment

COMMANDS = "import click; from lms.cli import cli; assert 'serve' in cli.list_commands(click.Context(cli))"
WEB_PROCESS = "from lms.cli.service import application; application()"
#: What is read when it is needed (docs/adr/0056): what seals and draws certificates, computes, migrates.
LATER = ("pyhanko", "pyhanko_certvalidator", "aiohttp", "xhtml2pdf.pisa", "reportlab", "pypdf", "numpy", "alembic")
SAID = "print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


@pytest.mark.parametrize("started", [COMMANDS, WEB_PROCESS], ids=["command", "web process"])
def test_collections_begin_once_all_is_imported(started: str, run_apart: Run, tmp_path: Path) -> None:
    assert run_apart("db", "upgrade").status == 0
    script = f"import gc; import lms.start; {SAID}; {started}; {SAID}"
    assert printed(script, tmp_path) == ["False False", "True True"]


@pytest.mark.usefixtures("ready")
def test_a_web_process_reads_no_library_that_few_requests_need(tmp_path: Path) -> None:
    script = (
        "import sys, lms.start; from lms.cli.service import application; app = application(); "
        "assert app.test_client().get('/healthz').status_code == 200; "
        f"print([name for name in {LATER} if name in sys.modules])"
    )
    assert printed(script, tmp_path) == ["[]"]


def printed(script: str, folder: Path) -> list[str]:
    """The lines that Python prints when it runs that, in a process whose data are in that folder."""
    python = [sys.executable, "-c", script]
    done = subprocess.run(python, env=environment(folder), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
