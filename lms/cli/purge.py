"""``lms purge``: what the settings no longer let us keep is removed; the worker does the same once a day."""

import click

from lms.app import create_app
from lms.models import db, utcnow
from lms.pages import config
from lms.services.authority import open_authority
from lms.services.retention import log, purge, waiting


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Say how many things are due; change nothing.")
@click.option("--log", "show_log", is_flag=True, help="Print the purge log: day, what, how many, rule.")
def command(*, dry_run: bool, show_log: bool) -> None:
    """Remove what is kept longer than LMS_KEEP_… say. Run it where the workers run: it signs the journal's start."""
    with create_app().app_context():
        if show_log:
            for line in log(db.session()):
                click.echo(f"{line.day}  {line.what}  {line.count}  {line.rule}")
        elif dry_run:
            for what, count in waiting(db.session(), config(), utcnow()).items():
                click.echo(f"{what}: {count}")
        else:
            _purge()


def _purge() -> None:
    total: dict[str, int] = {}
    keys = open_authority(config()).keys
    for what, count in purge(db.session(), config(), keys, utcnow()):
        db.session.commit()
        total[what] = total.get(what, 0) + count
    db.session.commit()
    for what, count in total.items():
        click.echo(f"{what}: {count} removed")
    if not total:
        click.echo("Nothing is due.")
