"""Course Groups Service 1.0: the groups of the course and the sets they belong to, by pages."""

from typing import Any

from flask import Blueprint, Response, request

from lms.devlms.addresses import Addresses
from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.services import answer, asked_slice, cut, link_to, one_more, require_accept, require_token
from lms.devlms.settings import Group
from lms.devlms.tools import Tool
from lms.devlms.vocabulary import GROUP_SETS_MEDIA, GROUPS_MEDIA, GROUPS_SCOPE

groups = Blueprint("groups", __name__, url_prefix="/services/groups")


@groups.get("/<course_id>/groups")
def read_groups(course_id: str) -> Response:
    """The groups (section 2.2); ``user_id`` keeps those of one person."""
    tool = _opened(course_id, GROUPS_MEDIA)
    user_id = request.args.get("user_id")
    found = [group for group in campus().groups(course_id) if user_id is None or user_id in group.members]
    return _listed("groups", [_group(group) for group in found], GROUPS_MEDIA, campus().at(tool), course_id)


@groups.get("/<course_id>/sets")
def read_sets(course_id: str) -> Response:
    """The sets of groups (section 2.3)."""
    tool = _opened(course_id, GROUP_SETS_MEDIA)
    found = [{"id": each.id, "name": each.name} for each in campus().settings.group_sets]
    return _listed("sets", found, GROUP_SETS_MEDIA, campus().at(tool), course_id)


def _opened(course_id: str, media: str) -> Tool:
    tool = require_token(GROUPS_SCOPE)
    require_accept(media)
    if not campus().groups(course_id):
        raise Refused(404, "No such course, or it has no groups")
    return tool


def _listed(name: str, found: list[dict[str, Any]], media: str, at: Addresses, course_id: str) -> Response:
    start, limit = asked_slice()
    end = one_more(limit)
    window = found[start:] if end is None else found[start : start + end]
    page, following = cut(window, start, limit, lambda query: at.groups(course_id, name, query))
    return link_to(answer({"id": at.groups(course_id, name), name: page}, media), following)


def _group(group: Group) -> dict[str, Any]:
    body = {"id": group.id, "name": group.name, "tag": group.tag, "set_id": group.set_id}
    return {name: value for name, value in body.items() if value}
