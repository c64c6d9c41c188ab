"""``lms account``: people who sign in without an LMS."""

import sys

import click

from lms.app import create_app
from lms.models import ROLES, db
from lms.services.accounts import AccountRefused, account_named, make_account
from lms.services.factors import reset


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


@command.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Forget every second factor of EMAIL, who lost them all, and sign them out everywhere. Check who asks first."""
    with create_app().app_context():
        account = account_named(db.session(), email)
        if account is None:
            click.echo("No account has this address. Check it.", err=True)
            sys.exit(1)
        reset(db.session(), account)
        db.session.commit()
        click.echo(f"{account.email} signs in with the password alone, and may set a second factor up again.")
