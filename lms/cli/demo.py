"""``lms demo``: the whole product on this machine, with a development LMS beside it."""

import logging
import sys
import tempfile
import threading
from pathlib import Path

import click

from lms.demo import ADMINISTRATOR, STUDIO, Addresses, Demo
from lms.demo_check import CheckFailed, check
from lms.demo_ministry import OFFICERS
from lms.logs import init_logs


@click.command("demo")
@click.option("--port", default=8000, show_default=True, help="Port of the service.")
@click.option("--lms-port", default=8001, show_default=True, help="Port of the development LMS.")
@click.option("--dir", "directory", type=click.Path(file_okay=False, path_type=Path), help="Where the data live.")
@click.option("--check", "checking", is_flag=True, help="Run the main job without a browser, then stop.")
def command(port: int, lms_port: int, directory: Path | None, *, checking: bool) -> None:
    """The whole product on SQLite, with a development LMS, fictitious people and one address to open."""
    init_logs(logging.WARNING)  # the addresses to open stay in sight
    addresses = Addresses(port, lms_port)
    try:
        if not checking:
            _stay(Demo(directory or Path("var/demo"), addresses))
        elif directory is not None:
            _check(Demo(directory, addresses))
        else:
            with tempfile.TemporaryDirectory() as folder:
                _check(Demo(Path(folder), addresses))
    except OSError as error:
        click.echo(f"The demo cannot start: {error}. Try other ports with --port and --lms-port.", err=True)
        sys.exit(1)


def _stay(demo: Demo) -> None:
    with demo:
        click.echo(f"Open the development LMS:  {demo.addresses.lms}")
        click.echo(f"The service itself:        {demo.addresses.tool}")
        click.echo(f"Administrator:             {demo.addresses.tool}/account/login")
        click.echo(f"                           {ADMINISTRATOR} · {demo.password}")
        click.echo(f"Author, reviewer:          {STUDIO[0][0]}, {STUDIO[1][0]} · the same password")
        click.echo(f"Human resources:           {OFFICERS[0][0]}, {OFFICERS[1][0]} · the same password")
        click.echo("Everybody in it is fictitious. Stop with Ctrl+C.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("Stopped.")


def _check(demo: Demo) -> None:
    click.echo("The main job, from a launch to a certificate that verifies:")
    with demo:
        try:
            check(demo, click.echo)
        except CheckFailed as error:
            click.echo(f"  FAILED: {error}", err=True)
            sys.exit(1)
    click.echo("The main job works.")
