"""``lms account``: people who sign in without an LMS."""

import sys
from typing import NoReturn

import click

from lms.app import create_app
from lms.models import ROLES, LocalAccount, db
from lms.models.secrets import new_token
from lms.oidc.checks import is_subject
from lms.oidc_sign_in import provider
from lms.pages import config
from lms.services import enrolment_codes, guessing, identities
from lms.services.accounts import AccountRefused, account_named, close, make_account, reopen, set_password
from lms.services.factors import protected, reset
from lms.signing_in import must_enrol


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
            made = make_account(db.session(), email, password, list(roles), name)
        except AccountRefused as error:
            _refuse(str(error))
        code = _code_needed(made)
        db.session.commit()
        click.echo(f"{email}: {', '.join(roles)}")
        _tell(code)


@command.command("enrolment-code")
@click.argument("email")
def enrolment_code(email: str) -> None:
    """Print the code EMAIL sets a first second factor up with: once, within a day. Hand it over in person."""
    with create_app().app_context():
        account = _account(email)
        if protected(db.session(), account.person_id):
            _refuse("This account has a second factor. If all are lost, see « lms account reset-factors ».")
        code = enrolment_codes.give(db.session(), config().secret_key, account)
        db.session.commit()
        _tell(code)


@command.command("password")
@click.argument("email")
@click.option("--password", help="Asked for when not given.")
def new_password(email: str, password: str | None) -> None:
    """Give EMAIL, who forgot theirs, another password. Their factors stay, their sessions end. Check who asks first."""
    with create_app().app_context():
        account = _account(email)
        try:
            set_password(db.session(), account, _asked() if password is None else password)
        except AccountRefused as error:
            _refuse(str(error))
        db.session.commit()
        click.echo(f"{account.email} has another password, and is signed out everywhere.")


@command.command("let-in")
@click.argument("email")
def let_in(email: str) -> None:
    """Accept passwords of EMAIL again from every browser, after too many wrong ones."""
    with create_app().app_context():
        held = guessing.let_in(db.session(), config().secret_key, email)
        db.session.commit()
        click.echo(f"{email}: passwords are accepted again." if held else f"{email}: nothing was counted.")


@command.command("close")
@click.argument("email")
def close_account(email: str) -> None:
    """Close EMAIL: no way in opens it any more, and its sessions end. Its certificates stay. See « reopen »."""
    with create_app().app_context():
        try:
            count = close(db.session(), _account(email))
        except AccountRefused as error:
            _refuse(str(error))
        db.session.commit()
        click.echo(f"{email} is closed. Sessions ended: {count}.")


@command.command("reopen")
@click.argument("email")
def reopen_account(email: str) -> None:
    """Let EMAIL be used again, with the password and the factors it had."""
    with create_app().app_context():
        reopen(db.session(), _account(email))
        db.session.commit()
        click.echo(f"{email} is open.")


@command.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Forget every second factor of EMAIL, who lost them all, and sign them out everywhere. Check who asks first."""
    with create_app().app_context():
        account = _account(email)
        reset(db.session(), account)
        code = _code_needed(account)
        db.session.commit()
        click.echo(f"{account.email} has no second factor any more, and may set one up again.")
        _tell(code)


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


def _code_needed(account: LocalAccount) -> str:
    """The code an account sets a factor up with, where its roles must have one; else empty."""
    return enrolment_codes.give(db.session(), config().secret_key, account) if must_enrol(account) else ""


def _tell(code: str) -> None:
    if code:
        click.echo(f"Enrolment code, which serves once within a day: {code}")


def _asked() -> str:
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _account(email: str) -> LocalAccount:
    account = account_named(db.session(), email)
    if account is None:
        _refuse("No account has this address. See « lms account create ».")
    return account


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
