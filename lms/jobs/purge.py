"""Takes what the settings no longer let us keep, a batch a transaction."""

from datetime import timedelta
from time import monotonic
from typing import Any

from lms.jobs import Tools
from lms.models.clock import surely_now
from lms.services.outcomes import N_, TryLater
from lms.services.retention import purge

#: A worker that dies is replaced after so long; one that lives hands over before.
LEASE = timedelta(minutes=5)
LONGEST = timedelta(minutes=4)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Go on until nothing is due; done again, it finds what it left."""
    del payload
    end = monotonic() + LONGEST.total_seconds()
    for _what, _count in purge(tools.session, tools.authority.config, tools.authority.keys, surely_now()):
        tools.session.commit()
        if monotonic() > end:
            raise TryLater(N_("Old data are being removed."), timedelta(0), cause="long", counted=False)
    tools.session.commit()
