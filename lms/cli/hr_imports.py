"""``lms hr import-agents``, ``import-units``, ``undo-import``: files of any size; exit codes of ``lms hr``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from click.decorators import FC

from lms.app import create_app
from lms.cells import Problem, UnreadableFile
from lms.cli.hr import command  # the group they join
from lms.models import ImportFile, db
from lms.models.database import reading
from lms.services.import_files import Asked, keep, prepare
from lms.services.import_undo import NothingToUndo, Rests, undo
from lms.services.imports import KEPT_PROBLEMS, Progress

#: Steps of the bar.
BAR = 1000


def _options(made: FC) -> FC:
    for option in (
        click.option("--partial", is_flag=True, help="Take the good rows even if others are refused."),
        click.option("--dry-run", is_flag=True, help="Check and count, write nothing."),
        click.option("--sheet", default="", help="Sheet of a workbook; by default the one that looks most like it."),
        click.option("--source", default="", help="Read the columns as saved for this source."),
        click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):
        made = option(made)
    return made


@command.command("import-agents")
@_options
@click.option("--whole", is_flag=True, help="The file is the whole list: those absent from it have left.")
@click.option("--confirm", is_flag=True, help="Yes, even if more than one in ten left.")
def import_agents(path: Path, *, whole: bool, confirm: bool, dry_run: bool, **asked: Any) -> None:
    """Take in the agents of a CSV, XLSX or ODS FILE; by default nothing is written if a row is refused.

    Columns, in any order: identifiant agent, nom, prénom, versant (required), code unité or ministère, direction,
    service, and SIRET, catégorie, corps/emploi, courriel, population, date de départ.
    """
    _take("agents", path, Asked(whole=whole, confirmed=confirm, **asked), dry_run=dry_run)


@command.command("import-units")
@_options
def import_units(path: Path, *, dry_run: bool, **asked: Any) -> None:
    """Take in the organisation of a CSV, XLSX or ODS FILE: code, nom (required), type, code parent, SIRET."""
    _take("units", path, Asked(**asked), dry_run=dry_run)


@command.command("undo-import")
@click.argument("kind", type=click.Choice(["agents", "units"]))
def undo_import(kind: str) -> None:
    """Undo the last import of that KIND."""
    with create_app().app_context():
        try:
            run = undo(db.session(), kind)
        except NothingToUndo:
            click.echo(f"There is no import of {kind} to undo.", err=True)
            sys.exit(2)
        except Rests as error:
            db.session.rollback()
            click.echo(f"It cannot be undone: what came after it rests on it ({error.table}).", err=True)
            sys.exit(1)
        db.session.commit()
        click.echo(f"The import {run.id} of {run.created_at:%Y-%m-%d %H:%M} UTC is undone.")


def _take(kind: str, path: Path, asked: Asked, *, dry_run: bool) -> None:
    with create_app().app_context(), path.open("rb") as stream, _bar(kind) as progress:
        try:
            with prepare(db.session(), kind, stream, asked, progress=progress) as act:
                with reading(db.session()):
                    result = act.look()
                if not dry_run:
                    result = act.write(result)
                if result.written:
                    file = ImportFile(kind=kind, name=path.name[-200:], source=asked.source[:100])
                    db.session.add(file)
                    keep(db.session(), file, result, act.report.content())
                    db.session.commit()
        except UnreadableFile as error:
            _say(path, error.problem)
            sys.exit(2)
    for problem in result.problems:
        _say(path, problem)
    if result.refused > KEPT_PROBLEMS:
        click.echo(f"{result.refused} rows are refused; the first ones are shown.", err=True)
    if result.ignored:
        click.echo(f"Columns not read: {', '.join(result.ignored)}.", err=True)
    if result.to_confirm:
        click.echo(f"{result.left} agents are absent from the file: say --confirm if they really left.", err=True)
    if result.later:
        told = f"{result.later} agents leave on a day to come, and are there until then"
        click.echo(f"{told}: take in a file once it has come.", err=True)
    done = "" if result.written else " Nothing was written."
    more = f", {result.left} left" if result.left else ""
    click.echo(
        f"{result.rows} rows: {result.created} new {kind}, {result.changed} changed, {result.unchanged} unchanged, "
        f"{result.refused} refused{more}.{done}"
    )
    sys.exit(1 if result.refused or result.to_confirm else 0)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """A progress bar, when somebody watches."""
    watched = sys.stderr.isatty()
    with click.progressbar(length=BAR, label=label, file=sys.stderr, hidden=not watched) as bar:
        yield lambda share: bar.update(round(share * BAR) - bar.pos)


def _say(path: Path, problem: Problem) -> None:
    what, fix = (text % problem.values if problem.values else text for text in (problem.what, problem.fix))
    sheet = f" [{problem.sheet}]" if problem.sheet else ""
    place = f"{path}{sheet}:{problem.line}" + (f" ({problem.column})" if problem.column else "")
    click.echo(f"{place}: {what} {fix}", err=True)
