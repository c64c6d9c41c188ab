"""``lms track``: curricula as folders."""

import shutil
import sys
from pathlib import Path

import click

from assessments.registry import right_options
from curricula.load import load_track
from curricula.problems import CurriculumError
from curricula.registry import SHIPPED, discover


@click.group("track")
def command() -> None:
    """Curricula as folders."""


@command.command("validate")
@click.option("--strict", is_flag=True, help="Also refuse what would only be improved.")
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def validate(directory: Path | None, *, strict: bool) -> None:
    """Check the tracks of DIRECTORY (a track, or a folder of tracks); the shipped ones by default."""
    del strict  # every check is an error today
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
    """Copy the track KEY as a folder into DIRECTORY."""
    shipped = {folder.name: folder for folder in discover()}
    if key not in shipped:
        raise click.BadParameter(f"There is no track « {key} ». Known: {', '.join(shipped)}.", param_hint="KEY")
    target = directory / key
    if target.exists():
        raise click.BadParameter(f"{target} exists already.", param_hint="DIRECTORY")
    shutil.copytree(shipped[key], target)
    click.echo(str(target))
