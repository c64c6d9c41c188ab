"""Checks the whole chain of the journal, and keeps what was found for the administrators' page."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from lms.jobs import Tools
from lms.models import AuditHead, utcnow
from lms.services.chain_check import check
from lms.services.extractions import still_picture

#: Some ten seconds for each hundred thousand lines.
LEASE = timedelta(hours=1)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Read every line again; nothing is changed but the last finding."""
    del payload
    engine = tools.session.get_bind().engine
    with still_picture(engine) as session:
        report = check(session, tools.authority.keys.did_document())
    head = tools.session.scalars(select(AuditHead).with_for_update()).first()
    if head is not None:
        head.checked_at, head.checked_to = utcnow(), report.lines
        first = report.faults[0] if report.faults else None
        head.fault, head.fault_at = (first.kind, first.position) if first else (None, None)
    tools.session.commit()
