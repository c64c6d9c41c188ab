"""Matches people of platforms with HR's agents: by keys, then asks about those who have the same name."""

from datetime import timedelta
from typing import Any

from lms.jobs import Tools
from lms.services import matching
from lms.services.matching_names import doubt_names

#: Long for a million people; done again, it finds what is done.
LEASE = timedelta(minutes=30)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Everybody whom no match holds, by batches, each in a transaction of its own."""
    del payload
    session = tools.session
    for people in matching.waiting(session):
        matching.match(session, people, tools.keys)
        session.commit()
    for _count in doubt_names(session):
        session.commit()
