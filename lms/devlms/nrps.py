"""Names and Role Provisioning Services 2.0: the course's roster, by pages."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from flask import Blueprint, Response, request, stream_with_context

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.launches import custom, named
from lms.devlms.people import Person
from lms.devlms.services import asked_slice, following_part, link_to, one_more, require_accept, require_token
from lms.devlms.settings import CourseLink
from lms.devlms.vocabulary import CLAIM, MEMBERS_MEDIA, MEMBERSHIP, NRPS_SCOPE

_PIECE: Final = 500

nrps = Blueprint("nrps", __name__, url_prefix="/services/nrps")


@nrps.get("/<course_id>/memberships")
def read_members(course_id: str) -> Response:
    """The members (section 2.4), filtered by ``role``; ``rlid`` adds the link's message to each."""
    require_token(NRPS_SCOPE)
    require_accept(MEMBERS_MEDIA)
    here = campus()
    if course_id != here.settings.course_id:
        raise Refused(404, "No such course")
    link = None
    if rlid := request.args.get("rlid"):
        link = here.settings.link(rlid)
        if link is None:
            raise Refused(404, "No such resource link")
    start, limit = asked_slice(here.quirks.page_size)
    found = here.people.members(start, _whole_role(request.args.get("role")))
    following = None
    if limit is not None:
        part = list(islice(found, one_more(limit)))
        if len(part) > limit:
            following = following_part(part[-1][0], here.members_url)
        found = iter(part[:limit])
    body = {
        "id": here.members_url(),
        "context": {
            "id": here.settings.course_id,
            "label": here.settings.course_label,
            "title": here.settings.course_title,
        },
    }
    members = (_member(person, link) for _position, person in found)
    return link_to(Response(stream_with_context(_written(body, members)), content_type=MEMBERS_MEDIA), following)


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


def _member(person: Person, link: CourseLink | None) -> Mapping[str, Any]:
    quirks = campus().quirks
    member: dict[str, Any] = {
        "status": person.status,
        "user_id": person.id,
        "roles": [_short(role) for role in person.roles] if quirks.short_roles else list(person.roles),
        "lis_person_sourcedid": person.sourcedid,
    }
    if not quirks.names_withheld:
        member |= named(person)
    if link:
        member["message"] = [
            {
                CLAIM + "message_type": "LtiResourceLinkRequest",
                CLAIM + "resource_link": {"id": link.id, "title": link.title},
                CLAIM + "custom": custom(link.custom),
            }
        ]
    return member
