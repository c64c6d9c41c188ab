"""Keeps the figures as they were at the end of the months that are over."""

from datetime import timedelta
from typing import Any

from lms.jobs import Tools
from lms.models import utcnow
from lms.services.closings import close, due

#: One plain query over every fact a month.
LEASE = timedelta(hours=1)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Close each month that is not yet, a transaction a month."""
    del payload
    for day in due(tools.session, utcnow()):
        close(tools.session, day)
        tools.session.commit()
