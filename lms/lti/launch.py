"""A login and a launch, from what the browser carries to a verified ``Launch``."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lms.lti.jwks import PlatformKeys
from lms.lti.model import (
    Launch,
    LaunchContext,
    LaunchLink,
    LaunchUser,
    LtiError,
    PendingLogin,
    Registration,
)
from lms.lti.pylti import CLAIM, verified_claims
from lms.lti.roles import map_roles

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
SHORT = 255
#: Keys of tracks and modules, as the tables hold them.
KEY = 100


def verify(
    id_token: str, pending: PendingLogin, registration: Registration, keys: PlatformKeys, base_url: str
) -> Launch:
    """The launch an ``id_token`` carries, checked against the login it answers. Raises ``LtiError``.

    LTI 1.3 core, section 5.3; LTI.md R3. No part of the message is used before all of it holds.
    """
    claims = verified_claims(id_token, registration, keys)
    if claims.get("nonce") != pending.nonce:
        raise LtiError("nonce")
    deployment_id = claims[CLAIM + "deployment_id"]
    if pending.deployment_id is not None and deployment_id != pending.deployment_id:
        raise LtiError("deployment", "not the one of the login")
    target = _text(claims, CLAIM + "target_link_uri", required=True, limit=2000)
    if target != pending.target or not ours(target, base_url):
        raise LtiError("target")
    return _launch(claims, registration, registration.deployments[deployment_id])


def ours(url: str, base_url: str) -> bool:
    """Whether an address is one of this tool's, so that a login cannot send people elsewhere."""
    return url == base_url or url.startswith(base_url + "/")


def _launch(claims: Mapping[str, Any], registration: Registration, deployment: int) -> Launch:
    roles = claims.get(CLAIM + "roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise LtiError("roles")
    presentation = _object(claims, CLAIM + "launch_presentation")
    return Launch(
        registration=registration,
        deployment=deployment,
        user=_user(claims),
        roles=map_roles(roles, registration.role_map),
        context=_context(claims),
        link=_link(claims),
        locale=_text(presentation, "locale") or None,
        embedded=_text(presentation, "document_target") != "window",
        return_url=_web_address(_text(presentation, "return_url", limit=2000)),
    )


def _user(claims: Mapping[str, Any]) -> LaunchUser:
    lis = _object(claims, CLAIM + "lis")
    return LaunchUser(
        subject=_text(claims, "sub", required=True),
        given_name=_words(claims, "given_name", 200),
        family_name=_words(claims, "family_name", 200),
        full_name=_words(claims, "name", 400),
        email=_text(claims, "email", limit=320) or None,
        sourced_id=_text(lis, "person_sourcedid") or None,
    )


def _context(claims: Mapping[str, Any]) -> LaunchContext:
    context = _object(claims, CLAIM + "context")
    if not context:
        return LaunchContext("")  # a link placed outside any course
    return LaunchContext(
        _text(context, "id", required=True), _words(context, "title", 500), _words(context, "label", SHORT)
    )


def _link(claims: Mapping[str, Any]) -> LaunchLink:
    link = _object(claims, CLAIM + "resource_link")
    custom = _object(claims, CLAIM + "custom")
    endpoint = _object(claims, AGS)
    scopes = endpoint.get("scope", [])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise LtiError("ags", "scope")
    return LaunchLink(
        id=_text(link, "id", required=True),
        title=_words(link, "title", 500),
        track=_text(custom, "track", limit=KEY) or None,
        module=_text(custom, "module", limit=KEY) or None,
        lineitem_url=_text(endpoint, "lineitem", limit=2000) or None,
        ags_scopes=tuple(scopes),
    )


def _object(claims: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = claims.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LtiError("claim", name.rpartition("/")[2])
    return value


def _text(claims: Mapping[str, Any], name: str, *, required: bool = False, limit: int = SHORT) -> str:
    """A text that names something: exactly as sent, or the message is refused."""
    value = claims.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > limit or (required and not value) or value != _storable(value):
        raise LtiError("claim", name.rpartition("/")[2])
    return value


def _words(claims: Mapping[str, Any], name: str, limit: int) -> str:
    """A text that people read: cut rather than refused, since a long title is nobody's fault."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise LtiError("claim", name.rpartition("/")[2])
    return _storable(value)[:limit]


def _storable(text: str) -> str:
    """Without NUL nor halves of characters, which JSON can say and a database cannot hold."""
    return text.replace("\x00", "").encode(errors="ignore").decode()


def _web_address(url: str) -> str | None:
    try:
        return url if urlsplit(url).scheme in {"https", "http"} else None
    except ValueError:
        return None
