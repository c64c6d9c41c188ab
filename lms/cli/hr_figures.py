"""``lms figures``: the figures HR's pages read, counted now, checked against the facts, or made again."""

import sys

import click

from lms.app import create_app
from lms.models import db
from lms.services import figures


@click.group("figures")
def command() -> None:
    """The figures HR's pages read, beside the facts they come from."""


@command.command("refresh")
@click.option("--rebuild", is_flag=True, help="Forget them first, and count everybody again from the facts.")
def refresh(*, rebuild: bool) -> None:
    """Count now whoever changed since the worker's last round, and whoever moved."""
    with create_app().app_context():
        if rebuild:
            figures.forget(db.session())
            db.session.commit()
        click.echo(f"{figures.refresh_all(db.session())} agents counted.")


@command.command("check")
def check() -> None:
    """Compare every figure with the plain query over the facts; ends with 1 when one differs."""
    with create_app().app_context():
        found = figures.differences(db.session())
        for cell, right in sorted(found.items())[:20]:
            click.echo(f"{cell._asdict()}: the facts say {right}", err=True)
    if found:
        click.echo(f"{len(found)} figures differ. Run lms figures refresh, then --rebuild if some still do.", err=True)
        sys.exit(1)
    click.echo("Every figure is what the facts say.")
