"""``lms track``: curricula as folders."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import click
from sqlalchemy.orm import Session

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.exchange.cartridge_writing import write_cartridge
from curricula.folder import Folder
from curricula.links import links
from curricula.load import load_track, track_of
from curricula.model import LANGUAGES, Track
from curricula.problems import CurriculumError
from curricula.quality import blocking, findings, refused_strictly
from curricula.registry import SHIPPED, discover, shipped_tracks
from lms.app import create_app
from lms.config import load_config
from lms.lti.http import Outbound
from lms.lti.model import LtiError
from lms.models import db, utcnow
from lms.schema import upgrade
from lms.services import revisions
from lms.services.library import Library
from lms.track_report import facts_csv, facts_text, modules_csv, modules_text
from lms.whole_files import READABLE, fill


@click.group("track")
def command() -> None:
    """Curricula as folders."""


@command.command("validate")
@click.option("--strict", is_flag=True, help="Also refuse what would make them better.")
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
            track = load_track(folder, anatomies())
        except CurriculumError as error:
            problems += len(error.problems)
            for problem in error.problems:
                click.echo(str(problem), err=True)
        else:
            found = findings(track, utcnow().date())
            refused = refused_strictly(found) if strict else blocking(found)
            problems += len(refused)
            for finding in refused:
                click.echo(f"{track.key} / {finding} ({finding.weight})", err=True)
            reminders = len(found) - len(refused_strictly(found))
            if strict and reminders:
                click.echo(f"{track.key}: {reminders} sources to check; « lms track report --facts » lists them.")
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


@command.command("report")
@click.argument("named", nargs=-1)
@click.option("--facts", is_flag=True, help="Where its facts stand, those to check first, instead of what it holds.")
@click.option("--format", "form", type=click.Choice(("text", "csv")), default="text", show_default=True)
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
def report(named: tuple[str, ...], form: str, language: str, *, facts: bool) -> None:
    """Say what tracks hold: words, minutes, questions by objective and difficulty, facts and their age.

    Each is a folder, or KEY or KEY@REVISION of a published one; the shipped ones by default.
    """
    today = utcnow().date()
    tracks = [_track(name) for name in named] or list(shipped_tracks().values())
    if form == "csv":
        click.echo(facts_csv(tracks, language, today) if facts else modules_csv(tracks, language), nl=False)
        return
    told = facts_text if facts else modules_text
    click.echo("\n\n".join("\n".join(told(track, language, today)) for track in tracks))


@command.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--note", default="", help="What changed, for those who read the list of revisions.")
@click.option("--move", is_flag=True, help="Move learners who have not completed theirs to this revision.")
def take(directory: Path, note: str, *, move: bool) -> None:
    """Publish the track of the folder DIRECTORY as the current revision of its key.

    Learners of earlier revisions stay on theirs unless they are moved; their progress follows by lesson and module.
    """
    with _session() as session:
        try:
            row = revisions.publish(session, Folder.read(directory), "imported", note=note)
        except CurriculumError as error:
            click.echo(str(error), err=True)
            click.echo(f"{len(error.problems)} to mend. Nothing was published.", err=True)
            sys.exit(1)
        except revisions.NotPublishable as refusal:
            for finding in refusal.findings:
                click.echo(f"{directory.name} / {finding}", err=True)
            if refusal.version:
                click.echo(
                    f"Version {refusal.version} is published with other content: give this one another.", err=True
                )
            click.echo("Nothing was published.", err=True)
            sys.exit(1)
        moved = revisions.move(session, row) if move else 0
        session.commit()
        click.echo(f"{row.track_key} {row.version} ({row.digest[:12]}) is published; {moved} learners moved.")


@command.command("revisions")
@click.argument("key")
def listed(key: str) -> None:
    """List the published revisions of the track KEY, the last one first."""
    with _session() as session:
        found = revisions.revisions(session, key)
        for row in found:
            click.echo(
                f"{row.published_at:%Y-%m-%d %H:%M} {row.version} {row.digest[:12]} {row.origin} {row.note}".rstrip()
            )
    if not found:
        raise click.BadParameter(f"There is no track « {key} ».", param_hint="KEY")


@command.command("export")
@click.argument("key")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--revision", default="", help="The version or the first signs of the digest; the current one without.")
def export(key: str, directory: Path, revision: str) -> None:
    """Write a revision of the track KEY as a folder in DIRECTORY."""
    with _session() as session:
        known = list(Library(session))
        if key not in known:
            raise click.BadParameter(f"There is no track « {key} ». Known: {', '.join(known)}.", param_hint="KEY")
        row = revisions.named(session, key, revision)
        if row is None:
            raise click.BadParameter(f"« {key} » has no revision « {revision} ».", param_hint="--revision")
        folder = Folder.unpacked(row.content)
    try:
        click.echo(str(folder.write(directory)))
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
    fill(file, [given.content], READABLE)
    click.echo(str(file))


@command.command("diff")
@click.argument("before")
@click.argument("after")
def diff(before: str, after: str) -> None:
    """Say what changed between two tracks: each a folder, or KEY, or KEY@REVISION of a published one.

    The exit status is 0 when nothing did, 1 when something did, 2 when they cannot be compared.
    """
    changes = compare(_track(before), _track(after))
    for change in changes:
        said = "added" if change.before is None else "removed" if change.after is None else "changed"
        click.echo(f"{' / '.join(change.path)} ({change.kind}): {said}")
        for line in change.lines:
            click.echo(f"  {line}")
    sys.exit(1 if changes else 0)


@command.command("links")
@click.argument("named")
def called(named: str) -> None:
    """Call every address of a track, a folder or KEY or KEY@REVISION, and list those that do not answer.

    It is the one command that calls other people's sites: nothing does so by itself. The exit status is then 1.
    """
    places: dict[str, list[str]] = {}
    for link in links(_track(named)):
        places.setdefault(link.url, []).append(" / ".join(link.path))
    config = load_config()
    outbound = Outbound(config.allowed_private_hosts, config.authorities)
    dead = [(url, why) for url in places if (why := _unanswered(outbound, url))]
    outbound.close()
    for url, why in dead:
        click.echo(f"{url}: {why} ({'; '.join(places[url])})")
    click.echo(f"{len(places)} addresses called, {len(dead)} to look at.")
    sys.exit(1 if dead else 0)


def _unanswered(outbound: Outbound, url: str) -> str:
    """Why an address is to be looked at; empty where it answers, were it to say that it is reserved to some."""
    try:
        status = outbound.request("HEAD", url).status_code
        if status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.NOT_FOUND}:
            status = outbound.request("GET", url).status_code  # some answer nothing else
    except LtiError as error:
        return " ".join(filter(None, (error.cause, error.detail)))
    kept = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}
    return f"answers {status}" if status >= HTTPStatus.BAD_REQUEST and status not in kept else ""


@contextmanager
def _session() -> Iterator[Session]:
    """A session on the database in force, brought to this release."""
    app = create_app()
    upgrade(app)
    with app.app_context():
        yield db.session()
        db.session.remove()


def _track(named: str) -> Track:
    """The track of a folder, or a published one."""
    try:
        if Path(named).is_dir():
            return load_track(Path(named), anatomies())
        with _session() as session:
            key, _, revision = named.partition("@")
            row = revisions.named(session, key, revision)
            if row is not None:
                return track_of(Folder.unpacked(row.content))
    except (CurriculumError, OSError) as error:
        click.echo(f"« {named} » is no track that can be read:\n{error}", err=True)
        sys.exit(2)
    click.echo(f"« {named} » is neither a folder nor a published track.", err=True)
    sys.exit(2)
