"""Launches: what the LMS remembers between the course page and the answer, and the claims it then signs."""

import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lms.devlms.people import Person
from lms.devlms.settings import CourseLink, DevLmsSettings
from lms.devlms.vocabulary import AGS_CLAIM, AGS_SCOPES, CLAIM, NRPS_CLAIM

TOKEN_LIFETIME: Final = 60
_HINT_LIFETIME: Final = 1800


@dataclass(frozen=True, slots=True)
class Launch:
    """Someone opening a link, in a frame or in a window of its own."""

    person: Person
    link: CourseLink
    document_target: str
    expires: float


@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """Where a launch says the services are; ``line_item`` only when the link has exactly one column."""

    line_items: str
    line_item: str | None
    members: str


class Launches:
    """Open launches by their unguessable id.

    The id proves at ``/auth`` who is launching: inside a frame of another site no cookie of ours would come.
    It serves more than once, because a tool may start the login again from a new tab with the same hints.
    """

    def __init__(self) -> None:
        self._open: dict[str, Launch] = {}
        self._lock = threading.Lock()

    def begin(self, person: Person, link: CourseLink, document_target: str) -> str:
        """Remember a launch; the answer is its ``lti_message_hint``, JSON as Moodle 4 writes it."""
        launch_id, now = secrets.token_urlsafe(16), time.time()
        with self._lock:
            self._open = {key: launch for key, launch in self._open.items() if launch.expires > now}
            self._open[launch_id] = Launch(person, link, document_target, now + _HINT_LIFETIME)
        return json.dumps({"cmid": link.id, "launchid": f"ltilaunch_{launch_id}"})

    def find(self, message_hint: str, login_hint: str) -> Launch | None:
        """The launch both hints speak of, if they agree."""
        try:
            launch_id = json.loads(message_hint)["launchid"].removeprefix("ltilaunch_")
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        launch = self._open.get(launch_id)
        if launch is None or launch.expires <= time.time() or launch.person.id != login_hint:
            return None
        return launch


def claims(
    settings: DevLmsSettings, launch: Launch, urls: ServiceUrls, nonce: str, now: float, *, withhold_names: bool
) -> dict[str, Any]:
    """The id_token of a resource link launch, as Moodle makes it (LTI 1.3 Core, section 5.3)."""
    issued, person, link = int(now), launch.person, launch.link
    ags: dict[str, Any] = {"scope": list(AGS_SCOPES), "lineitems": urls.line_items}
    if urls.line_item:
        ags["lineitem"] = urls.line_item
    identity = {} if withhold_names else named(person)
    return {
        "iss": settings.issuer,
        "aud": settings.client_id,
        "sub": person.id,
        "nonce": nonce,
        "iat": issued,
        "exp": issued + TOKEN_LIFETIME,
        **identity,
        CLAIM + "version": "1.3.0",
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "deployment_id": settings.deployment_id,
        CLAIM + "target_link_uri": settings.launch_url,
        CLAIM + "roles": list(person.roles),
        CLAIM + "context": {
            "id": settings.course_id,
            "label": settings.course_label,
            "title": settings.course_title,
            # The bare word, where Core section 5.3.2 asks for a URI: tools meet it on every Moodle.
            "type": ["CourseSection"],
        },
        CLAIM + "resource_link": {"id": link.id, "title": link.title, "description": link.description},
        CLAIM + "custom": custom(link.custom),
        CLAIM + "lis": {"person_sourcedid": person.sourcedid, "course_section_sourcedid": ""},
        CLAIM + "launch_presentation": {
            "locale": person.locale,
            "document_target": launch.document_target,
            "return_url": f"{settings.issuer}/course",
        },
        CLAIM + "tool_platform": {
            "guid": "devlms.example.org",
            "name": "LMS de développement",
            "product_family_code": "devlms",
            "version": "1",
        },
        AGS_CLAIM: ags,
        NRPS_CLAIM: {"context_memberships_url": urls.members, "service_versions": ["2.0"]},
    }


def named(person: Person) -> dict[str, str]:
    """The identity claims of a person (OpenID Connect Core, section 5.1)."""
    return {
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }


def custom(parameters: Mapping[str, str]) -> dict[str, str]:
    """Custom parameters under their own key and, as Moodle adds, its lower snake case."""
    snake = {re.sub(r"[^a-z0-9]", "_", key.lower()): value for key, value in parameters.items()}
    return {**snake, **parameters}
