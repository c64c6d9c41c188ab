"""Why an attempt or an LTI message is refused, in the reader's words."""

from datetime import datetime

from lms.errors import Refused
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


def lti_refusal(cause: str) -> Refused:
    """The page for a cause of ``LtiError``: what happened, what to do (LTI.md R22)."""
    relaunch = _("Go back to your training platform and open the activity again.")
    tell = _("Give this reference to the administrator of your training platform.")
    words = {
        "state_unknown": (_("This opening has expired or was already used."), relaunch),
        "clock": (
            _("The message of the training platform is too old, or its clock and ours differ."),
            _("Open the activity again. If this comes back, the administrator should check both clocks."),
        ),
        "suspended": (_("The connection with this training platform is suspended."), tell),
        "deployment_suspended": (_("The connection with this part of the training platform is suspended."), tell),
        "issuer_unknown": (_("This training platform is not connected to the service."), tell),
        "client_ambiguous": (_("The training platform did not say which connection it uses."), tell),
        "unreachable": (_("The training platform does not answer, so its message cannot be checked."), relaunch),
        "track_unknown": (
            _("This activity leads to a track that does not exist here."),
            _("The trainer should choose the track again in the course."),
        ),
        "platform_refused": (
            _("The training platform refused to sign you in."),
            _("Open the activity again. If this comes back, the administrator should check that the tool is active."),
        ),
        "busy": (_("Many people are signing in at this moment."), _("Wait a minute and open the activity again.")),
        "anonymous": (
            _("The training platform did not say who you are, and a training followed by nobody cannot be assessed."),
            _("Sign in to your training platform, then open the activity again."),
        ),
        "role": (_("Your role in the course does not allow this."), _("Ask the person in charge of the training.")),
        "accept_types": (
            _("The training platform does not take activities from here: our tracks are activities of a course."),
            _("Add an activity of the external tool type to the course, and choose its content from there."),
        ),
        "not_in_course": (
            _("This person is not a learner of this course."),
            _("Check that they are enrolled in the course and have opened an activity, then try again."),
        ),
        "foreign_address": (
            _("The training platform names an address that is not among its own."),
            _("Give this reference to the administrator, who can add its host to the connection."),
        ),
    }
    what, fix = words.get(cause, (_("The message of the training platform cannot be accepted."), tell))
    status = {"busy": 503, "suspended": 403, "deployment_suspended": 403, "role": 403, "not_in_course": 403}.get(
        cause, 400
    )
    return Refused(what, fix, status=status, cause="lti_" + cause)
