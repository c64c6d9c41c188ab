"""The messages the LMS signs for tools: what each kind carries (LTI 1.3 Core, section 5, and its companions)."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest
from typing import Any, Final

from lms.devlms.campus import Campus
from lms.devlms.launches import Launch
from lms.devlms.people import Person
from lms.devlms.settings import Course, CourseLink
from lms.devlms.tools import DEEP_LINKING, PRIVACY, REVIEW, Tool
from lms.devlms.variables import substituted
from lms.devlms.vocabulary import (
    AGS_CLAIM,
    AGS_SCOPES,
    CLAIM,
    DEEP_LINKING_CLAIM,
    GROUPS_CLAIM,
    GROUPS_SCOPE,
    NOTICE_TYPES,
    NOTICES_SCOPE,
    NRPS_CLAIM,
    NRPS_SCOPE,
)

TOKEN_LIFETIME: Final = 60


def claims(here: Campus, launch: Launch, nonce: str) -> dict[str, Any]:
    """The id_token of a launch, as Moodle makes it."""
    body = _common(here, launch, nonce)
    body[CLAIM + "custom"] = {
        **custom(launch.tool, launch.course, launch.link, launch.person),
        **substituted(launch.custom, launch.course, launch.link, launch.person),
    }
    if launch.for_user:
        body[CLAIM + "for_user"] = _for_user(here, launch.tool, launch.for_user)
    if launch.message_type == PRIVACY:
        return body
    body[CLAIM + "context"] = context(launch.course)
    body.update(_services(here, launch))
    if launch.link:
        link = launch.link
        body[CLAIM + "resource_link"] = {"id": link.id, "title": link.title, "description": link.description}
    if launch.message_type == DEEP_LINKING:
        body[DEEP_LINKING_CLAIM] = _deep_linking(here, launch)
    return body


def context(course: Course) -> dict[str, Any]:
    """A course as messages and notices name it."""
    # The bare word, where Core section 5.3.2 asks for a URI: tools meet it on every Moodle.
    return {"id": course.id, "label": course.label, "title": course.title, "type": ["CourseSection"]}


def identity(here: Campus, tool: Tool, person: Person) -> dict[str, str]:
    """The identity claims a tool receives (OpenID Connect Core, section 5.1)."""
    if here.quirks.names_withheld:
        return {}
    return {name: value for name, value in named(person).items() if tool.claims is None or name in tool.claims}


def named(person: Person) -> dict[str, str]:
    """Every identity claim of a person."""
    return {
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


def custom(tool: Tool, course: Course, link: CourseLink | None, person: Person) -> dict[str, str]:
    """Custom parameters, a link's before its tool's, under their own key and, as Moodle adds, its lower snake case."""
    parameters = substituted({**tool.custom, **(link.custom if link else {})}, course, link, person)
    snake = {re.sub(r"[^a-z0-9]", "_", key.lower()): value for key, value in parameters.items()}
    return {**snake, **parameters}


def _common(here: Campus, launch: Launch, nonce: str) -> dict[str, Any]:
    issued, person, tool = int(here.now()), launch.person, launch.tool
    body = {
        "iss": here.settings.issuer,
        "aud": tool.client_id,
        "sub": person.id,
        "nonce": nonce,
        "iat": issued,
        "exp": issued + TOKEN_LIFETIME,
        **identity(here, tool, person),
        CLAIM + "version": "1.3.0",
        CLAIM + "message_type": launch.message_type,
        CLAIM + "deployment_id": tool.deployment_id,
        CLAIM + "target_link_uri": launch.target or tool.target(launch.message_type),
        CLAIM + "roles": list(person.roles),
        CLAIM + "lis": {"person_sourcedid": person.sourcedid, "course_section_sourcedid": ""},
        CLAIM + "launch_presentation": {
            "locale": person.locale,
            "document_target": launch.document_target,
            "return_url": f"{here.settings.issuer}/course",
        },
        CLAIM + "tool_platform": {
            "guid": "devlms.example.org",
            "name": "LMS de développement",
            "product_family_code": "devlms",
            "version": "1",
        },
    }
    return {**body, **_lti1p1(here, launch, body)}


def _for_user(here: Campus, tool: Tool, person: Person) -> dict[str, Any]:
    """The person a message is about (Submission Review 1.0, section 3.3)."""
    known = {"user_id": person.id, "person_sourcedid": person.sourcedid}
    return {**known, **identity(here, tool, person), "roles": list(person.roles)}


def _services(here: Campus, launch: Launch) -> dict[str, Any]:
    """The claims of the services the tool was granted."""
    tool, course_id = launch.tool, launch.course.id
    granted = here.scopes() if tool.scopes is None else tool.scopes
    found: dict[str, Any] = {}
    if ags := [scope for scope in AGS_SCOPES if scope in granted]:
        found[AGS_CLAIM] = {"scope": ags, **_columns(here, launch)}
    if NRPS_SCOPE in granted:
        url = here.at(tool).members(course_id)
        found[NRPS_CLAIM] = {"context_memberships_url": url, "service_versions": ["2.0"]}
    if GROUPS_SCOPE in granted and here.groups(course_id):
        found[GROUPS_CLAIM] = _groups(here, launch)
    if NOTICES_SCOPE in granted and here.quirks.notices:
        found[CLAIM + "platformnotificationservice"] = {
            "service_versions": ["1.0"],
            "platform_notification_service_url": here.at(tool).notices(tool.number),
            "scope": [NOTICES_SCOPE],
            "notice_types_supported": list(NOTICE_TYPES),
        }
    return found


def _columns(here: Campus, launch: Launch) -> dict[str, str]:
    urls = here.at(launch.tool)
    if launch.message_type == REVIEW:
        column: str | None = urls.line_item(launch.course.id, launch.line_item_id)
    else:
        column = here.service_urls(launch.link.id).line_item if launch.link else None
    return {"lineitems": urls.line_items(launch.course.id), **({"lineitem": column} if column else {})}


def _groups(here: Campus, launch: Launch) -> dict[str, Any]:
    urls, course_id = here.at(launch.tool), launch.course.id
    sets = {"context_group_sets_url": urls.groups(course_id, "sets")} if here.settings.group_sets else {}
    url = urls.groups(course_id, "groups")
    return {"scope": [GROUPS_SCOPE], "context_groups_url": url, **sets, "service_versions": ["1.0"]}


def _deep_linking(here: Campus, launch: Launch) -> dict[str, Any]:
    """The settings of a deep linking request (Deep Linking 2.0, section 2.2.2)."""
    asked = here.deep_linking

    def told(value: bool) -> bool | str:
        return str(value).lower() if here.quirks.string_booleans else value

    body = {
        "deep_link_return_url": f"{here.settings.issuer}/deep-linking?request={launch.id}",
        "accept_types": list(asked.accept_types),
        "accept_presentation_document_targets": list(asked.accept_presentation_document_targets),
        "accept_multiple": told(asked.accept_multiple),
        "accept_lineitem": told(asked.accept_lineitem),
        "auto_create": told(asked.auto_create),
        "accept_media_types": asked.accept_media_types,
        "title": asked.title,
        "text": asked.text,
        "data": launch.data,
    }
    return {name: value for name, value in body.items() if value != ""}


def _lti1p1(here: Campus, launch: Launch, body: Mapping[str, Any]) -> dict[str, Any]:
    """What proves that LTI 1.1 accounts may be taken over (LTI 1.3 Core, appendix E)."""
    past = here.settings.lti1p1
    if past is None or launch.tool.number != 1:
        return {}
    parts = (past.consumer_key, launch.tool.deployment_id, body["iss"], body["aud"], body["exp"], body["nonce"])
    signature = digest(past.secret.encode(), "&".join(str(part) for part in parts).encode(), sha256)
    claim = {
        "user_id": past.prefix + launch.person.id,
        "oauth_consumer_key": past.consumer_key,
        "oauth_consumer_key_sign": b64encode(signature).decode(),
    }
    if launch.link:
        claim["resource_link_id"] = past.prefix + launch.link.id
    return {CLAIM + "lti1p1": claim}
