"""The revision this release expects."""

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory


def alembic_config() -> Config:
    """Alembic's configuration for the chain in this folder."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


@cache
def head() -> str | None:
    """The last revision of the chain."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


@cache
def _known() -> frozenset[str]:
    return frozenset(each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions())


def is_later(revision: str | None) -> bool:
    """Whether a database of that revision was migrated by a later release: this one serves on it (docs/adr/0031)."""
    return revision is not None and revision not in _known()
