"""A login and a message, from what the browser carries to verified values."""

from collections.abc import Callable, Mapping
from typing import Any

from lms.lti.addresses import on_known_host
from lms.lti.jwks import PlatformKeys
from lms.lti.model import (
    DeepLinking,
    DeepLinkSettings,
    Launch,
    LaunchContext,
    LaunchLink,
    LaunchUser,
    LegacyIdentity,
    LtiError,
    Message,
    NoticeService,
    PendingLogin,
    PrivacyRequest,
    Registration,
    SubmissionReview,
)
from lms.lti.pylti import CLAIM, verified_claims
from lms.lti.reading import ADDRESS, SHORT, Claims, flag, history, inside, short_texts, text, texts, web_address, words
from lms.lti.roles import administers, map_roles

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
NOTICES = CLAIM + "platformnotificationservice"
LEGACY = CLAIM + "lti1p1"
#: Keys of tracks and modules, as the tables hold them.
KEY = 100
#: Longest « data » of a deep linking request kept, in characters.
DATA = 8000


def verify(
    id_token: str, pending: PendingLogin, registration: Registration, keys: PlatformKeys, base_url: str
) -> Message:
    """The message an ``id_token`` carries, checked against the login it answers. Raises ``LtiError``.

    LTI 1.3 core, section 5.3; LTI.md R3. No part of the message is used before all of it holds.
    """
    claims = verified_claims(id_token, registration, keys)
    if claims.get("nonce") != pending.nonce:
        raise LtiError("nonce")
    deployment_id = claims[CLAIM + "deployment_id"]
    if pending.deployment_id is not None and deployment_id != pending.deployment_id:
        raise LtiError("deployment", "not the one of the login")
    target = text(claims, CLAIM + "target_link_uri", required=True, limit=ADDRESS)
    if target != pending.target or not ours(target, base_url):
        raise LtiError("target")
    return MESSAGES[claims[CLAIM + "message_type"]](claims, _common(claims, registration))


def ours(url: str, base_url: str) -> bool:
    """Whether an address is one of this tool's, so that a login cannot send people elsewhere."""
    return url == base_url or url.startswith(base_url + "/")


def _launch(claims: Claims, common: Mapping[str, Any]) -> Launch:
    return Launch(**common, link=_link(claims, common["registration"]))


def _deep_linking(claims: Claims, common: Mapping[str, Any]) -> DeepLinking:
    asked = inside(claims, DEEP_LINKING)
    # Whoever runs the platform builds its courses too: Open edX says nothing more of the staff of its studio.
    if not common["roles"] & {"trainer", "author"} and not common["administers"]:
        raise LtiError("role", "only trainers choose content")
    settings = DeepLinkSettings(
        return_url=on_known_host(
            text(asked, "deep_link_return_url", required=True, limit=ADDRESS), common["registration"], "return address"
        ),
        accept_types=texts(asked, "accept_types", required=True),
        accept_targets=texts(asked, "accept_presentation_document_targets"),
        accept_multiple=flag(asked, "accept_multiple", default=False),
        accept_lineitem=flag(asked, "accept_lineitem", default=True),
        title=words(asked, "title", 500),
        text=words(asked, "text", 2000),
        data=text(asked, "data", limit=DATA) if "data" in asked and asked["data"] is not None else None,
    )
    return DeepLinking(**common, settings=settings)


def _review(claims: Claims, common: Mapping[str, Any]) -> SubmissionReview:
    link = _link(claims, common["registration"])
    if link.lineitem_url is None:
        raise LtiError("claim", "lineitem")
    review = SubmissionReview(**common, link=link, about=_about(claims))
    if "trainer" not in review.roles and review.about != review.user.subject:
        raise LtiError("role", "learners review their own work")
    return review


def _privacy(claims: Claims, common: Mapping[str, Any]) -> PrivacyRequest:
    if not common["administers"]:
        raise LtiError("role", "only administrators of the platform ask for personal data")
    return PrivacyRequest(**common, about=_about(claims))


#: The messages served, by LTI message type.
MESSAGES: dict[str, Callable[[Claims, Mapping[str, Any]], Message]] = {
    "LtiResourceLinkRequest": _launch,
    "LtiDeepLinkingRequest": _deep_linking,
    "LtiSubmissionReviewRequest": _review,
    "DataPrivacyLaunchRequest": _privacy,
}


def _common(claims: Claims, registration: Registration) -> dict[str, Any]:
    """The fields every message has, by their name in ``Message``."""
    roles = texts(claims, CLAIM + "roles", required=True)
    presentation = inside(claims, CLAIM + "launch_presentation")
    deployment_id = claims[CLAIM + "deployment_id"]
    return {
        "registration": registration,
        "deployment": registration.deployments[deployment_id],
        "deployment_id": deployment_id,
        "user": _user(claims),
        "roles": map_roles(roles, registration.role_map),
        "administers": administers(roles),
        "context": _context(claims, registration),
        "locale": text(presentation, "locale") or None,
        "embedded": text(presentation, "document_target") != "window",
        "return_url": web_address(text(presentation, "return_url", limit=ADDRESS)),
        "legacy": _legacy(claims, registration) if LEGACY in claims else None,
        "notices": _notices(claims, registration) if NOTICES in claims else None,
    }


def _user(claims: Claims) -> LaunchUser:
    lis, custom = inside(claims, CLAIM + "lis"), inside(claims, CLAIM + "custom")
    return LaunchUser(
        subject=text(claims, "sub", required=True),
        given_name=words(claims, "given_name", 200),
        family_name=words(claims, "family_name", 200),
        full_name=words(claims, "name", 400),
        email=text(claims, "email", limit=320) or None,
        sourced_id=text(lis, "person_sourcedid") or None,
        custom=dict(short_texts(custom)),
    )


def _context(claims: Claims, registration: Registration) -> LaunchContext:
    context = inside(claims, CLAIM + "context")
    if not context:
        return LaunchContext("")  # a link placed outside any course
    groups = inside(claims, GROUPS)
    return LaunchContext(
        text(context, "id", required=True),
        words(context, "title", 500),
        words(context, "label", SHORT),
        history=history(inside(claims, CLAIM + "custom"), "context_history"),
        members_url=_service(inside(claims, NRPS), "context_memberships_url", registration),
        groups_url=_service(groups, "context_groups_url", registration),
        group_sets_url=_service(groups, "context_group_sets_url", registration),
    )


def _link(claims: Claims, registration: Registration) -> LaunchLink:
    link = inside(claims, CLAIM + "resource_link")
    custom = inside(claims, CLAIM + "custom")
    endpoint = inside(claims, AGS)
    return LaunchLink(
        id=text(link, "id", required=True),
        title=words(link, "title", 500),
        track=text(custom, "track", limit=KEY) or None,
        module=text(custom, "module", limit=KEY) or None,
        lineitem_url=_service(endpoint, "lineitem", registration),
        lineitems_url=_service(endpoint, "lineitems", registration),
        ags_scopes=texts(endpoint, "scope"),
        history=history(custom, "link_history"),
    )


def _legacy(claims: Claims, registration: Registration) -> LegacyIdentity:
    """LTI 1.1 migration claim (LTI migration guide): signed over key, deployment, issuer, client, exp, nonce."""
    old = inside(claims, LEGACY)
    key = text(old, "oauth_consumer_key", required=True)
    signed = "&".join(
        (key, claims[CLAIM + "deployment_id"], registration.issuer, registration.client_id, str(claims["exp"]),
         claims["nonce"])
    )  # fmt: skip
    return LegacyIdentity(
        consumer_key=key,
        signature=text(old, "oauth_consumer_key_sign", required=True),
        signed=signed,
        user_id=text(old, "user_id") or None,
        resource_link_id=text(old, "resource_link_id") or None,
    )


def _notices(claims: Claims, registration: Registration) -> NoticeService | None:
    service = inside(claims, NOTICES)
    url = _service(service, "platform_notification_service_url", registration)
    return NoticeService(url, texts(service, "notice_types_supported")) if url else None


def _about(claims: Claims) -> str:
    return text(inside(claims, CLAIM + "for_user"), "user_id", required=True)


def _service(claims: Claims, name: str, registration: Registration) -> str | None:
    url = text(claims, name, limit=ADDRESS)
    return on_known_host(url, registration, name) if url else None
