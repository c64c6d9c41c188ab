"""Platform Notification Service 1.0: asking a platform for its notices, and reading those it sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lms.lti.client import ServiceClient, ServiceRefused
from lms.lti.jwks import PlatformKeys
from lms.lti.model import LtiError, Registration
from lms.lti.pylti import CLAIM
from lms.lti.reading import inside, text, texts, words
from lms.lti.token import check_claims, check_signature, signing_key, strict_part

SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
MEDIA = "application/json"
CONTEXT_COPY = "LtiContextCopyNotice"
#: The notices we ask for, where a platform sends them.
WANTED = ("LtiHelloWorldNotice", CONTEXT_COPY)
#: Most notices read of one request, and most courses a copy may name as its origin.
MOST = 100


@dataclass(frozen=True)
class Notice:
    """A verified notice; ``course`` and ``origins`` are those of a context copy, empty for the others."""

    id: str
    type: str
    deployment_id: str
    course: str = ""
    course_title: str = ""
    #: Courses the new one was copied from, LTI ids.
    origins: tuple[str, ...] = ()


def ask(services: ServiceClient, platform: Registration, url: str, types: tuple[str, ...], handler: str) -> None:
    """Have the platform send those notices to ``handler``. Raises ``ServiceRefused`` or ``LtiError``."""
    for kind in types:
        body = json.dumps({"notice_type": kind, "handler": handler}).encode()
        answer = services.call(platform, (SCOPE,), "PUT", url, accept=MEDIA, media=MEDIA, body=body)
        if not answer.is_success:
            raise ServiceRefused(answer)


def tokens_of(document: Any) -> list[str]:
    """The signed notices of a request, at most ``MOST``. ``LtiError``: ``notice_malformed``."""
    notices = document.get("notices") if isinstance(document, dict) else None
    if not isinstance(notices, list) or not notices or len(notices) > MOST:
        raise LtiError("notice_malformed")
    found = [each["jwt"] for each in notices if isinstance(each, dict) and isinstance(each.get("jwt"), str)]
    if len(found) != len(notices):
        raise LtiError("notice_malformed")
    return found


def speaker(token: str) -> tuple[str, tuple[str, ...]]:
    """(issuer, audiences) that a notice names, before anything of it is believed."""
    body = strict_part(token, 1)
    audience = body.get("aud")
    audiences = (audience,) if isinstance(audience, str) else audience
    if not isinstance(audiences, (list, tuple)) or not all(isinstance(each, str) for each in audiences):
        raise LtiError("audience")
    return text(body, "iss", required=True), tuple(audiences)


def read(token: str, registration: Registration, keys: PlatformKeys) -> Notice:
    """The notice of a token, its signature, times, issuer, audience and deployment checked. Raises ``LtiError``."""
    kid = signing_key(strict_part(token, 0))
    body = strict_part(token, 1)
    check_signature(token, keys.find(registration.jwks_url, kid))
    check_claims(body, registration)
    if body.get(CLAIM + "version") != "1.3.0":
        raise LtiError("claim", "version")
    deployment_id = text(body, CLAIM + "deployment_id", required=True)
    if deployment_id in registration.suspended:
        raise LtiError("deployment_suspended")
    if deployment_id not in registration.deployments:
        raise LtiError("deployment")
    notice = inside(body, CLAIM + "notice")
    kind = text(notice, "type", required=True)
    return Notice(text(notice, "id", required=True), kind, deployment_id, **_copy(body) if kind == CONTEXT_COPY else {})


def _copy(body: Mapping[str, Any]) -> dict[str, Any]:
    course = inside(body, CLAIM + "context")
    origins = texts(body, CLAIM + "origin_contexts", required=True)
    if len(origins) > MOST or any(len(each) > 255 for each in origins):
        raise LtiError("claim", "origin_contexts")
    return {
        "course": text(course, "id", required=True), "course_title": words(course, "title", 500), "origins": origins,
    }  # fmt: skip
