"""``lms hr``: reports out; files in: ``hr_imports``. Exit codes: 0 done, 1 rows refused, 2 a request not understood."""

import getpass
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import click

from lms.app import create_app
from lms.config import load_config
from lms.exports import exports
from lms.models import db, utcnow
from lms.replica import reporting_engine
from lms.reports import reports
from lms.services.extractions import journal_export, pieces
from lms.services.purposes import PURPOSES
from lms.tables import Extraction, FilterError, TooManyRows
from lms.whole_files import written

SCOPES = {
    "fr": "Toute l'institution : toutes les plateformes et tous les comptes",
    "en": "The whole institution: every platform and every account",
}
AUTHORS = {"fr": "ligne de commande", "en": "command line"}


@click.group("hr")
def command() -> None:
    """Human resources: agents in, reports out."""


@command.command("export")
@click.argument("report_key", metavar="REPORT", type=click.Choice(sorted(reports())))
@click.option("--format", "format_key", type=click.Choice(sorted(exports())), default="csv", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="Narrow the report; may be repeated.")
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--purpose", type=click.Choice(sorted(PURPOSES)), help="What it is for; kept in the journal.")
def export(
    report_key: str, format_key: str, output: Path | None, filters: tuple[str, ...], language: str, purpose: str | None
) -> None:
    """Write a REPORT to a file, or to the standard output. The export is recorded in the journal."""
    form, report = exports()[format_key], reports()[report_key]
    if output is None and form.binary and sys.stdout.isatty():
        raise click.UsageError(f"A file in {form.label} cannot be shown in a terminal: name a file with -o.")
    extraction = Extraction(
        at=utcnow(), author=f"{AUTHORS[language]} ({_user()})", scope=SCOPES[language], language=language,
        asked=_asked(filters), mask_below=load_config().mask_below,
    )  # fmt: skip
    with create_app().app_context():
        try:
            report.read_filters(extraction.asked)
            journal_export(db.session(), report.key, form.key, extraction, purpose=purpose)
            db.session.commit()
            with closing(pieces(reporting_engine(), report, form, extraction, _watched())) as file:
                _write(file, output)
            if sys.stderr.isatty():
                click.echo(err=True)
        except FilterError as error:
            allowed = f" Possible: {', '.join(error.allowed)}." if error.allowed else ""
            raise click.UsageError(f"The filter {error} cannot be used.{allowed}") from error
        except TooManyRows as error:
            raise click.UsageError(
                f"{form.label} holds {error.limit} rows at most: narrow the report with --filter, or choose csv."
            ) from error


def _asked(filters: Iterable[str]) -> dict[str, str]:
    asked = {}
    for text in filters:
        key, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"« {text} » is not of the form KEY=VALUE.", param_hint="--filter")
        asked[key.strip()] = value
    return asked


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run without a named user
        return "?"


def _watched() -> Callable[[int], None] | None:
    """Shows the number of rows as they pass, when a person watches."""
    if not sys.stderr.isatty():
        return None
    return lambda count: click.echo(f"\r{count} rows", nl=False, err=True)


def _write(chunks: Iterator[bytes], output: Path | None) -> None:
    """To the standard output, or to a file that appears only once whole."""
    if output is None:
        stream = sys.stdout.buffer
        stream.writelines(chunks)
        stream.flush()
        return
    mask = os.umask(0)
    os.umask(mask)
    with written(output, 0o666 & ~mask) as file:
        file.writelines(chunks)
