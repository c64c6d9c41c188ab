"""Counts again the agents who were touched, a batch a transaction."""

from datetime import timedelta
from time import monotonic
from typing import Any

from lms.jobs import Tools
from lms.services.figures import refresh
from lms.services.outcomes import N_, TryLater

#: A worker that dies is replaced after so long; one that lives hands over before.
LEASE = timedelta(minutes=5)
LONGEST = timedelta(minutes=4)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Go on until nobody is left to count; done again, it finds whom it left."""
    del payload
    end = monotonic() + LONGEST.total_seconds()
    while refresh(tools.session):
        tools.session.commit()
        if monotonic() > end:
            raise TryLater(N_("The agents are being counted."), timedelta(0), cause="long", counted=False)
    tools.session.commit()
