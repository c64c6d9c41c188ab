"""Issues the certificates asked for together, learner by learner, a transaction each."""

from datetime import timedelta
from time import monotonic
from typing import Any

from lms.jobs import Tools
from lms.services.bulk_issuing import step
from lms.services.library import Library
from lms.services.outcomes import N_, TryLater
from lms.services.sealing import sealing

#: A worker that dies is replaced after so long; one that lives hands over before.
LEASE = timedelta(minutes=2)
LONGEST = timedelta(minutes=1)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Go on where the run is; done again, it finds nothing left to do."""
    session, end = tools.session, monotonic() + LONGEST.total_seconds()
    tracks = Library(session)
    with sealing():
        while step(session, payload["run_id"], tools.authority, tracks):
            session.commit()
            if monotonic() > end:
                raise TryLater(N_("Certificates are being issued."), timedelta(0), cause="long", counted=False)
    session.commit()
