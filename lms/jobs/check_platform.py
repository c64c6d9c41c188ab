"""Checks the connection with one platform, and again while a new one is being put to work."""

from datetime import datetime
from typing import Any

from lms.jobs import Tools
from lms.lti.model import LtiError
from lms.models import utcnow
from lms.services import outbox
from lms.services.connections import PACE, run_check, settled


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Check it now; until the promised moment, promise another check a little later if something is still awaited."""
    try:
        findings = run_check(tools.session, tools.services, payload["platform_id"])
    except LtiError:
        return  # suspended or removed: there is nothing to check
    if not settled(findings) and utcnow() < datetime.fromisoformat(payload["until"]):
        outbox.promise(tools.session, "check_platform", str(payload["platform_id"]), payload, PACE)
    tools.session.commit()
