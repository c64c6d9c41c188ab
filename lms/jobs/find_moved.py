"""Touches the agents who are not where they were counted: each is one that nobody told of."""

from datetime import timedelta
from typing import Any

from lms.jobs import Tools
from lms.services.figures import touch_moved

#: One pass over the agents: minutes for millions of them, beside what is owed to learners.
LEASE = timedelta(minutes=30)


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Touch them; done again, it touches the same."""
    del payload
    touch_moved(tools.session)
    tools.session.commit()
