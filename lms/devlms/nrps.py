"""Names and Role Provisioning Services 2.0: the course's roster, by pages."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.launches import custom, named
from lms.devlms.people import Person
from lms.devlms.services import answer, asked_slice, cut, link_to, require_accept, require_token
from lms.devlms.settings import CourseLink
from lms.devlms.vocabulary import CLAIM, MEMBERS_MEDIA, MEMBERSHIP, NRPS_SCOPE

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
    role = request.args.get("role")
    people = [person for person in here.settings.people if role is None or _has(person, role)]
    start, limit = asked_slice(here.quirks.page_size)
    page, following = cut(people[start:], start, limit, here.members_url)
    body = {
        "id": here.members_url(),
        "context": {
            "id": here.settings.course_id,
            "label": here.settings.course_label,
            "title": here.settings.course_title,
        },
        "members": [_member(person, link) for person in page],
    }
    return link_to(answer(body, MEMBERS_MEDIA), following)


def _has(person: Person, role: str) -> bool:
    """A role may be asked for by its short name (section 2.4.1)."""
    return role in person.roles or MEMBERSHIP + role in person.roles


def _short(role: str) -> str:
    """A role as Moodle's rosters write it: a bare word, or an address no vocabulary knows."""
    return role.removeprefix(MEMBERSHIP).replace("v2/institution/person#", "v2/person#")


def _member(person: Person, link: CourseLink | None) -> Mapping[str, Any]:
    quirks = campus().quirks
    member: dict[str, Any] = {
        "status": "Active",
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
