"""Signs the status lists again after the state of a certificate changed."""

from typing import Any

from lms.jobs import Tools
from lms.models import StatusList, utcnow
from lms.services.authority import sign_lists


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Sign the three lists from what the certificates are now: however often, they say the same."""
    row = tools.session.get(StatusList, payload["list_id"])
    if row is not None:
        sign_lists(tools.session, tools.authority, row, utcnow())
        tools.session.commit()
