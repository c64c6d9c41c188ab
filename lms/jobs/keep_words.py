"""Keeps the words that certificates are found by, of those that an earlier release wrote."""

from datetime import timedelta
from typing import Any

from lms.jobs import Tools
from lms.services.certificate_words import keep_more

#: Some minutes for a million of them, beside what is owed to learners.
LEASE = timedelta(minutes=30)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Keep them, a transaction for some hundreds; done again, there are none left."""
    del payload
    while keep_more(tools.session):
        tools.session.commit()
