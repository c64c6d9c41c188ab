"""The journal: who did what to which thing, when; written with the act itself, never with the content."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from lms.models import AuditEntry, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared

_INSERT_MANY = insert(table_of(AuditEntry))
_INSERT = Prepared(_INSERT_MANY)


def record(
    own: Session | Connection, action: str, target: str = "", person_id: int | None = None, **details: Any
) -> None:
    """Write a line of the journal in the transaction of the act. ``details`` hold no name, token nor answer."""
    values = {"at": utcnow(), "person_id": person_id, "action": action, "target": target, "details": details}
    _INSERT.run(own, values)


def record_all(own: Session | Connection, action: str, lines: Sequence[tuple[str, int | None, dict[str, Any]]]) -> None:
    """Write many lines of one act at once: (target, person, details) each."""
    now = utcnow()
    values = [
        {"at": now, "person_id": person_id, "action": action, "target": target, "details": details}
        for target, person_id, details in lines
    ]
    if values:
        own.execute(_INSERT_MANY, values)
