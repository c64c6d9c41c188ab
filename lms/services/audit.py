"""The journal: who did what to which thing, when; written with the act itself, never with the content."""

from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from lms.models import AuditEntry, utcnow
from lms.models.base import table_of
from lms.models.prepared import Prepared

_INSERT = Prepared(insert(table_of(AuditEntry)))


def record(
    own: Session | Connection, action: str, target: str = "", person_id: int | None = None, **details: Any
) -> None:
    """Write a line of the journal in the transaction of the act. ``details`` hold no name, token nor answer."""
    values = {"at": utcnow(), "person_id": person_id, "action": action, "target": target, "details": details}
    _INSERT.run(own, values)
