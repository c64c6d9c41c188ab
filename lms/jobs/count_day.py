"""Counts a day of the past that somebody asked for, and that no closing keeps."""

from datetime import date, timedelta
from typing import Any

from lms.jobs import Tools
from lms.models.database import reading
from lms.services import closings, day_counting
from lms.services.outcomes import N_, TryLater

#: One plain query over every fact, as for a month.
LEASE = timedelta(hours=1)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Read the facts without keeping anybody from writing, then keep what they say; nothing to do when it is kept."""
    session, day = tools.session, date.fromisoformat(payload["day"])
    number = day_counting.begin(session, day)
    session.commit()
    if number is None:
        return
    with reading(session):
        found = closings.read(session, day)
    if not day_counting.keep(session, number, found):
        why = N_("Facts of the past changed while the day was being counted. It is counted again by itself.")
        raise TryLater(why, timedelta(0), cause="facts", counted=False)
    session.commit()
