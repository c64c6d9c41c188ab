"""Alembic's environment: runs the chain on the connection the service gives it."""

from typing import Any, Literal

from alembic import context

import lms.models  # noqa: F401 - every table is in the metadata once the models are imported
from lms.models import Base
from lms.models.base import ExactFraction, UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our own column types as what they are in the database, so that a migration never depends on them."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, ExactFraction):
        return "sa.String(64)"
    del autogen_context
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
