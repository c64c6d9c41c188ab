"""LMS platforms connected over LTI 1.3, their courses and links, and the tool's own keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
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
    status: Mapped[str] = mapped_column(String(20), default="active")
    #: LTI role URI → our role, beside the roles every platform may give (lms.lti.roles).
    role_map: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_launch_at: Mapped[datetime | None]

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="platform")


class Deployment(Base):
    """A deployment of the registration (LTI ``deployment_id``)."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)

    id: Mapped[Id]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    deployment_id: Mapped[str] = mapped_column(String(255))
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
    #: AGS 2.0 line item of the link, as the platform last said; None when it offers no gradebook.
    lineitem_url: Mapped[str | None] = mapped_column(String(2000))
    ags_scopes: Mapped[list[str]] = mapped_column(default=list)

    context: Mapped[Context] = relationship()


class ToolKey(Base):
    """An RSA key the tool signs its LTI messages with; the private half is encrypted with the secret key."""

    __tablename__ = "tool_key"

    id: Mapped[Id]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_pem: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    retired_at: Mapped[datetime | None]


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
    expires_at: Mapped[datetime]
