"""``lms audit``: whether the journal is as it was written. Exit codes: 0 intact, 1 not, 2 a file not understood."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from lms.app import create_app
from lms.models import AuditHead, db
from lms.pages import config
from lms.services import verification
from lms.services.chain_check import Fault, Report, check
from lms.services.extractions import still_picture

KINDS = {
    "altered": "altered, or not where it was",
    "removed": "removed",
    "unchained": "in the journal and not in its chain: it was added",
    "backdated": "dated before the lines it follows",
    "cut": "signed once, and beyond the end of the chain",
    "rewritten": "another one than what was signed",
    "start": "the beginning is signed by none of our keys",
    "head": "signed by none of our keys, or not signed",
}


@click.group("audit")
def command() -> None:
    """The journal: who did what, each line sealed to the one before."""


@command.command("head")
def head() -> None:
    """Print the signed end of the chain. Keep it elsewhere: ``lms audit verify --head FILE`` shows a cut."""
    with create_app().app_context():
        row = db.session().scalars(select(AuditHead)).first()
        if row is None or row.signed is None:
            click.echo("No line is chained yet: the worker does it within seconds.", err=True)
            sys.exit(1)
        click.echo(json.dumps(row.signed))


@command.command("verify")
@click.option(
    "--head", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed head kept elsewhere (lms audit head); may be given again.",
)  # fmt: skip
def verify(files: tuple[Path, ...]) -> None:
    """Read every line again: tell each that was altered, removed, added, moved, or cut from the end."""
    try:
        heads = [_document(path) for path in files]
    except (OSError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    with create_app().app_context(), still_picture(db.engine) as session:
        did = verification.did_document(session, config().base_url) or {}
        report = check(session, did, heads, progress=_watched())
    if sys.stderr.isatty():
        click.echo(err=True)
    for fault in report.faults:
        click.echo(_said(fault))
    if report.count > len(report.faults):
        click.echo(f"{report.count - len(report.faults)} more.")
    click.echo(_sum(report))
    sys.exit(0 if report.intact else 1)


def _said(fault: Fault) -> str:
    place = f"position {fault.position}" if fault.position else "journal"
    line = f", line {fault.entry_id}" if fault.entry_id is not None else ""
    return f"{place}{line}: {KINDS[fault.kind]}"


def _sum(report: Report) -> str:
    state = "The chain is intact" if report.intact else f"The chain is broken ({report.count})"
    return f"{state}: {report.lines} lines, {report.waiting} more wait to be chained. Its end: {report.last or 'none'}"


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: {error}") from error


def _watched() -> Callable[[int], None] | None:
    """Shows the number of lines as they pass, when a person watches."""
    if not sys.stderr.isatty():
        return None
    return lambda count: click.echo(f"\r{count} lines", nl=False, err=True)
