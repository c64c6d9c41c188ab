"""``lms track``: curricula as folders."""

import sys
from pathlib import Path

import click

from assessments.registry import right_options
from curricula.diff import compare
from curricula.exchange.cartridge_writing import write_cartridge
from curricula.folder import Folder
from curricula.load import load_track
from curricula.model import LANGUAGES, Track
from curricula.problems import CurriculumError
from curricula.quality import blocking, findings
from curricula.registry import SHIPPED, discover
from lms.config import load_config
from lms.models import utcnow


@click.group("track")
def command() -> None:
    """Curricula as folders."""


@command.command("validate")
@click.option("--strict", is_flag=True, help="Also say what would make them better: it refuses nothing more.")
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def validate(directory: Path | None, *, strict: bool) -> None:
    """Check the tracks of DIRECTORY (a track, or a folder of tracks); the shipped ones by default."""
    root = directory or SHIPPED
    folders = [root] if (root / "track.toml").exists() else discover(root)
    if not folders:
        click.echo(f"{root}: no track here. A track is a folder with a track.toml.", err=True)
        sys.exit(1)
    problems = 0
    for folder in folders:
        try:
            track = load_track(folder, right_options())
        except CurriculumError as error:
            problems += len(error.problems)
            for problem in error.problems:
                click.echo(str(problem), err=True)
        else:
            found = findings(track, utcnow().date())
            problems += len(blocking(found))
            for finding in found if strict else blocking(found):
                click.echo(f"{track.key} / {finding} ({finding.weight})", err=finding.weight == "blocking")
            published = track.published_modules
            lessons = sum(len(module.lessons) for module in published)
            questions = sum(len(module.questions) for module in published)
            click.echo(
                f"{track.key} {track.version}: {len(published)} of {len(track.modules)} modules published, "
                f"{lessons} lessons, {questions} questions."
            )
    if problems:
        click.echo(f"{problems} to mend.", err=True)
        sys.exit(1)


@command.command("export")
@click.argument("key")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def export(key: str, directory: Path) -> None:
    """Write the track KEY as a folder in DIRECTORY."""
    shipped = {folder.name: folder for folder in discover()}
    if key not in shipped:
        raise click.BadParameter(f"There is no track « {key} ». Known: {', '.join(shipped)}.", param_hint="KEY")
    try:
        click.echo(str(Folder.read(shipped[key]).write(directory)))
    except FileExistsError as error:
        raise click.BadParameter(f"{directory / key} exists already.", param_hint="DIRECTORY") from error


@command.command("cartridge")
@click.argument("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
def cartridge(key: str, file: Path, language: str) -> None:
    """Write the published track KEY as FILE, a thin Common Cartridge: one link a module, to import in a course."""
    given = write_cartridge(_track(key), language, load_config().base_url)
    for note in given.notes:
        click.echo(str(note), err=True)
    file.write_bytes(given.content)
    click.echo(str(file))


@command.command("diff")
@click.argument("before")
@click.argument("after")
def diff(before: str, after: str) -> None:
    """Say what changed between two tracks, each a folder or the KEY of a shipped one.

    The exit status is 0 when nothing did, 1 when something did, 2 when they cannot be compared.
    """
    changes = compare(_track(before), _track(after))
    for change in changes:
        said = "added" if change.before is None else "removed" if change.after is None else "changed"
        click.echo(f"{' / '.join(change.path)} ({change.kind}): {said}")
        for line in change.lines:
            click.echo(f"  {line}")
    sys.exit(1 if changes else 0)


def _track(named: str) -> Track:
    """The track of a folder, or the shipped one of that key."""
    folder = next((each for each in discover() if each.name == named), Path(named))
    try:
        return load_track(folder, right_options())
    except (CurriculumError, OSError) as error:
        click.echo(f"« {named} » is no track that can be read:\n{error}", err=True)
        sys.exit(2)
