"""``lms secret-key``: the key that everything else is sealed under, replaced. Exit codes: 0 done, 1 not done."""

import sys
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click

from certificates.sign import passphrase
from certificates.sign.keyring import KeysError
from lms.app import create_app
from lms.config import Config
from lms.config_checks import LONGEST_SECRET, SHORTEST_SECRET
from lms.models import db
from lms.pages import config
from lms.secret_replacement import at_work, carry_out, others, problems
from lms.services import workers

#: How many things that cannot be opened are named.
_NAMED = 20

_MAKE = "Make another one: openssl rand -base64 48"

_BEFORE = """\
The secret key is about to be replaced. What ends with it:
- everybody is signed out, and pages of assessments that are open save nothing more: wait until none is under way;
- what is half done begins again: signing in, connecting a platform, putting a certificate in a wallet, reading the
  API page by page. Tokens of platforms are asked for anew.
What stays: passwords, authenticator apps, passkeys, recovery and enrolment codes, secrets of webhooks, LTI keys, keys
of certificates, codes of copies, names told to a record store.
Web processes and workers must be stopped, on every machine."""

_AFTER = """\
Now give LMS_SECRET_KEY the new key, wherever web processes and workers read it; start them; run: lms doctor --worker
Keep the old key apart, with the backups made until now: no other restores them. Make a backup.
If more than the key may have been read, docs/keys.md says what else to replace."""


@click.group("secret-key")
def command() -> None:
    """The secret key (LMS_SECRET_KEY), under which the other keys are kept."""


@command.command("replace")
@click.option(
    "--new", "new_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the new key: openssl rand -base64 48",
)  # fmt: skip
@click.option("--check", "only_check", is_flag=True, help="Say whether it can be done; the service may be at work.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def replace(new_file: Path, *, only_check: bool, yes: bool) -> None:
    """Replace LMS_SECRET_KEY, which somebody may have read. Stop the service first; run it where the worker runs.

    LMS_SECRET_KEY is the present key until this says that it is done. Cut short, it ends what it began when run again.
    """
    with create_app().app_context():
        old, new = config().secret_key, _read(new_file)
        if new == old:
            _stop(
                f"That key is the one in force. {_MAKE}. Where a replacement was cut short, give LMS_SECRET_KEY the "
                "key before, and run this again."
            )
        _check(old, new, busy=not only_check)
        if only_check:
            click.echo("The present key opens everything. Nothing was changed.")
            return
        _tell(config())
        if not yes:
            click.confirm("Go on?", abort=True)
        _carry_out(config(), old, new)


def _check(old: str, new: str, *, busy: bool) -> None:
    """Stop where something keeps the key from being replaced; ``busy``: a worker that lives does."""
    found = list(islice(problems(db.session(), config(), old, new), _NAMED + 1))
    if busy and (alive := at_work(db.session())):
        minutes = workers.ALIVE.seconds // 60
        found.insert(
            0, f"Workers at work: {alive}. Stop them, and the web processes; one that was killed counts for {minutes} "
            "minutes.",
        )  # fmt: skip
    if found:
        _stop("\n".join(["Nothing was changed.", *found[:_NAMED], *(["…and more."] if len(found) > _NAMED else [])]))


def _tell(config: Config) -> None:
    """Say what is about to happen."""
    click.echo(_BEFORE)
    if connected := others(db.session()):
        click.echo(f"Other connections to the database: {connected}. If they are of web processes, stop those now.")
    db.session.rollback()  # nothing is held while somebody thinks
    for name in passphrase.put_aside(config.keys):
        click.echo(f"{config.keys / name}, put aside by a restore, stays under its key: remove it if you can.")


def _carry_out(config: Config, old: str, new: str) -> None:
    try:
        done = carry_out(db.session(), config, old, new)
    except KeysError as error:
        _stop(
            f"The database is under the new key; the keys of certificates in {config.keys} are not all: {error}. Put "
            "that right, leave the old key in LMS_SECRET_KEY, and run this again."
        )
    if done.left:
        _stop("\n".join(["A process with the old key wrote meanwhile. Stop it, then run this again:", *done.left]))
    click.echo(f"Sealed again: {done.secrets} secrets, {done.files} files of keys. Sessions ended: {done.sessions}.")
    if (made := config.data_dir / "secret").exists():
        click.echo(f"Remove {made}, which the service made: the settings give the key from now on.")
    click.echo(_AFTER)


def _read(path: Path) -> str:
    """The key in a file. Stops where it cannot be read, or has not the length of one."""
    try:
        key = path.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, ValueError) as error:
        _stop(f"The new key cannot be read in {path}: {type(error).__name__}.")
    if not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        _stop(f"A key has {SHORTEST_SECRET} to {LONGEST_SECRET} characters; that one has {len(key)}. {_MAKE}")
    return key


def _stop(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
