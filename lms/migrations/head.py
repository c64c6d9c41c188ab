"""The revision this release expects, and the one a database has."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

#: A name of the configuration's attributes: whether the caller's own transaction holds the whole chain.
IN_ONE_TRANSACTION = "in_one_transaction"


def alembic_config() -> "Config":
    """Alembic's configuration for the chain in this folder."""
    from alembic.config import Config  # once the chain is read: docs/adr/0056

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _chain() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(alembic_config())


@cache
def head() -> str | None:
    """The last revision of the chain."""
    return _chain().get_current_head()


def revision_of(connection: Connection) -> str | None:
    """The revision a database has; None before the first migration."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


@cache
def _known() -> frozenset[str]:
    return frozenset(each.revision for each in _chain().walk_revisions())


def is_later(revision: str | None) -> bool:
    """Whether a database of that revision was migrated by a later release: this one serves on it (docs/adr/0031)."""
    return revision is not None and revision not in _known()
