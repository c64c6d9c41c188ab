"""Why an attempt or an LTI message is refused, in the reader's words."""

from datetime import datetime

from lms.errors import Refused
from lms.i18n import gettext as _
from lms.i18n import moment, number


def why_refused(reason: str, opens_at: datetime | None = None) -> str:
    """The words for a reason of ``AttemptRefused`` or ``AnswerRefused``."""
    return {
        "closed": _("This attempt is already submitted: its answers no longer change."),
        "not_drawn": _("This question is not part of the attempt."),
        "late": _("The time was up: this answer is in the record, and does not count."),
        "waiting": _("What you handed in is being marked. You will see the result here."),
        "no_more": _("Every attempt is used. Ask your trainer what comes next."),
        "too_soon": _("The next attempt opens on %(when)s.", when=moment(opens_at) if opens_at else ""),
        "passed": _("This module is passed: there is nothing left to assess."),
        "unavailable": _("This module has no assessment."),
        "locked": _("Other modules are to be passed before this one."),
        "supervised": _("This assessment begins with the code of a sitting."),
        "incomplete": _("Something is missing: your work cannot be handed in yet."),
    }[reason]


def why_no_pause(reason: str) -> str:
    """The words for a reason of ``PauseRefused``."""
    return {
        "none_left": _("Every pause is used: the clock goes on."),
        "untimed": _("This assessment has no clock to stop: you can close the page, and come back."),
        "closed": _("The time is up: there is no pause any more."),
    }[reason]


def why_no_sitting(reason: str, at: datetime | None = None) -> str:
    """The words for a reason of ``SittingRefused``, for whoever typed a code or opens a sitting."""
    when = moment(at) if at else ""
    return {
        "unknown": _("No sitting of this assessment has this code. Read it again, or ask whoever supervises."),
        "early": _("This sitting opens on %(when)s. Type the code again then.", when=when),
        "over": _("This sitting has been over since %(when)s. Ask whoever supervises.", when=when),
        "order": _("The sitting closes before it opens. Give a later time of closing."),
        "past": _("This window is over already. Give a time of closing that is still to come."),
        "long": _("A sitting stays open for a month at most. Check both dates."),
    }[reason]


def too_long(count: int, most: int) -> str:
    """The words for a text longer than its field takes."""
    return _("This text has %(count)s characters; %(most)s are kept at most. Shorten it, then save again.",
             count=number(count), most=number(most))  # fmt: skip


def retired_refusal() -> Refused:
    """The page for a track that nobody new begins."""
    return Refused(
        _("This track no longer takes new learners."),
        _("Those who began it can finish it. Ask your trainer which one takes its place."),
        status=403, cause="track_retired",
    )  # fmt: skip


def lti_refusal(cause: str) -> Refused:
    """The page for a cause of ``LtiError``: what happened, what to do (LTI.md R22)."""
    if cause == "track_retired":
        return retired_refusal()
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


def registration_refusal(cause: str, detail: str = "") -> Refused:
    """The page for a cause that stops a platform from being connected (LTI.md G1 to G8)."""
    again = _("Ask the administrator of Manager Public IA for a new address, then paste it in your platform.")
    publisher = _("Give this reference to the administrator of your training platform.")
    hosts = _(
        "If the platform really uses this other host, ask the administrator of Manager Public IA for an address that "
        "admits it."
    )
    later = _("Try again in a few minutes. The same address can still be used.")
    words = {
        "invitation_unknown": (_("This connection address does not exist, or was cancelled."), again),
        "invitation_used": (_("This connection address was already used. Each one connects a single platform."), again),
        "invitation_expired": (_("This connection address has expired. Each one lasts 7 days."), again),
        "form_expired": (
            _("This page was open for too long."),
            _("Begin the connection again from your training platform. The same address can still be used."),
        ),
        "configuration_malformed": (
            _(
                "The configuration that the training platform publishes is incomplete: « %(name)s » is missing.",
                name=detail,
            ),
            publisher,
        ),
        "issuer_host": (
            _("The training platform names an issuer that is not on the host of its configuration."),
            hosts,
        ),
        "foreign_address": (
            _("The training platform names an address on another host than its own: « %(name)s ».", name=detail),
            hosts,
        ),
        "address_refused": (
            _("The addresses of the training platform are not https."),
            _("Its administrator should serve it over https, then begin again."),
        ),
        "address_private": (
            _("The address of the training platform is on a private network, where this service does not call."),
            _("If it is an intranet of yours, add its host to the setting LMS_ALLOWED_PRIVATE_HOSTS."),
        ),
        "algorithm_refused": (_("The training platform does without RS256, which LTI 1.3 asks for."), publisher),
        "method_refused": (_("The training platform does without a method that LTI 1.3 asks for."), publisher),
        "issuer_taken": (
            _("This training platform is connected already."),
            _("To connect it again, ask for an address on its own page, « Reconnect »: its people and courses stay."),
        ),
        "issuer_differs": (
            _("This address was made to reconnect another training platform."),
            again,
        ),
        "suspended": (
            _("The connection with this training platform is suspended."),
            _("Ask the administrator of Manager Public IA to resume it first."),
        ),
        "client_taken": (_("The training platform answered with an identifier that is already connected."), publisher),
        "registration_malformed": (
            _(
                "The training platform registered the tool, but its answer cannot be used: « %(name)s » is missing.",
                name=detail,
            ),
            publisher,
        ),
        "unreachable": (_("The training platform does not answer."), later),
        "answer_status": (_("The training platform does not give its configuration."), later),
        "answer_not_json": (_("What the training platform gives is not a configuration."), publisher),
    }
    words["address_unknown"] = words["unreachable"]
    what, fix = words.get(cause, (_("The training platform gives an answer that cannot be used."), publisher))
    conflicts = {"issuer_taken", "client_taken", "issuer_differs", "invitation_used", "suspended"}
    status = 409 if cause in conflicts else 400
    return Refused(what, fix, status=status, cause="registration_" + cause)


def platform_refusal(status: int, said: str) -> Refused:
    """The page when the platform itself refuses to register the tool (LTI.md G8), with what it ``said``."""
    again = _("Begin the connection again from your training platform. The same address can still be used.")
    what, fix = {
        401: (
            _("The training platform refuses its own registration token: it was used already, or lasted an hour."),
            again,
        ),
        403: (_("The training platform does not let you register a tool."), _("Sign in there as an administrator.")),
        422: (_("The training platform refuses what the tool declares of itself."), again),
        400: (_("The training platform refuses what the tool declares of itself."), again),
    }.get(status, (_("The training platform met a problem while it registered the tool."), again))
    if said:
        fix += " " + _("Its answer: « %(said)s » (HTTP %(status)s).", said=said, status=status)
    return Refused(what, fix, status=400, cause=f"registration_http_{status // 100}xx")
