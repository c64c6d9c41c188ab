"""The ``lms`` command: one file a subject, found by itself."""

import gc
import os
import sys

import click
from cryptography.fernet import InvalidToken
from sqlalchemy.exc import DBAPIError

import lms.cli
from certificates.sign.keyring import KeysError
from lms.config import ConfigError
from lms.database_errors import trouble
from lms.logs import init_logs
from lms.owner import AccountsRefused
from lms.plugins import discover


class Commands(click.Group):
    """The commands found in this package; each file may define one or several."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._find()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._find()
        return super().get_command(ctx, cmd_name)

    def _find(self) -> None:
        if not self.commands:
            for found in discover(lms.cli, "command").values():
                for command in found if isinstance(found, (list, tuple)) else [found]:
                    self.add_command(command)
            begin_collections()


def begin_collections() -> None:
    """Collect garbage from now on (:mod:`lms.start`), and never look for any in what is there already."""
    gc.freeze()
    gc.enable()


@click.command(cls=Commands)
@click.version_option(package_name="manager-public-ia")
def cli() -> None:
    """Manager Public IA: AI training tracks for the public service."""


def main() -> None:
    """Run the ``lms`` command, and say what stops it."""
    init_logs()
    try:
        cli(prog_name="lms")
    except ConfigError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(2)
    except AccountsRefused as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except DBAPIError as error:
        click.echo(f"The database refused: {error.orig}. Check LMS_DATABASE_URL, then run: lms db upgrade.", err=True)
        sys.exit(1)
    except KeysError as error:
        click.echo(f"The keys of certificates cannot be used: {error}. See: lms doctor --worker", err=True)
        sys.exit(1)
    except InvalidToken:
        click.echo(
            "LMS_SECRET_KEY does not open what the database holds, which was made under another one. "
            "See: lms doctor --only lti_key",
            err=True,
        )
        sys.exit(1)
    except OSError as error:
        if trouble(error) is not None:
            said = f"No room is left on the disk: {error}. Nothing is left half-written. Make room, then retry."
        elif error.filename is not None:
            said = (
                f"{error.filename}: {error.strerror}. Check that its folder is there, and that the account which runs "
                f"this command (uid {os.geteuid()}) may use it."
            )
        else:
            raise
        click.echo(said, err=True)
        sys.exit(1)
