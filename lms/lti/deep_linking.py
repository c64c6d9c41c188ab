"""Deep Linking 2.0: the signed answer that places links in a course, or says that none was chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from lms.lti.model import DeepLinkSettings, LtiError
from lms.models.clock import utcnow

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DL_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/"
#: The gradebook receives scores out of 100.
MAXIMUM = 100
#: Marks our columns among those of other tools.
TAG = "mpia"
#: How long the answer may wait for somebody to press the button, without script, in seconds.
LIFE = 600
#: The platform's clock may be that late, in seconds.
EARLIER = 5
#: What a copied course is to tell of where it comes from: the only variables we ask a platform to replace.
HISTORY = {"context_history": "$Context.id.history", "link_history": "$ResourceLink.id.history"}


@dataclass(frozen=True)
class Placement:
    """A link to place: ``key`` names a track, or a module of one (``track/module``)."""

    key: str
    title: str
    text: str
    #: Whether it has a score, and so may have a column.
    assessed: bool

    def has_column(self, settings: DeepLinkSettings) -> bool:
        """Whether it comes with a column of the gradebook."""
        return self.assessed and settings.accept_lineitem


@dataclass(frozen=True)
class Addressee:
    """The deployment that asked: what the answer says of who speaks and to whom."""

    issuer: str
    client_id: str
    deployment_id: str


def response(
    addressee: Addressee,
    settings: DeepLinkSettings,
    placements: Sequence[Placement],
    signer: tuple[str, RSAPrivateKey],
    message: str,
) -> str:
    """The ``JWT`` to post back (Deep Linking 2.0, section 4.5): no placement is a cancellation. Raises ``LtiError``.

    ``message`` is shown to the person by the platform. ``signer`` is (kid, private key).
    """
    if len(placements) > 1 and not settings.accept_multiple:
        raise LtiError("one_item", "the platform takes one item")
    now = int(utcnow().timestamp())
    claims: dict[str, Any] = {
        "iss": addressee.client_id, "aud": addressee.issuer, "iat": now - EARLIER, "exp": now + LIFE,
        "nonce": uuid4().hex,
        CLAIM + "deployment_id": addressee.deployment_id,
        CLAIM + "message_type": "LtiDeepLinkingResponse",
        CLAIM + "version": "1.3.0",
        DL_CLAIM + "content_items": [_item(each, settings) for each in placements],
        DL_CLAIM + "msg": message,
    }  # fmt: skip
    if settings.data is not None:
        claims[DL_CLAIM + "data"] = settings.data
    kid, private = signer
    return jwt.encode(claims, private, "RS256", headers={"kid": kid})


def _item(placement: Placement, settings: DeepLinkSettings) -> dict[str, Any]:
    """A resource link. It has no ``url``: Moodle would take it for another tool's and lose the connection."""
    item: dict[str, Any] = {
        "type": "ltiResourceLink",
        "title": _one_line(placement.title),
        "text": _one_line(placement.text),
        "custom": _custom(placement.key) | HISTORY,
    }
    if placement.has_column(settings):
        item["lineItem"] = {
            "label": item["title"],
            "scoreMaximum": MAXIMUM,
            "resourceId": placement.key,
            "tag": TAG,
        }
    # Our pages are made for a frame, which takes their height; a window is the second choice.
    if "iframe" in settings.accept_targets:
        item["iframe"] = {}
    elif "window" in settings.accept_targets:
        item["window"] = {"targetName": "_blank"}
    return item


def _custom(key: str) -> dict[str, str]:
    track, _slash, module = key.partition("/")
    custom = {"track": track, "module": module} if module else {"track": track}
    for value in custom.values():
        # A new line would add a parameter, and a leading « $ » be replaced (LTI.md D10).
        if not value.isprintable() or value.startswith("$"):
            raise LtiError("custom", "a key that a platform would read as something else")
    return custom


def _one_line(text: str) -> str:
    return " ".join(text.split())
