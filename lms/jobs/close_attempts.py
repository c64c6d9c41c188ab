"""Closes the attempts whose time is over, with what was saved in time."""

from typing import Any

import structlog
from sqlalchemy.orm import joinedload

from lms.jobs import Tools
from lms.models import Attempt, utcnow
from lms.services import attempts
from lms.services.library import Library

log = structlog.get_logger()


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Close and grade each in a transaction of its own. One that cannot be graded keeps no other from being closed."""
    del payload
    session, known = tools.session, Library(tools.session)
    numbers = attempts.overdue(session, utcnow())
    session.commit()
    for number in numbers:
        attempt = session.get(Attempt, number, options=[joinedload(Attempt.enrolment)])
        row = attempt.enrolment if attempt else None
        track = known.followed(row.track_key, row.track_digest) if row else None
        began_in = known.followed(row.track_key, attempt.track_digest) if row and attempt else None
        module = began_in.module(attempt.module_key) if began_in and attempt else None
        if attempt is None or track is None or module is None or module.quiz is None:
            log.warning("attempt_not_closed", attempt=str(number))
            session.rollback()
            continue
        attempts.close_if_over(session, attempt, track, module, utcnow())
        session.commit()
