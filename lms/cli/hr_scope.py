"""``lms hr scope``: which part of the organisation each person of HR sees."""

import sys
from typing import NoReturn

import click

from lms.app import create_app
from lms.cli.hr import command
from lms.models import HrScope, Person, db
from lms.services import authors, scopes
from lms.services.scopes import LastUnit, Seer, UnknownCodes

_platform = click.option("--platform", type=int, help="Number of the platform they come from; none: local account.")
_units = click.argument("codes", nargs=-1, required=True, metavar="UNIT…")


@command.group("scope")
def scope() -> None:
    """Which units each person of HR sees, by e-mail address; without any, the whole or their platform's people."""


@scope.command("list")
def show() -> None:
    """Who sees what."""
    with create_app().app_context():
        for seer in scopes.seers(db.session()):
            click.echo(_line(seer))


@scope.command("give")
@click.argument("email")
@_units
@_platform
def give(email: str, codes: tuple[str, ...], platform: int | None) -> None:
    """Open units, by their codes and with all under them, to EMAIL."""
    with create_app().app_context():
        session = db.session()
        person = _meant(email, platform)
        try:
            made = scopes.give(session, person.id, scopes.units_of(session, codes))
        except UnknownCodes as error:
            _refuse(f"No unit has this code: {error}.")
        session.commit()
        click.echo(f"{made} opened.")


@scope.command("take")
@click.argument("email")
@_units
@_platform
@click.option("--whole", is_flag=True, help="Take the last one back: an account then sees the whole institution.")
def take(email: str, codes: tuple[str, ...], platform: int | None, *, whole: bool) -> None:
    """Take units back from EMAIL."""
    with create_app().app_context():
        session = db.session()
        person = _meant(email, platform)
        rows = session.query(HrScope).filter_by(person_id=person.id).join(HrScope.unit)
        found = {row.unit.code: row for row in rows}
        if missing := [code for code in codes if code not in found]:
            _refuse(f"Not opened to them: {', '.join(missing)}. See « lms hr scope list ».")
        try:
            for code in dict.fromkeys(codes):
                scopes.take_back(session, found[code], whole=whole)
        except LastUnit:
            _refuse("Without any unit this account sees the whole institution. If that is meant, say --whole.")
        session.commit()
        click.echo(f"{len(set(codes))} taken back.")


def _line(seer: Seer) -> str:
    person = seer.person
    origin = f"platform {person.platform_id}" if person.platform_id else "local"
    everything = "the people of their platform" if person.platform_id else "the whole institution"
    seen = ", ".join(f"{row.unit.code} ({row.unit.name})" for row in seer.units) or everything
    return f"{person.email or person.subject} ({origin}): {seen}{'' if seer.has_role else ' (has not the role yet)'}"


def _meant(email: str, platform: int | None) -> Person:
    found = [each for each in authors.people_of(db.session(), email) if each.platform_id == platform]
    if not found:
        _refuse("Nobody has this address there. See « lms account create », and --platform.")
    return found[0]


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
