"""Closes the attempts whose time is over, with what was saved in time."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, joinedload

from lms.jobs import Tools
from lms.models import Attempt
from lms.models.clock import surely_now
from lms.services import attempts
from lms.services.library import Library

log = structlog.get_logger()


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Close and grade each in a transaction of its own. One that cannot be graded keeps no other from being closed.

    None is closed while one of two clocks, the database's and this machine's, says that there is time left.
    """
    del payload
    session = tools.session
    numbers = attempts.overdue(session, surely_now())
    session.commit()
    for number in numbers:
        try:
            _close(session, number)
        except DBAPIError:
            raise  # the database is away: all of them wait
        except Exception as error:  # noqa: BLE001 - a fault in one question must not keep the others open
            session.rollback()
            log.warning("attempt_not_closed", attempt=str(number), cause=type(error).__name__)


def _close(session: Session, number: UUID) -> None:
    attempt = session.get_one(Attempt, number, options=[joinedload(Attempt.enrolment)])
    known, row = Library(session), attempt.enrolment
    track, began_in = (known.followed(row.track_key, digest) for digest in (row.track_digest, attempt.track_digest))
    module = began_in.module(attempt.module_key) if began_in else None
    if track is None or module is None:
        raise LookupError(row.track_key)
    attempts.close_if_over(session, attempt, track, module, surely_now())
    session.commit()
