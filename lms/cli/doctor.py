"""``lms doctor``: is this deployment sound? Exit codes: 0 nothing to put right, 1 something."""

import json
import os
import sys
from dataclasses import asdict

import click

from lms.app import create_app
from lms.config import ConfigError
from lms.doctor.examination import CHECKS, REACHING, examine, unusable
from lms.doctor.finding import Finding, good
from lms.models import db
from lms.settings_files import named

MARKS = {"ok": "ok", "warn": "to know", "bad": "FAILED", "none": "not checked"}


@click.command("doctor")
@click.option("--worker", is_flag=True, help="This machine runs workers: look at the keys of certificates too.")
@click.option("--reach", is_flag=True, help="Ask at the public address too, through the proxy in front.")
@click.option("--only", multiple=True, type=click.Choice(CHECKS), help="Judge this check alone; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(only: tuple[str, ...], *, worker: bool, reach: bool, as_json: bool) -> None:
    """Check this deployment and name each mistake with its fix; status 1 if there is one. Run it with the settings of
    the process to check. It changes nothing.
    """
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")  # seconds: one who looks for the fault has not all day
    try:
        app = create_app()
        paths = named(os.environ.get("LMS_CONFIG", ""))
        asked = reach or not REACHING.isdisjoint(only)
        found = examine(app, worker=worker, reach=asked, settings_paths=paths)
        with app.app_context():
            db.engine.dispose()
    except ConfigError as error:
        found = unusable(error)
    found = _chosen(found, only)
    if as_json:
        click.echo(json.dumps({"good": good(found), "checks": [asdict(each) for each in found]}, indent=2))
    else:
        _print(found)
    sys.exit(0 if good(found) else 1)


def _chosen(found: list[Finding], only: tuple[str, ...]) -> list[Finding]:
    """The findings asked for, and what kept them from being found."""
    if not only:
        return found
    lacking = {*only} - {each.check for each in found if each.state != "none"}
    return [each for each in found if each.check in only or (lacking and each.state == "bad")]


def _print(found: list[Finding]) -> None:
    for each in found:
        click.echo(f"{MARKS[each.state]}: {each.check}. {each.said}")
        if each.fix:
            click.echo(f"    {each.fix}")
    count = sum(each.state == "bad" for each in found)
    click.echo(f"To put right: {count}." if count else "Nothing to put right.")
