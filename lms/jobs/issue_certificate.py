"""Issues what an enrolment has earned: its track's certificate, a label, a statement of attendance."""

from typing import Any

from certificates.formats import RenderError
from lms.jobs import Tools
from lms.models import Enrolment
from lms.services.issuing import NotIssued, issue
from lms.services.library import Library
from lms.services.outcomes import N_, GiveUp
from lms.services.sealing import sealing


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Issue once. It waits until the learner confirms the name to print: confirming it promises the job again."""
    row = tools.session.get(Enrolment, payload["enrolment_id"])
    track = Library(tools.session).followed(row.track_key, row.track_digest) if row else None
    if row is None or track is None:
        raise GiveUp(N_("The enrolment or its track no longer exists."))
    try:
        with sealing():
            issue(tools.session, tools.authority, row, track, payload.get("award_key"), payload.get("cycle"))
    except NotIssued as reason:
        tools.session.rollback()
        if reason.unprintable:
            why = N_("The name cannot be printed. The learner can write another one in their settings.")
            raise GiveUp(f"{why}\n{reason.reason}") from reason
        return
    except RenderError as error:
        why = N_("The certificate cannot be drawn.")
        raise GiveUp(f"{why}\n{error}") from error
    tools.session.commit()
