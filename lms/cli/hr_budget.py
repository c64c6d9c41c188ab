"""``lms hr import-budget``, ``lms hr undo-budget``: the file of the budget. Exit codes are those of ``lms hr``."""

import sys
from pathlib import Path

import click

from lms.app import create_app
from lms.cells import Problem, UnreadableFile
from lms.cli.hr import command  # the group they join
from lms.models import db
from lms.services.budget_imports import import_budget
from lms.services.budget_undo import UndoRefused, undo_last
from lms.services.organisation import Scope

#: Refused rows printed; all are counted.
SHOWN = 50


@command.command("import-budget")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sheet", help="Sheet of a workbook; by default the one that looks most like a budget.")
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
def import_command(path: Path, *, sheet: str | None, dry_run: bool) -> None:
    """Take in the budget of a CSV, XLSX or ODS FILE; nothing is written if a cell is refused.

    Columns, in any order: exercice, programme, BOP, UO, libellé, code unité, AE ouvertes, AE engagées, CP ouverts,
    CP payés, part IA (AE), part IA (CP).
    """
    with create_app().app_context(), path.open("rb") as stream:
        try:
            result = import_budget(db.session(), stream, Scope(), sheet=sheet, dry_run=dry_run)
        except UnreadableFile as error:
            _say(path, error.problem)
            sys.exit(2)
        if result.written:
            db.session.commit()
    for problem in result.problems[:SHOWN]:
        _say(path, problem)
    if len(result.problems) > SHOWN:
        click.echo(f"{len(result.problems) - SHOWN} more cells are refused.", err=True)
    if result.file.ignored:
        click.echo(f"Columns not read: {', '.join(result.file.ignored)}.", err=True)
    done = "" if result.written else " Nothing was written."
    click.echo(
        f"{result.rows} rows: {result.created} new years of a line, {result.changed} changed, "
        f"{result.unchanged} unchanged, {result.refused} refused.{done}"
    )
    sys.exit(1 if result.refused else 0)


@command.command("undo-budget")
def undo_command() -> None:
    """Make the budget as it was before the last file taken in; refused when something rests on it."""
    why = {
        "none": "There is no import of the budget to undo.",
        "since": "What it brought was changed since: undoing it would lose that.",
        "rests": "A budget line it made is used by something else since.",
    }
    with create_app().app_context():
        try:
            run = undo_last(db.session(), Scope())
        except UndoRefused as refused:
            click.echo(why[refused.reason], err=True)
            sys.exit(2 if refused.reason == "none" else 1)
        db.session.commit()
        click.echo(f"The file of {run.created_at:%Y-%m-%d %H:%M} UTC is undone.")


def _say(path: Path, problem: Problem) -> None:
    what, fix = (text % problem.values if problem.values else text for text in (problem.what, problem.fix))
    place = f"{path}:{problem.sheet + ':' if problem.sheet else ''}{problem.line}"
    click.echo(f"{place}{f' ({problem.column})' if problem.column else ''}: {what} {fix}", err=True)
