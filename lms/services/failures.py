"""What the failure of a platform's service means to an administrator, and whether trying again can help."""

from datetime import timedelta

from lms.lti.model import LtiError
from lms.services.outcomes import N_, GiveUp, TryLater

#: By HTTP status: what happened, and the way out.
STATUSES = {
    400: N_("The platform refused the score: the person left the course, or is no learner there."),
    401: N_(
        "The platform refused our access token. Check its public keyset URL for this tool, and that its web server "
        "passes the Authorization header on."
    ),
    403: N_("The platform does not let us write in its gradebook. Allow grade synchronisation in its settings."),
    404: N_("The gradebook column no longer exists. Open the activity again from the course."),
    409: N_("The platform already holds a later score."),
    429: N_("The platform asks to slow down."),
}
UNEXPECTED = N_("The platform gave an answer that is not expected.")
#: By cause of ``LtiError``.
CAUSES = {
    "unreachable": N_("The platform cannot be reached."),
    "address_unknown": N_("The platform's host name leads nowhere. Check its address."),
    "token_refused": N_(
        "The platform gives us no access token. Check that the tool is active there, that its public keyset URL is "
        "right, and that both clocks agree."
    ),
    "token_answer": N_("The platform answered with something else than an access token. Check its token address."),
    "answer_not_json": N_("The platform answered with a page instead of data. A proxy may ask to sign in."),
    "answer_too_large": N_("The platform's answer is too large."),
    "endless_pages": N_("The platform's list has no end."),
    "scope_refused": N_("The platform does not grant what this needs. Allow grade synchronisation in its settings."),
    "foreign_address": N_(
        "The platform names an address that is not among its own. Add its host to the connection if it is right."
    ),
    "address_private": N_("The platform's address is on a private network. Allow its host in the configuration."),
    "address_refused": N_("The platform's address cannot be called: it must begin with https://."),
    "suspended": N_("The connection with the platform is suspended."),
    "issuer_unknown": N_("The platform is no longer connected."),
}
#: Only an administrator can put these right.
_FINAL_STATUSES = frozenset({400, 403, 404})
_FINAL_CAUSES = frozenset({"foreign_address", "address_private", "address_refused", "issuer_unknown", "endless_pages"})
#: Nothing else meant for that platform will fare better for now.
_EVERYONE_STATUSES = frozenset({401, 429, 502, 503, 504})
_EVERYONE_CAUSES = frozenset({"unreachable", "address_unknown", "token_refused", "token_answer", "scope_refused"})


def service_failure(status: int, detail: str = "", after: timedelta | None = None) -> TryLater | GiveUp:
    """The failure of a service that answered with this HTTP status, and asked to wait so long."""
    why, cause = f"{STATUSES.get(status, UNEXPECTED)}\n{detail or f'HTTP {status}'}", f"http_{status}"
    if status in _FINAL_STATUSES:
        return GiveUp(why, cause=cause)
    return TryLater(why, after, cause=cause, everyone=status in _EVERYONE_STATUSES)


def platform_failure(error: LtiError) -> TryLater | GiveUp:
    """The failure of a platform that gave no answer, or none that can be read."""
    cause, detail = error.cause, error.detail or error.cause
    if cause == "token_refused" and (detail == "429" or (detail.isdigit() and detail >= "500")):
        cause, detail = "unreachable", f"HTTP {detail}"  # it is down rather than of another mind
    why = f"{CAUSES.get(cause, UNEXPECTED)}\n{detail}"
    if cause in _FINAL_CAUSES:
        return GiveUp(why, cause=cause)
    if cause == "suspended":
        return TryLater(CAUSES["suspended"], timedelta(hours=1), cause=cause, counted=False)
    return TryLater(why, error.after, cause=cause, everyone=cause in _EVERYONE_CAUSES)
