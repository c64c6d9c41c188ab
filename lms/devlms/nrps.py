"""Names and Role Provisioning Services 2.0: the course's roster, by pages."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from flask import Blueprint, Response, request

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.messages import custom, identity
from lms.devlms.people import Person
from lms.devlms.services import (
    asked_slice,
    find_course,
    following_part,
    link_to,
    one_more,
    require_accept,
    require_token,
)
from lms.devlms.settings import CourseLink, Group
from lms.devlms.tools import RESOURCE_LINK
from lms.devlms.vocabulary import CLAIM, MEMBERS_MEDIA, MEMBERSHIP, NRPS_SCOPE

_PIECE: Final = 500

nrps = Blueprint("nrps", __name__, url_prefix="/services/nrps")


@nrps.get("/<course_id>/memberships")
def read_members(course_id: str) -> Response:
    """The members (section 2.4), filtered by ``role``; ``rlid`` adds each one's message, ``groups`` their groups."""
    tool = require_token(NRPS_SCOPE)
    require_accept(MEMBERS_MEDIA)
    here = campus()
    course, at = find_course(course_id), here.at(tool)
    link = None
    if rlid := request.args.get("rlid"):
        link = here.link(rlid)
        if link is None or link.course_id != course_id or link.client_id != tool.client_id:
            raise Refused(404, "No such resource link")
    start, limit = asked_slice(here.quirks.page_size)
    found = here.people.members(start, _whole_role(request.args.get("role")))
    following = None
    if limit is not None:
        part = list(islice(found, one_more(limit)))
        if len(part) > limit:
            following = following_part(part[-1][0], lambda query: at.members(course_id, query))
        found = iter(part[:limit])
    body = {
        "id": at.members(course_id),
        "context": {"id": course.id, "label": course.label, "title": course.title},
    }
    # The body is written after this request is over, so it takes along what it needs.
    groups = here.groups(course_id) if request.args.get("groups") == "true" else ()

    def member(person: Person) -> Mapping[str, Any]:
        message = {CLAIM + "custom": custom(tool, course, link, person), **_about(link)} if link else None
        names = identity(here, tool, person)
        return _member(person, names, groups, message, short_roles=here.quirks.short_roles)

    members = (member(person) for _position, person in found)
    return link_to(Response(_written(body, members), content_type=MEMBERS_MEDIA), following)


def _written(body: Mapping[str, Any], members: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    """The answer by pieces: a whole large roster is never in memory at once."""
    yield json.dumps(body, ensure_ascii=False)[:-1] + ', "members": ['
    separator = ""
    while piece := list(islice(members, _PIECE)):
        yield separator + json.dumps(piece, ensure_ascii=False)[1:-1]
        separator = ", "
    yield "]}"


def _whole_role(role: str | None) -> str | None:
    """A role may be asked for by its short name (section 2.4.1)."""
    return role if role is None or ":" in role else MEMBERSHIP + role


def _short(role: str) -> str:
    """A role as Moodle's rosters write it: a bare word, or an address no vocabulary knows."""
    return role.removeprefix(MEMBERSHIP).replace("v2/institution/person#", "v2/person#")


def _about(link: CourseLink) -> dict[str, Any]:
    return {
        CLAIM + "message_type": RESOURCE_LINK,
        CLAIM + "resource_link": {"id": link.id, "title": link.title},
    }


def _member(
    person: Person,
    names: Mapping[str, str],
    groups: tuple[Group, ...],
    message: Mapping[str, Any] | None,
    *,
    short_roles: bool,
) -> Mapping[str, Any]:
    member: dict[str, Any] = {
        "status": person.status,
        "user_id": person.id,
        "roles": [_short(role) for role in person.roles] if short_roles else list(person.roles),
        "lis_person_sourcedid": person.sourcedid,
        **names,
    }
    if groups:
        # Course Groups 1.0, section 3.2.
        member["group_enrollments"] = [{"group_id": group.id} for group in groups if person.id in group.members]
    if message:
        member["message"] = [message]
    return member
