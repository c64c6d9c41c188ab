"""LTI values: what a platform registered, and what a verified message says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


class LtiError(ValueError):
    """A message or a service that cannot be trusted or used. ``cause`` is a stable key, never personal data.

    ``after`` is how long the platform asks to be left alone, if it does.
    """

    def __init__(self, cause: str, detail: str = "", after: timedelta | None = None) -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail, self.after = cause, detail, after


@dataclass(frozen=True)
class Registration:
    """The tool as registered on one platform (LTI Security Framework 1.0, section 3)."""

    platform_id: int
    issuer: str
    client_id: str
    auth_url: str
    token_url: str
    jwks_url: str
    #: LTI ``deployment_id`` → our deployment row; those that are suspended are in ``suspended`` instead.
    deployments: Mapping[str, int]
    role_map: Mapping[str, str] = field(default_factory=dict)
    #: Audience of our assertions when it is not the token address.
    token_audience: str | None = None
    #: Hosts, beside those of the addresses above, that its services and return addresses may be on.
    hosts: tuple[str, ...] = ()
    #: ``deployment_id`` of the suspended deployments.
    suspended: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Login:
    """A third-party-initiated login (LTI 1.3 core, section 5.1.1.1), fields as received."""

    issuer: str
    login_hint: str
    target: str
    client_id: str | None = None
    deployment_id: str | None = None
    message_hint: str | None = None
    #: The platform's frame that stores for tools (LTI Platform Storage 1.0); None when it names none we can reach.
    storage_target: str | None = None


@dataclass(frozen=True)
class PendingLogin:
    """What the tool keeps between login and launch, consumed once."""

    platform_id: int
    deployment_id: str | None
    nonce: str
    target: str
    browser_hash: str
    expires_at: datetime
    #: To begin again in a tab of its own, where the browser keeps our cookie.
    login_hint: str = ""
    message_hint: str | None = None
    storage_target: str | None = None


@dataclass(frozen=True)
class LaunchUser:
    """Who is launched. Every field but ``subject`` may be empty: platforms withhold names by default."""

    subject: str
    given_name: str = ""
    family_name: str = ""
    full_name: str = ""
    email: str | None = None
    sourced_id: str | None = None
    #: Custom parameters that are short texts; one of them may be what HR's files call the person.
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LaunchContext:
    """The course (``context`` claim), and the services the platform offers about it."""

    id: str
    title: str = ""
    label: str = ""
    #: Course this one was copied from, the last first (``Context.id.history``, asked for as a custom parameter).
    history: tuple[str, ...] = ()
    #: NRPS 2.0 and Course Groups 1.0; None where not offered.
    members_url: str | None = None
    groups_url: str | None = None
    group_sets_url: str | None = None


@dataclass(frozen=True)
class LaunchLink:
    """The placed link (``resource_link`` claim) with its gradebook endpoint (AGS 2.0, section 3.1)."""

    id: str
    title: str = ""
    track: str | None = None
    module: str | None = None
    lineitem_url: str | None = None
    lineitems_url: str | None = None
    ags_scopes: tuple[str, ...] = ()
    #: Links this one was copied from, the last first (``ResourceLink.id.history``).
    history: tuple[str, ...] = ()


@dataclass(frozen=True)
class LegacyIdentity:
    """What the ids were over LTI 1.1, proved by the old consumer's secret (LTI 1.1 migration claim)."""

    consumer_key: str
    signature: str
    #: The text that was signed.
    signed: str
    user_id: str | None = None
    resource_link_id: str | None = None


@dataclass(frozen=True)
class NoticeService:
    """Where a platform lets us ask for notices, and of which types (Platform Notification Service 1.0)."""

    url: str
    types: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Message:
    """What every verified message says: nothing in it came from an unverified place."""

    registration: Registration
    #: Our row of the deployment it speaks for.
    deployment: int
    deployment_id: str
    user: LaunchUser
    roles: frozenset[str]
    #: LTI roles that administer the platform or the institution: they give no power here (LTI.md R21).
    administers: bool = False
    context: LaunchContext
    locale: str | None = None
    embedded: bool = True
    return_url: str | None = None
    legacy: LegacyIdentity | None = None
    notices: NoticeService | None = None


@dataclass(frozen=True, kw_only=True)
class Launch(Message):
    """A resource-link launch (LtiResourceLinkRequest)."""

    link: LaunchLink


@dataclass(frozen=True)
class DeepLinkSettings:
    """What the platform takes back (Deep Linking 2.0, section 4.4.1); ``data`` goes back as it came."""

    return_url: str
    accept_types: tuple[str, ...]
    accept_targets: tuple[str, ...]
    accept_multiple: bool = False
    #: Whether a line item may come with an item; platforms that do not say accept them (section 4.4.1).
    accept_lineitem: bool = True
    title: str = ""
    text: str = ""
    data: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeepLinking(Message):
    """A trainer choosing content (LtiDeepLinkingRequest)."""

    settings: DeepLinkSettings


@dataclass(frozen=True, kw_only=True)
class SubmissionReview(Message):
    """Somebody looking at what one learner did (LtiSubmissionReviewRequest)."""

    link: LaunchLink
    #: LTI user id of the learner.
    about: str


@dataclass(frozen=True, kw_only=True)
class PrivacyRequest(Message):
    """An administrator asking for, or erasing, what we hold about somebody (DataPrivacyLaunchRequest)."""

    #: LTI user id of that person.
    about: str
