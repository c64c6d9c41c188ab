"""``lms account``: people who sign in without an LMS."""

import sys
from typing import NoReturn

import click

from lms.app import create_app
from lms.models import ROLES, LocalAccount, db
from lms.models.secrets import new_token
from lms.oidc.checks import is_subject
from lms.oidc_sign_in import provider
from lms.services import identities
from lms.services.accounts import AccountRefused, account_named, make_account
from lms.services.factors import reset


@click.group("account")
def command() -> None:
    """People who sign in without an LMS."""


@command.command("create")
@click.argument("email")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given again.")
@click.option("--name", default="", help="Shown in the pages.")
@click.option("--no-password", is_flag=True, help="For somebody who signs in through the provider alone.")
@click.option("--password", help="Asked for when not given.")
def create(email: str, roles: tuple[str, ...], name: str, password: str | None, no_password: bool) -> None:
    """Make a local account for EMAIL."""
    if no_password and password is not None:
        raise click.UsageError("Say --password or --no-password, not both.")
    if password is None:
        password = new_token() if no_password else _asked()  # one that nobody knows
    with create_app().app_context():
        try:
            make_account(db.session(), email, password, list(roles), name)
        except AccountRefused as error:
            _refuse(str(error))
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


@command.command("link")
@click.argument("email")
@click.argument("identifier")
def link(email: str, identifier: str) -> None:
    """Let the identity IDENTIFIER (« sub ») of the OpenID provider open the account of EMAIL."""
    with create_app().app_context():
        found = provider()
        if found is None:
            _refuse("No provider is set: see LMS_OIDC_ISSUER in docs/sign-in.md.")
        try:
            if not is_subject(identifier):
                _refuse("This is no identifier: it has 255 characters of ASCII at most.")
            identities.link(db.session(), _account(email), found.client.issuer, identifier)
        except identities.IdentityTaken:
            _refuse("This identity opens another account. See « lms account unlink ».")
        db.session.commit()
        click.echo(f"{email}: {found.client.issuer} {identifier}")


@command.command("unlink")
@click.argument("email")
def unlink(email: str) -> None:
    """Let no identity open the account of EMAIL any more; it is signed out where one had opened it."""
    with create_app().app_context():
        rows = identities.identities_of(db.session(), _account(email).person_id)
        for row in rows:
            identities.unlink(db.session(), row)
        db.session.commit()
        click.echo(f"{len(rows)} taken back.")


def _asked() -> str:
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _account(email: str) -> LocalAccount:
    account = identities.account_by_address(db.session(), email)
    if account is None:
        _refuse("No account has this address. See « lms account create ».")
    return account


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
