"""``lms author``: who writes, reviews and publishes tracks."""

import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import click

from lms.app import create_app
from lms.models import STUDIO_ROLES, Person, StudioRole, db
from lms.services import authors, studio

Command = Callable[..., None]


@click.group("author")
def command() -> None:
    """Who writes, reviews and publishes tracks, by e-mail address."""


def _whose(wrapped: Command) -> Command:
    """The arguments that name a person, roles, and what they reach."""
    for option in (
        click.option("--platform", type=int, help="Number of the platform the person comes from; none: local account."),
        click.option("--institution", help="Every track of that institution, by its name."),
        click.option("--track", help="One track; without it nor --institution, every track of this institution."),
        click.argument("roles", nargs=-1, required=True, type=click.Choice(STUDIO_ROLES), metavar="ROLE…"),
        click.argument("email"),
    ):
        wrapped = option(wrapped)
    return wrapped


@command.command("grant")
@_whose
def grant(email: str, roles: tuple[str, ...], **reach: Any) -> None:
    """Let EMAIL do this in the studio: author, reviewer, publisher."""
    with create_app().app_context():
        person, over = _meant(email, **reach)
        studio.grant(db.session(), person.id, roles, **over)
        db.session.commit()
        _show(row for row in authors.roles_given(db.session()) if row.person_id == person.id)


@command.command("revoke")
@_whose
def revoke(email: str, roles: tuple[str, ...], **reach: Any) -> None:
    """Take these roles back from EMAIL."""
    with create_app().app_context():
        person, over = _meant(email, **reach)
        wanted = {"institution_id": None, "track_key": None, **over}
        rows = db.session.query(StudioRole).filter_by(person_id=person.id, **wanted)
        found = [row for row in rows if row.role in roles]
        if not found:
            _refuse("This person holds no such role. See « lms author list ».")
        authors.revoke(db.session(), found)
        db.session.commit()
        click.echo(f"{len(found)} taken back.")


@command.command("list")
def show() -> None:
    """Who may do what."""
    with create_app().app_context():
        _show(authors.roles_given(db.session()))


def _show(rows: Iterable[StudioRole]) -> None:
    for row in rows:
        over = row.track_key or (row.institution.name if row.institution else "every track of this institution")
        origin = f"platform {row.person.platform_id}" if row.person.platform_id else "local"
        click.echo(f"{row.person.email or row.person.subject} ({origin}): {row.role}, {over}")


def _meant(
    email: str, track: str | None, institution: str | None, platform: int | None
) -> tuple[Person, dict[str, Any]]:
    if track and institution:
        raise click.UsageError("Say --track or --institution, not both.")
    session = db.session()
    person = next((each for each in authors.people_of(session, email) if each.platform_id == platform), None)
    if person is None:
        _refuse("Nobody has this address there. See « lms account create », and --platform.")
    if track and track not in studio.known_tracks(session):
        _refuse(f"No track has the key « {track} ».")
    over: dict[str, Any] = {"track_key": track} if track else {}
    if institution:
        found = {row.name: row.id for row in authors.institutions(session)}
        if institution not in found:
            _refuse(f"No institution is called « {institution} ». Known: {', '.join(found) or 'none'}.")
        over = {"institution_id": found[institution]}
    return person, over


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
