"""``lms bank``: question banks brought from other tools, and taken there."""

import sys
from pathlib import Path

import click

from curricula.bank import read_bank
from curricula.exchange import choose
from curricula.exchange.model import Bank, Format, Note, NotReadable
from curricula.exchange.registry import formats
from curricula.model import LANGUAGES, Question
from curricula.problems import CurriculumError, Place
from curricula.write import questions_lines
from lms.whole_files import READABLE, fill

_LANGUAGE = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Of texts that do not say theirs.",
)
_FORMAT = click.option("--format", "key", help="When the file's name does not tell; see « lms bank formats ».")


@click.group("bank")
def command() -> None:
    """Question banks: to and from Moodle, Canvas and other tools."""


@command.command("formats")
def known() -> None:
    """List the formats, what each is for and how its files end."""
    for one in formats().values():
        ways = " and ".join(way for way, can in (("read", one.read), ("written", one.write)) if can)
        click.echo(f"{one.key:20} {one.name}: {ways}; {', '.join(one.suffixes)}")


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("bank", type=click.Path(dir_okay=False, path_type=Path))
@_LANGUAGE
@_FORMAT
@click.option("--objective", default="", help="Of questions that name none.")
@click.option("--source", default="", help="Of questions that name none.")
def take(file: Path, bank: Path, language: str, key: str | None, objective: str, source: str) -> None:
    """Add the questions of FILE at the end of BANK, a module's questions.toml, made if it is not there.

    What could not be carried over is said line by line. « lms track validate » then says what is left to write.
    """
    if key is not None and key not in formats():
        raise click.UsageError(f"No format is called « {key} ». Say --format: {', '.join(formats())}.")
    before = bank.read_bytes() if bank.exists() else b""
    kept = _questions(bank.name, before)
    try:
        taken = choose.read(file.name, file.read_bytes(), language, key)
    except NotReadable as refusal:
        click.echo(f"{file}: {refusal.note} Nothing was imported.", err=True)
        sys.exit(1)
    _say(file, taken.notes)
    if not taken.questions:
        click.echo(f"{file}: no question that can be asked here. Nothing was imported.", err=True)
        sys.exit(1)
    new = choose.joining((each.key for each in kept), taken.questions, objective, source)
    # What is there stays letter for letter.
    parts = [before.decode("utf-8-sig").rstrip(), "\n".join(questions_lines(new))]
    _write(bank, ("\n\n".join(filter(None, parts)) + "\n").encode())
    click.echo(f"{bank}: {len(new)} questions added, {len(kept) + len(new)} in all.")


@command.command("export")
@click.argument("bank", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_LANGUAGE
@_FORMAT
@click.option("--title", default="", help="Of the bank, for tools that show one.")
def give(bank: Path, file: Path, language: str, key: str | None, title: str) -> None:
    """Write the questions of BANK, a module's questions.toml, as FILE, in one language."""
    one = _writes(file, key)
    assert one.write is not None
    given = one.write(Bank(title or bank.parent.name, _questions(bank.name, bank.read_bytes()), language))
    _write(file, given.content)
    _say(bank, given.notes)
    click.echo(str(file))


def _writes(file: Path, key: str | None) -> Format:
    """The format to write: as asked, else the first whose files end so."""
    able = {each.key: each for each in formats().values() if each.write}
    fitting = [each for each in able.values() if file.name.lower().endswith(each.suffixes)]
    found = able.get(key) if key else next(iter(fitting), None)
    if found is None:
        raise click.UsageError(f"No format is written as « {key or file.name} ». Say --format: {', '.join(able)}.")
    return found


def _questions(name: str, content: bytes) -> tuple[Question, ...]:
    """The questions of a bank, complete or not. Exits where it cannot be read."""
    try:
        return read_bank(Place.of(name, content), [])
    except CurriculumError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _say(file: Path, notes: tuple[Note, ...]) -> None:
    for note in notes:
        click.echo(f"{file}: {note}", err=True)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fill(path, [content], READABLE)
