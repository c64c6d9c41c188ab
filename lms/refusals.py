"""Why an attempt is refused, in the reader's words."""

from datetime import datetime

from lms.i18n import gettext as _
from lms.i18n import moment


def why_refused(reason: str, opens_at: datetime | None = None) -> str:
    """The words for a reason of ``AttemptRefused``."""
    return {
        "closed": _("This attempt is already submitted: its answers no longer change."),
        "not_drawn": _("This question is not part of the attempt."),
        "no_more": _("Every attempt is used. Ask your trainer what comes next."),
        "too_soon": _("The next attempt opens on %(when)s.", when=moment(opens_at) if opens_at else ""),
        "passed": _("This module is passed: there is nothing left to assess."),
        "unavailable": _("This module has no assessment."),
    }[reason]
