"""``lms api``: the programs that may read the API."""

import sys
from typing import NoReturn

import click

from lms.app import create_app
from lms.models import Unit, db
from lms.services import api_clients
from lms.services.api_clients import Kind
from lms.services.api_resources import SCOPES


@click.group("api")
def command() -> None:
    """The programs that may read the API."""


@command.command("client")
@click.argument("name")
@click.option("--purpose", required=True, help="What for: kept in the journal with each page it reads.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="Repeatable.")
@click.option("--unit", help="Code of the unit it sees, with all under it.")
@click.option("--whole", is_flag=True, help="It sees the whole institution.")
def client(name: str, purpose: str, scopes: tuple[str, ...], unit: str | None, whole: bool) -> None:
    """Make an id and a secret for the program NAME, which changes them for short tokens (OAuth 2.0)."""
    _make("client", name, purpose, scopes, unit, whole)


@command.command("token")
@click.argument("name")
@click.option("--purpose", required=True, help="What for: kept in the journal with each page it reads.")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="Repeatable.")
@click.option("--unit", help="Code of the unit it sees, with all under it.")
@click.option("--whole", is_flag=True, help="It sees the whole institution.")
@click.option("--days", default=365, type=click.IntRange(1, 366), help="When it ends; 365 by default.")
def token(name: str, purpose: str, scopes: tuple[str, ...], unit: str | None, whole: bool, days: int) -> None:
    """Make one long token for the program NAME."""
    _make("token", name, purpose, scopes, unit, whole, days)


@command.command("list")
def list_clients() -> None:
    """Every program: its id, how it comes in, its name, what it may read, of which unit."""
    with create_app().app_context():
        for row in api_clients.every(db.session()):
            state = "revoked" if row.revoked_at else f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "open"
            where = row.unit.code if row.unit else "the whole institution"
            click.echo("\t".join([row.key, row.kind, state, row.name, " ".join(row.scopes), where]))


@command.command("revoke")
@click.argument("key")
def revoke(key: str) -> None:
    """Let the program of the id KEY in no more, at once."""
    with create_app().app_context():
        row = api_clients.named(db.session(), key)
        if row is None:
            _stop(f"No program has the id {key}. See: lms api list")
        api_clients.revoke(db.session(), row)
        db.session.commit()
        click.echo(f"{row.name} is let in no more.")


def _make(
    kind: Kind, name: str, purpose: str, scopes: tuple[str, ...], unit: str | None, whole: bool, days: int = 365
) -> None:
    if (unit is None) != whole:
        _stop("Say which part of the organisation it sees: --unit CODE, or --whole.")
    with create_app().app_context():
        where = db.session.query(Unit).filter_by(code=unit).first() if unit is not None else None
        if unit is not None and where is None:
            _stop(f"No unit has the code {unit}.")
        try:
            row, secret = api_clients.make(db.session(), kind, name, purpose, scopes, where, days=days)
        except ValueError as error:
            _stop(f"This cannot be used: {error}.")
        db.session.commit()
        click.echo(f"id\t{row.key}" if kind == "client" else f"until\t{row.expires_at:%Y-%m-%d}")
        click.echo(f"secret\t{secret}" if kind == "client" else f"token\t{secret}")
        click.echo("It is shown this once: keep it where secrets are kept.", err=True)


def _stop(why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(1)
