"""``lms account``: people who sign in without an LMS."""

import sys

import click

from lms.app import create_app
from lms.models import ROLES, db
from lms.services.accounts import AccountRefused, make_account


@click.group("account")
def command() -> None:
    """People who sign in without an LMS."""


@command.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given again.")
@click.option("--name", default="", help="Shown in the pages.")
@click.password_option(help="Asked for when not given.")
def create(email: str, roles: tuple[str, ...], name: str, password: str) -> None:
    """Make a local account for EMAIL."""
    with create_app().app_context():
        try:
            make_account(db.session(), email, password, list(roles), name)
        except AccountRefused as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        db.session.commit()
        click.echo(f"{email}: {', '.join(roles)}")
