"""A tool as this platform knows it: the one of the settings, or one that registered itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

RESOURCE_LINK: Final = "LtiResourceLinkRequest"
DEEP_LINKING: Final = "LtiDeepLinkingRequest"
REVIEW: Final = "LtiSubmissionReviewRequest"
PRIVACY: Final = "DataPrivacyLaunchRequest"


@dataclass(frozen=True, slots=True)
class Tool:
    """``number`` is its type id. ``scopes`` and ``claims`` are what it was granted, None meaning everything."""

    number: int
    client_id: str
    deployment_id: str
    name: str
    login_url: str
    launch_url: str
    jwks_url: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...] | None = None
    claims: tuple[str, ...] | None = None
    custom: Mapping[str, str] = field(default_factory=dict)
    #: Where each kind of message goes when it is not the launch address.
    targets: Mapping[str, str] = field(default_factory=dict)
    active: bool = True

    @property
    def origin(self) -> str:
        """Scheme, host and port, as postMessage and CSP compare them."""
        return origin_of(self.launch_url)

    def target(self, message_type: str) -> str:
        """The target_link_uri of that kind of message."""
        return self.targets.get(message_type) or self.launch_url


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
