"""People, how they are signed in, and what they do in a course."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.platforms import Context, Platform, ResourceLink

ROLES = ("learner", "trainer", "author", "hr", "administrator")


class Person(Base):
    """Someone known by one platform (iss, sub), or by a local account when ``platform_id`` is None."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("platform_id", "subject"),
        CheckConstraint("platform_id is not null or email is not null", name="identified"),
    )

    id: Mapped[Id]
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    #: LTI ``sub``; the e-mail address for a local account.
    subject: Mapped[str] = mapped_column(String(255))
    given_name: Mapped[str] = mapped_column(String(200), default="")
    family_name: Mapped[str] = mapped_column(String(200), default="")
    full_name: Mapped[str] = mapped_column(String(400), default="")
    email: Mapped[str | None] = mapped_column(String(320))
    #: ``lis.person_sourcedid``: the key HR files may be matched on.
    sourced_id: Mapped[str | None] = mapped_column(String(255), index=True)
    #: The same by a custom parameter of launches, where the settings name one (``LMS_MATCH_KEYS``).
    agent_key: Mapped[str | None] = mapped_column(String(255))
    #: Name to print on certificates, once the person gave or confirmed it.
    certificate_name: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(5))
    text_size: Mapped[str] = mapped_column(String(2), default="m")
    text_space: Mapped[str] = mapped_column(String(2), default="m")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: The id they had over LTI 1.1, once the platform proved it (LTI 1.1 migration).
    legacy_subject: Mapped[str | None] = mapped_column(String(255))

    platform: Mapped[Platform | None] = relationship()

    @property
    def erased(self) -> bool:
        """Whether this row is there for certificates alone, whose holder is nobody any more."""
        return self.subject == self.erased_subject

    @property
    def erased_subject(self) -> str:
        """What stands in the place of their id once they are erased."""
        return f"erased-{self.id}"

    @property
    def display_name(self) -> str:
        """The name shown to people who may see it; empty when the platform sent none."""
        return self.full_name or f"{self.given_name} {self.family_name}".strip()


class LocalAccount(Base):
    """Sign-in without an LMS: Argon2id hash of the password, and the roles of the account."""

    __tablename__ = "local_account"

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(default=list)
    #: When it was closed: it opens nothing until it is opened again; None while it is open.
    closed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class Membership(Base):
    """A person in a course, with the strongest role the platform gave there."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "context_id"), Index(None, "context_id"))

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(20))
    #: When they first and last came; None for someone the roster alone names.
    first_seen_at: Mapped[datetime | None] = mapped_column(default=utcnow)
    last_seen_at: Mapped[datetime | None] = mapped_column(default=utcnow)
    #: When a roster last named them, and since when it no longer does.
    roster_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    context: Mapped[Context] = relationship()


class WebSession(Base):
    """A signed-in browser: kept here so that it can be revoked; the cookie only names it."""

    __tablename__ = "web_session"
    __table_args__ = (Index(None, "expires_at"),)

    #: SHA-256 of the cookie's token, hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    roles: Mapped[list[str]]
    context_id: Mapped[int | None] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    resource_link_id: Mapped[int | None] = mapped_column(ForeignKey("resource_link.id", ondelete="CASCADE"))
    #: Origin of the LMS that frames us, for messages about our height; None outside an LMS.
    platform_origin: Mapped[str | None] = mapped_column(String(255))
    return_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    context: Mapped[Context | None] = relationship()
    resource_link: Mapped[ResourceLink | None] = relationship()


class DeepLinkRequest(Base):
    """A trainer choosing what to place in a course (Deep Linking 2.0): answered once, by the session that began it."""

    __tablename__ = "deep_link_request"
    __table_args__ = (Index(None, "expires_at"),)

    #: SHA-256 of the secret in the picker's address, hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: The browser that was launched (``web_session.token_hash``).
    session_hash: Mapped[str] = mapped_column(ForeignKey("web_session.token_hash", ondelete="CASCADE"))
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id", ondelete="CASCADE"))
    #: The settings of the request, as ``lms.lti.model.DeepLinkSettings`` holds them.
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]


class CourseGroup(Base):
    """A group of a course, as the platform has it (Course Groups 1.0)."""

    __tablename__ = "course_group"
    __table_args__ = (UniqueConstraint("context_id", "lti_id"),)

    id: Mapped[Id]
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    lti_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(500), default="")
    #: Name of the set the group is of; empty when it is of none.
    set_name: Mapped[str] = mapped_column(String(500), default="")


class GroupMember(Base):
    """A person of a course in one of its groups."""

    __tablename__ = "group_member"
    __table_args__ = (Index(None, "membership_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("course_group.id", ondelete="CASCADE"), primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id", ondelete="CASCADE"), primary_key=True)
