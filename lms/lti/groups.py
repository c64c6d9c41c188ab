"""Course Groups Service 1.0: the groups of a course, and the sets they are of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lms.lti.client import ServiceClient
from lms.lti.members import short_id, with_query, words
from lms.lti.model import LtiError, Registration

SCOPE = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
GROUPS_MEDIA = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
SETS_MEDIA = "application/vnd.ims.lti-gs.v1.contextgroupsetcontainer+json"


@dataclass(frozen=True)
class Group:
    """A group of a course. ``set_name`` is empty when it is of no set."""

    id: str
    name: str = ""
    set_name: str = ""


def groups(services: ServiceClient, platform: Registration, url: str, sets_url: str | None) -> list[Group]:
    """The groups of the course (section 2.2), each with the name of its set (section 2.3).

    Raises ``ServiceRefused`` and ``LtiError``: those of ``ServiceClient.pages``, and ``answer_not_groups``.
    """
    sets = {}
    if sets_url:
        found = _entries(services, platform, sets_url, SETS_MEDIA, "sets")
        sets = {short_id(each.get("id")): words(each.get("name"), 500) for each in found}
    read: dict[str, Group] = {}
    for each in _entries(services, platform, url, GROUPS_MEDIA, "groups"):
        group_id = short_id(each.get("id"))
        if group_id:
            read[group_id] = Group(group_id, words(each.get("name"), 500), sets.get(short_id(each.get("set_id")), ""))
    return list(read.values())


def groups_of(services: ServiceClient, platform: Registration, url: str, user_id: str) -> tuple[str, ...]:
    """Ids of the groups one person is in (section 2.2, ``user_id``). Raises as ``groups``."""
    found = _entries(services, platform, with_query(url, user_id=user_id), GROUPS_MEDIA, "groups")
    return tuple(filter(None, (short_id(each.get("id")) for each in found)))


def _entries(
    services: ServiceClient, platform: Registration, url: str, media: str, name: str
) -> Iterator[dict[str, Any]]:
    for answer in services.pages(platform, (SCOPE,), url, media):
        try:
            said = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise LtiError("answer_not_groups", "it is no JSON") from error
        listed = said.get(name) if isinstance(said, dict) else None
        if not isinstance(listed, list):
            raise LtiError("answer_not_groups", f"it holds no {name}")
        yield from (each for each in listed if isinstance(each, dict))
