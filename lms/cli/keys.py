"""``lms keys``: the keys this tool signs its LTI messages with."""

import sys

import click
from flask import current_app

from lms.app import create_app
from lms.lti.keys import ToolKeys
from lms.models import ToolKey, db, utcnow
from lms.services.audit import record


@click.group("keys")
def command() -> None:
    """The keys the tool signs its LTI messages with."""


@command.command("list")
def list_keys() -> None:
    """Every LTI key: its id, what it does now, when it was made, when it began or begins to sign."""
    with create_app().app_context():
        keys = _keys()
        current = keys.current(db.session())
        for row in keys.every(db.session()):
            made, signs = (moment.strftime("%Y-%m-%d %H:%M UTC") for moment in (row.created_at, row.signs_from))
            click.echo(f"{row.kid}\t{_state(row, current)}\tmade {made}\tsigns from {signs}")


@command.command("rotate")
def rotate() -> None:
    """Publish the next LTI key, which signs in 24 hours. The worker does it by itself every LMS_LTI_KEY_DAYS days."""
    with create_app().app_context():
        row = _keys().rotate(db.session())
        record(db.session(), "key_rotate", f"key:{row.kid}")
        db.session.commit()
        click.echo(f"{row.kid} signs from {row.signs_from:%Y-%m-%d %H:%M UTC}")


@command.command("revoke")
@click.argument("kid")
@click.confirmation_option(prompt="Platforms that keep our keys may refuse scores for a few minutes. Revoke?")
def revoke(kid: str) -> None:
    """Take an LTI key out of what is published, at once; another one signs at once."""
    with create_app().app_context():
        row = _keys().revoke(db.session(), kid)
        if row is None:
            click.echo(f"There is no key {kid}, or it is revoked already. See: lms keys list", err=True)
            sys.exit(1)
        record(db.session(), "key_revoke", f"key:{kid}")
        db.session.commit()
        click.echo(f"{kid} is revoked. {row.kid} signs now.")


def _keys() -> ToolKeys:
    found: ToolKeys = current_app.extensions["tool_keys"]
    return found


def _state(row: ToolKey, current: ToolKey | None) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if current is not None and row.kid == current.kid:
        return "signs"
    return "waits" if row.signs_from > utcnow() else "retired"
