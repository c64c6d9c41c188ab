"""Marks attempts again after a question was mended or withdrawn, a batch a transaction."""

from datetime import timedelta
from time import monotonic
from typing import Any

from lms.jobs import Tools
from lms.services.library import Library
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.services.regrading import NotRegraded, step

#: A worker that dies is replaced after so long; one that lives hands over before.
LEASE = timedelta(minutes=5)
LONGEST = timedelta(minutes=4)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Go on where the regrading is; done again, it finds nothing left to do."""
    session, end = tools.session, monotonic() + LONGEST.total_seconds()
    tracks = Library(session)
    try:
        while step(session, payload["regrading_id"], tracks):
            session.commit()
            if monotonic() > end:
                raise TryLater(N_("The attempts are being marked again."), timedelta(0), cause="long", counted=False)
        session.commit()
    except NotRegraded as error:
        raise GiveUp(N_("The question that attempts were to be marked by is no longer known.")) from error
