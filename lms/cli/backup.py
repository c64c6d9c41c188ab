"""``lms backup`` and ``lms restore``. Exit codes: 0 done, 1 not done, or done and something is not as it
should be; 143 stopped (SIGTERM), of which nothing is left."""

import sys
from dataclasses import replace as changed
from pathlib import Path

import click

from lms.backup import BackupError, checking, files, making, restoring
from lms.backup.making import Held
from lms.backup.unfinished import cleared_when_stopped
from lms.config import Config, load_config

_passphrase = click.option(
    "--passphrase-file", type=click.Path(dir_okay=False, path_type=Path),
    help="A file whose first line is the passphrase; by default LMS_BACKUP_PASSPHRASE_FILE.",
)  # fmt: skip
_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@_file
@_passphrase
@click.option("--with-keys", is_flag=True, help="The signing keys of certificates too: run it where the worker runs.")
@click.option(
    "--check", "only_check", is_flag=True, help="Read the backup FILE and see that it is whole; restore nothing."
)
@cleared_when_stopped()
def backup(file: Path, passphrase_file: Path | None, *, with_keys: bool, only_check: bool) -> None:
    """Write to FILE, encrypted, one state of the database and the files that matter; the service goes on meanwhile."""
    config = load_config()
    try:
        passphrase = making.read_passphrase(passphrase_file or config.backup_passphrase_file)
        if only_check:
            held = making.look(file, passphrase)
            click.echo(f"{file} is whole: {_what(held)}.")
            click.echo(
                f"Made {held.opening['made']} by release {held.opening['release']} at {held.opening['base_url']}."
            )
            return
        held = making.make(config, file, passphrase, with_keys=with_keys)
    except BackupError as error:
        _stop(error)
    click.echo(f"{file}: {_what(held)}; {file.stat().st_size / 1e6:.1f} MB.")
    for missing in _left_out(config, held):
        click.echo(f"Not in it: {missing}")


@click.command("restore")
@_file
@_passphrase
@click.option(
    "--replace", is_flag=True, help="Lose what the database holds now. Stop the web processes and workers first."
)
@cleared_when_stopped()
def restore(file: Path, passphrase_file: Path | None, *, replace: bool) -> None:
    """Bring back the backup FILE where the settings say, whole or not at all; then look whether all is as it was."""
    config = load_config()
    try:
        passphrase = making.read_passphrase(passphrase_file or config.backup_passphrase_file)
        held = restoring.restore(config, file, passphrase, replace=replace)
    except BackupError as error:
        _stop(error)
    click.echo(f"Restored: {_what(held)}.")
    # What the service made for itself came back with the backup, in place of what this command found.
    secret = config.data_dir / files.MADE_KEY
    if held.opening["holds_secret"]:
        config = changed(config, secret_key=secret.read_text("ascii").strip())
    found = checking.check(config, held.opening["base_url"])
    click.echo(
        f"Verified: {found.lines} lines of the journal, {found.keys} signing keys, {found.certificates} certificates."
    )
    if held.opening["base_url"] != config.base_url:
        click.echo(
            f"The service was at {held.opening['base_url']}, and LMS_BASE_URL is {config.base_url}: certificates and "
            "platforms name the first."
        )
    if not found.keys:
        click.echo(
            f"No signing key is in {config.keys}: bring them back there before a worker starts, or it makes others."
        )
    for fault in found.faults:
        click.echo(fault, err=True)
    sys.exit(1 if found.faults else 0)


def _what(held: Held) -> str:
    return f"{held.tables} tables, {held.rows} rows, {held.files} files, {held.keys} files of signing keys"


def _left_out(config: Config, held: Held) -> list[str]:
    """What a service needs beside this backup."""
    missing = []
    if not held.opening["holds_keys"]:
        missing.append(
            f"the signing keys of certificates ({config.keys}). Keep them apart, or run this again with --with-keys."
        )
    if not held.opening["holds_secret"]:
        missing.append("LMS_SECRET_KEY, which the settings give. Keep it apart: without it no key opens.")
    named = [name for name, value in vars(config).items() if name in _NAMED and value != getattr(Config(), name)]
    if named:
        missing.append(f"what these settings name: {', '.join(f'LMS_{name.upper()}' for name in named)}.")
    return missing


_NAMED = {
    "seal_pkcs12", "seal_passphrase", "seal_passphrase_file", "seal_pkcs11", "seal_pin_file", "seal_chain", "tsa_root",
    "issuer_logo", "lrs_secret_file", "export_sftp_key", "export_sftp_known_hosts", "theme_dir",
    "authorities", "tracks_dir",
}  # fmt: skip


def _stop(error: BackupError) -> None:
    click.echo(str(error), err=True)
    sys.exit(1)


command = [backup, restore]
