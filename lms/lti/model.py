"""LTI values: what a platform registered, and what a verified message says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class LtiError(ValueError):
    """A message or a service that cannot be trusted or used. ``cause`` is a stable key, never personal data."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail = cause, detail


@dataclass(frozen=True)
class Registration:
    """The tool as registered on one platform (LTI Security Framework 1.0, section 3)."""

    platform_id: int
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    #: LTI ``deployment_id`` → our deployment row.
    deployments: Mapping[str, int]
    role_map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Login:
    """A third-party-initiated login (LTI 1.3 core, section 5.1.1.1), fields as received."""

    issuer: str
    login_hint: str
    target: str
    client_id: str | None = None
    deployment_id: str | None = None
    message_hint: str | None = None


@dataclass(frozen=True)
class PendingLogin:
    """What the tool keeps between login and launch, consumed once."""

    platform_id: int
    deployment_id: str | None
    nonce: str
    target: str
    browser_hash: str
    expires_at: datetime


@dataclass(frozen=True)
class LaunchUser:
    """Who is launched. Every field but ``subject`` may be empty: platforms withhold names by default."""

    subject: str
    given_name: str = ""
    family_name: str = ""
    full_name: str = ""
    email: str | None = None
    sourced_id: str | None = None


@dataclass(frozen=True)
class LaunchContext:
    """The course (``context`` claim)."""

    id: str
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class LaunchLink:
    """The placed link (``resource_link`` claim) with its gradebook endpoint (AGS 2.0, section 3.1)."""

    id: str
    title: str = ""
    track: str | None = None
    module: str | None = None
    lineitem_url: str | None = None
    ags_scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Launch:
    """A verified resource-link launch: nothing in it came from an unverified place."""

    registration: Registration
    deployment: int
    user: LaunchUser
    roles: frozenset[str]
    context: LaunchContext
    link: LaunchLink
    locale: str | None = None
    embedded: bool = True
    return_url: str | None = None
