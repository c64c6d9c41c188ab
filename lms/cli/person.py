"""``lms person``: the rights of a person over what is held about them."""

import json
import sys
from pathlib import Path

import click

from lms.app import create_app
from lms.models import Person, db
from lms.services.audit import record
from lms.services.privacy import erase, person_of, taken_out
from lms.services.sessions import close_every_session, close_sessions
from lms.whole_files import fill


@click.group("person")
def command() -> None:
    """The rights of a person over what is held about them. SUBJECT is their id on the platform."""


@command.command("export")
@click.argument("subject")
@click.option("--platform", type=int, help="Number of the platform; none for a local account.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
def export(subject: str, platform: int | None, output: Path | None) -> None:
    """Everything held about a person, as JSON."""
    with create_app().app_context():
        person = _found(platform, subject)
        text = json.dumps(taken_out(db.session(), person), ensure_ascii=False, indent=2)
        record(db.session(), "person_exported", f"person:{person.id}")
        db.session.commit()
    if output is None:
        click.echo(text)
    else:
        fill(output, [text.encode(), b"\n"])


@command.command("erase")
@click.argument("subject")
@click.option("--platform", type=int, help="Number of the platform; none for a local account.")
@click.confirmation_option(prompt="This cannot be undone. Erase this person?")
def erase_person(subject: str, platform: int | None) -> None:
    """Erase a person; certificates stay as issued, so that they can still be verified."""
    with create_app().app_context():
        person = _found(platform, subject)
        number = person.id
        kept = erase(db.session(), person)
        record(db.session(), "person_erased", f"person:{number}", certificates_kept=kept)
        db.session.commit()
    click.echo("Erased; certificates stay as issued." if kept else "Erased.")


@command.command("sign-out")
@click.argument("subject", required=False)
@click.option("--platform", type=int, help="Number of the platform; none for a local account.")
@click.option("--everybody", is_flag=True, help="End the sessions of everybody instead.")
def sign_out(subject: str | None, platform: int | None, *, everybody: bool) -> None:
    """End every session of a person, or of everybody. Answers already saved are kept."""
    if everybody is (subject is not None):
        raise click.UsageError("Give a SUBJECT, or --everybody.")
    with create_app().app_context():
        if subject is None:
            target, count = "everybody", close_every_session(db.session())
        else:
            person = _found(platform, subject)
            target, count = f"person:{person.id}", close_sessions(db.session(), person.id)
        record(db.session(), "sessions_ended", target, count=count)
        db.session.commit()
    click.echo(f"Sessions ended: {count}.")


def _found(platform: int | None, subject: str) -> Person:
    person = person_of(db.session(), platform, subject)
    if person is None:
        click.echo("Nothing is held about this person. Check the subject and the platform's number.", err=True)
        sys.exit(1)
    return person
