"""LMS platforms connected over LTI 1.3, their courses and links, and the tool's own keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow


class Platform(Base):
    """A registration of this tool on an LMS: one (issuer, client_id). It is also the tenant of its people."""

    __tablename__ = "platform"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        CheckConstraint("status in ('active', 'suspended')", name="status_known"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    #: LTI ``iss``, compared exactly.
    issuer: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    auth_url: Mapped[str] = mapped_column(String(1000))
    token_url: Mapped[str] = mapped_column(String(1000))
    jwks_url: Mapped[str] = mapped_column(String(1000))
    #: Audience of our token requests when it is not the token address (Dynamic Registration, authorization_server).
    token_audience: Mapped[str | None] = mapped_column(String(1000))
    #: Hosts, beside those of the addresses above, that its services and return addresses may be on.
    hosts: Mapped[list[str]] = mapped_column(default=list)
    #: Product family it says it is (moodle, canvas …), to name its own menus; empty when unknown.
    product: Mapped[str] = mapped_column(String(50), default="")
    status: Mapped[str] = mapped_column(String(20), default="active")
    #: LTI role URI → our role, beside the roles every platform may give (lms.lti.roles).
    role_map: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_launch_at: Mapped[datetime | None]
    #: What the last check of the connection found, by check, and when it ended.
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checked_at: Mapped[datetime | None]
    #: Since when its services do not answer, and until when nothing is delivered to it; None while they do.
    silent_since: Mapped[datetime | None]
    quiet_until: Mapped[datetime | None]

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="platform", order_by="Deployment.id")


class Deployment(Base):
    """A deployment of the registration (LTI ``deployment_id``)."""

    __tablename__ = "deployment"
    __table_args__ = (
        UniqueConstraint("platform_id", "deployment_id"),
        CheckConstraint("status in ('active', 'suspended')", name="status_known"),
    )

    id: Mapped[Id]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(20), default="active")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    platform: Mapped[Platform] = relationship(back_populates="deployments")


class Context(Base):
    """A course of an LMS (LTI ``context``): the cohort of a trainer."""

    __tablename__ = "context"
    __table_args__ = (UniqueConstraint("deployment_id", "lti_id"),)

    id: Mapped[Id]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    lti_id: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(500), default="")
    label: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Roster (NRPS 2.0) and groups (Course Groups 1.0) of the course, as the platform last said.
    members_url: Mapped[str | None] = mapped_column(String(2000))
    groups_url: Mapped[str | None] = mapped_column(String(2000))
    group_sets_url: Mapped[str | None] = mapped_column(String(2000))
    #: When the last whole roster began to be read, and what stopped the last reading, if anything did.
    roster_at: Mapped[datetime | None]
    roster_error: Mapped[str | None] = mapped_column(String(500))
    #: The course this one was copied from.
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("context.id", ondelete="SET NULL"))

    deployment: Mapped[Deployment] = relationship()


class ResourceLink(Base):
    """A link to a track or a module, placed in a course (LTI ``resource_link``), and its column."""

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("context_id", "lti_id"),)

    id: Mapped[Id]
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"), index=True)
    lti_id: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(500), default="")
    track_key: Mapped[str | None] = mapped_column(String(100))
    module_key: Mapped[str | None] = mapped_column(String(100))
    #: AGS 2.0 line item of the link: as the platform last said, else as found or made; None without a column.
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    #: The course's columns, where one is found or made when the platform names none.
    lineitems_url: Mapped[str | None] = mapped_column(String(2000))
    ags_scopes: Mapped[list[str]] = mapped_column(default=list)
    #: What an administrator should know of the column (several for one link), in words to translate.
    column_note: Mapped[str | None] = mapped_column(String(500))
    #: When the column's results were last compared with the scores sent.
    reconciled_at: Mapped[datetime | None]
    #: How many results differed then; a trainer may have changed them.
    differing: Mapped[int] = mapped_column(default=0)
    #: The link this one was copied from, with its course.
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id", ondelete="SET NULL"))

    context: Mapped[Context] = relationship()


class ToolKey(Base):
    """An RSA key the tool signs its LTI messages with; the private half is encrypted with the secret key."""

    __tablename__ = "tool_key"

    id: Mapped[Id]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_pem: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: It signs from then on: published before, so that no platform meets a key it could not have read yet.
    signs_from: Mapped[datetime] = mapped_column(default=utcnow)
    #: It signs no more from then on, and stays published for what it signed.
    retired_at: Mapped[datetime | None]
    #: Taken out of what is published at once: it may have been stolen.
    revoked_at: Mapped[datetime | None]


class LaunchState(Base):
    """An OIDC login under way: single use, bound to the browser that began it (LTI.md R2)."""

    __tablename__ = "launch_state"
    __table_args__ = (Index(None, "expires_at"),)

    #: SHA-256 of ``state``, hexadecimal: what a copy of the database shows cannot be replayed.
    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    deployment_id: Mapped[str | None] = mapped_column(String(255))
    nonce: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(2000))
    #: SHA-256 of the cookie that ties the login to one browser.
    browser_hash: Mapped[str] = mapped_column(String(64))
    #: What the platform sent to begin, to begin again in a tab of its own when the browser refuses our cookie.
    login_hint: Mapped[str] = mapped_column(Text)
    message_hint: Mapped[str | None] = mapped_column(Text)
    #: The platform's frame that stores for tools (``lti_storage_target``); None when it has none.
    storage_target: Mapped[str | None] = mapped_column(String(100))
    expires_at: Mapped[datetime]


class AccessToken(Base):
    """An access token of a platform for some scopes, encrypted, shared by every process until it expires (R11)."""

    __tablename__ = "access_token"

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"), primary_key=True)
    #: The scopes asked for, sorted and joined by spaces.
    scopes: Mapped[str] = mapped_column(String(1000), primary_key=True)
    token: Mapped[str | None] = mapped_column(Text)
    #: The scopes the platform granted, which may be fewer.
    granted: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    #: Until then one process asks for a new one, and the others wait for it.
    asking_until: Mapped[datetime | None]


class Invitation(Base):
    """A one-use address that connects a platform by dynamic registration (LTI.md R25)."""

    __tablename__ = "invitation"

    #: SHA-256 of the address's secret part, hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: The platform to reconnect, whose people and courses stay; None to connect a new one.
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    #: Hosts the platform may use beside its issuer's.
    hosts: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class LegacyConsumer(Base):
    """An LTI 1.1 consumer a platform had before: its secret proves the ids it announces (LTI 1.1 migration)."""

    __tablename__ = "legacy_consumer"
    __table_args__ = (UniqueConstraint("platform_id", "consumer_key"),)

    id: Mapped[Id]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    consumer_key: Mapped[str] = mapped_column(String(255))
    #: Encrypted with the secret key.
    secret: Mapped[str] = mapped_column(Text)


class SeenNotice(Base):
    """A notice of a platform already taken (Platform Notification Service), so that it counts once."""

    __tablename__ = "seen_notice"

    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"), primary_key=True)
    notice_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
