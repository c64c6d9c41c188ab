"""Reads the roster of a course, whole, and its groups."""

from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any

from lms.jobs import Tools
from lms.lti.client import ServiceRefused
from lms.lti.groups import groups, groups_of
from lms.lti.members import Batch, roster
from lms.lti.model import LtiError
from lms.services import failures, matching, rosters
from lms.services.outcomes import N_, GiveUp, TryLater
from lms.services.rosters import Reading

#: One worker alone reads a roster: the job is its own for so long, and stops before.
LEASE = timedelta(minutes=40)
LONGEST = timedelta(minutes=30)
#: Where rosters do not name groups, each member is asked about, in courses up to this size.
SMALL_COURSE = 200

ALLOW = N_("The platform does not let us read its list of members. Allow Names and Roles in the platform's settings.")
#: What a platform's refusal means, and the way out, by HTTP status.
REFUSALS = {
    400: N_("The platform did not understand the request for its list of members. Check the tool's configuration."),
    401: N_("The platform refused our access token. Check its public keyset URL for this tool."),
    403: ALLOW,
    404: N_("The list of members is no longer where it was. Open the activity again from the course."),
    429: N_("The platform asks to slow down."),
}
#: The same, for what keeps an answer from being used.
CAUSES = {
    "scope_refused": ALLOW,
    **{cause: failures.CAUSES[cause] for cause in ("address_private", "address_refused")},
    "foreign_address": N_("The list of members leads to a host the platform is not known by. Add it to its hosts."),
    "endless_pages": N_("The pages of the list of members lead nowhere. Tell the platform's administrator."),
    "answer_not_roster": N_("What the platform answered is no list of members. Tell the platform's administrator."),
    "roster_empty": N_("The platform sent an empty list of members. Nobody was said to have left."),
    "token_refused": N_("The platform refused our access token. Check its public keyset URL for this tool."),
}
GROUPS_UNREAD = N_("The members are up to date, their groups are not. Allow Course Groups in the platform's settings.")
#: Somebody must act on the platform before another try can help.
FINAL = {400, 401, 403, 404, "scope_refused", "foreign_address", "address_private", "address_refused", "roster_empty"}


def run(tools: Tools, payload: dict[str, Any]) -> None:
    """Bring the members and groups of the course up to date; what stops it is kept with the course."""
    session, context_id = tools.session, payload["context_id"]
    try:
        reading = rosters.begin(session, context_id)
    except LtiError as error:
        why = N_("The connection with the platform is suspended.")
        raise TryLater(why, timedelta(hours=1), counted=False) from error
    session.commit()  # no transaction stays open while the platform answers
    if reading is None:
        return
    try:
        _read(tools, reading)
    except ServiceRefused as error:
        status = REFUSALS.get(error.status, N_("The platform gave an answer that is not expected."))
        raise _stopped(tools, reading, f"{status}\nHTTP {error.status}", error.status in FINAL, error.after) from error
    except LtiError as error:
        # A platform says of a scope it does not give that the token is refused, and of its own failure too.
        key = error.detail if error.detail in CAUSES else error.cause
        why = CAUSES.get("" if error.detail.startswith("5") else key, N_("The platform cannot be reached."))
        raise _stopped(tools, reading, f"{why}\n{error}", key in FINAL, error.after) from error


def _stopped(tools: Tools, reading: Reading, why: str, final: bool, after: timedelta | None = None) -> Exception:
    """Keep with the course what stopped the reading; gives what the outbox must be told."""
    tools.session.rollback()
    rosters.note(tools.session, reading.context_id, why)
    tools.session.commit()
    return GiveUp(why) if final else TryLater(why, after)


def _read(tools: Tools, reading: Reading) -> None:
    session = tools.session
    end = monotonic() + LONGEST.total_seconds()
    grouped, trouble = _take_groups(tools, reading)
    told, empty, people = False, True, list[str]()
    for batch in roster(tools.services, reading.platform, reading.url, groups=grouped):
        rosters.take(session, reading, batch.members)
        if grouped:
            told = _take_enrolments(tools, reading, batch) or told
        session.commit()
        empty = empty and not batch.members
        active = (member.user_id for member in batch.members if member.status == "Active")
        people += islice(active, SMALL_COURSE + 1 - len(people))
        if monotonic() > end:
            raise LtiError("unreachable", "the roster takes too long")
    if empty:
        raise LtiError("roster_empty")
    if grouped and not told and len(people) <= SMALL_COURSE:
        trouble = _ask_each(tools, reading, people)
    rosters.end(session, reading)
    rosters.note(session, reading.context_id, trouble)
    session.commit()
    for waiting in matching.waiting(session, reading.context_id):
        matching.match(session, waiting, tools.keys)
        session.commit()


def _take_groups(tools: Tools, reading: Reading) -> tuple[bool, str | None]:
    """(whether the course has groups, what kept them from being read): then they stay as they were."""
    if reading.groups_url is None:
        return False, None
    try:
        found = groups(tools.services, reading.platform, reading.groups_url, reading.sets_url)
    except LtiError as error:
        return False, f"{GROUPS_UNREAD}\n{error}"
    rosters.take_groups(tools.session, reading, found)
    tools.session.commit()
    return bool(found), None


def _take_enrolments(tools: Tools, reading: Reading, batch: Batch) -> bool:
    told = {member.user_id: member.groups for member in batch.members if member.groups is not None}
    if told:
        rosters.take_group_members(tools.session, reading, told)
    return bool(told)


def _ask_each(tools: Tools, reading: Reading, people: list[str]) -> str | None:
    assert reading.groups_url is not None
    for user_id in people:
        try:
            own = groups_of(tools.services, reading.platform, reading.groups_url, user_id)
        except LtiError as error:
            return f"{GROUPS_UNREAD}\n{error}"
        rosters.take_group_members(tools.session, reading, {user_id: own})
        tools.session.commit()
    return None
