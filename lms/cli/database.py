"""``lms db``: the database."""

import click

from lms.app import create_app
from lms.schema import new_migration, upgrade


@click.group("db")
def command() -> None:
    """The database."""


@command.command("upgrade")
def upgrade_command() -> None:
    """Run the missing migrations; make the LTI key at first."""
    upgrade(create_app())
    click.echo("The database is up to date.")


@command.command("migration")
@click.argument("message")
def migration_command(message: str) -> None:
    """Write the migration from the last revision to the models."""
    new_migration(create_app(), message)
