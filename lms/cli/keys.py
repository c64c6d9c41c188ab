"""``lms keys``: the keys LTI messages are signed with, and those of certificates."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from sqlalchemy.orm import Session

from certificates.sign import keyring
from certificates.sign.keyring import Entry, KeysError, Ring
from certificates.sign.seals import life
from lms.app import create_app
from lms.lti.keys import ToolKeys
from lms.models import ToolKey, db, utcnow
from lms.services import key_care, signing_again
from lms.services.audit import record
from lms.services.authority import Authority, open_authority


@click.group("keys")
def command() -> None:
    """The keys LTI messages are signed with, and those of certificates: docs/keys.md says when to do what."""


@command.command("list")
def list_keys() -> None:
    """Every key: its id, what it does now, when it was made; for LTI keys, when they begin to sign."""
    with create_app().app_context():
        session = db.session()
        keys = _keys()
        current = keys.current(session)
        click.echo("LTI messages:")
        for row in keys.every(session):
            made, signs = (moment.strftime("%Y-%m-%d %H:%M UTC") for moment in (row.created_at, row.signs_from))
            click.echo(f"{row.kid}\t{_state(row, current)}\tmade {made}\tsigns from {signs}")
        with _told():
            ring = keyring.read(current_app.extensions["mpia"].keys)
        click.echo("Certificates:" if ring.entries else "Certificates: their keys are where the worker runs.")
        ended = signing_again.ended(session, ring, utcnow())
        for entry in ring.entries:
            click.echo("\t".join([entry.id, "ended" if entry.id in ended else entry.state, *_facts(session, entry)]))


@command.command("make")
def make() -> None:
    """Make the keys of certificates that are lacking in LMS_KEYS_DIR, as the first worker would. It asks no database.

    For keys that are then given to workers as a secret they cannot write. Those that are there stay as they are.
    """
    app = create_app()
    with _told():
        _say(open_authority(app.extensions["mpia"]).keys.ring)


@command.command("rotate")
@click.option("--certificates", is_flag=True, help="The keys of certificates rather than the LTI key.")
def rotate(certificates: bool) -> None:
    """Publish the next LTI key, which signs in 24 hours. The worker does it by itself every LMS_LTI_KEY_DAYS days.

    With --certificates: new keys sign certificates at once; what the old ones signed stays valid. A seal that is kept
    elsewhere is replaced by naming another one in the settings.
    """
    with create_app().app_context():
        if certificates:
            with _told(), _authority() as authority:
                _say(key_care.rotate(db.session(), authority))
                db.session.commit()
            return
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
            click.echo("A key of certificates is taken out with: lms keys retire, or lms keys compromise", err=True)
            sys.exit(1)
        record(db.session(), "key_revoke", f"key:{kid}")
        db.session.commit()
        click.echo(f"{kid} is revoked. {row.kid} signs now.")


@command.command("retire")
@click.argument("kid")
def retire(kid: str) -> None:
    """Let a key of certificates sign no more. What it signed stays valid; another one signs at once."""
    with create_app().app_context(), _told(), _authority() as authority:
        _say(key_care.retire(db.session(), authority, kid))
        db.session.commit()


@command.command("compromise")
@click.argument("kid")
@click.confirmation_option(
    prompt="Files signed with it are refused from now on, until the worker has signed them again. There is no way "
    "back. Is this key known, or feared, to be in other hands?"
)
def compromise(kid: str) -> None:
    """Stop believing a key of certificates, for ever and at once; certificates that rest on it are signed again."""
    with create_app().app_context(), _told(), _authority() as authority:
        count = key_care.compromise(db.session(), authority, kid)
        db.session.commit()
        _say(authority.keys.ring)
        click.echo(f"{kid} is no longer believed. Certificates to sign again by the worker: {count}.")
        click.echo("See how many are left: lms keys list")


@contextmanager
def _told() -> Iterator[None]:
    """Say what cannot be done with keys, and stop."""
    try:
        yield
    except KeysError as error:
        click.echo(f"{error}. See: lms keys list", err=True)
        sys.exit(1)


@contextmanager
def _authority() -> Iterator[Authority]:
    """The keys of certificates, which must be here: none are made beside those of the worker."""
    config = current_app.extensions["mpia"]
    if not keyring.read(config.keys).entries:
        raise KeysError(f"no key of certificates in {config.keys}: run this where the worker runs")
    yield open_authority(config)


def _say(ring: Ring) -> None:
    current = [entry.id for use in keyring.USES if (entry := ring.current(use))]
    click.echo(f"Certificates are signed with {', '.join(current)} now.")


def _facts(session: Session, entry: Entry) -> Iterator[str]:
    yield f"made {entry.created[:16].replace('T', ' ')} UTC"
    if entry.kept != "here":
        yield f"kept: {entry.kept}"
    if entry.certificates and entry.state == "signs":
        yield f"certificates valid until {life(entry.chain)[1]:%Y-%m-%d}"
    if entry.revoked:
        yield f"to sign again: {signing_again.left(session, entry.id)}"


def _keys() -> ToolKeys:
    found: ToolKeys = current_app.extensions["tool_keys"]
    return found


def _state(row: ToolKey, current: ToolKey | None) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if current is not None and row.kid == current.kid:
        return "signs"
    return "waits" if row.signs_from > utcnow() else "retired"
