"""Sign-in by OpenID Connect: which identities are known, the sign-ins under way, how to sign out of the provider."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.people import Person


class OidcIdentity(Base):
    """An identity at an OpenID provider, and whose it is. Nothing else of what the provider says is kept."""

    __tablename__ = "oidc_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        CheckConstraint("linked_by in ('administrator', 'email')", name="link_known"),
    )

    id: Mapped[Id]
    #: ``iss`` and ``sub`` of its tokens, compared exactly.
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    #: Who said that it is theirs: an administrator, or the verified address they share (LMS_OIDC_LINK_BY_EMAIL).
    linked_by: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class OidcLogin(Base):
    """A sign-in under way: single use, bound to the browser that began it. Nonce and verifier come from its state."""

    __tablename__ = "oidc_login"
    __table_args__ = (Index(None, "expires_at"),)

    #: SHA-256 of ``state``, hexadecimal: what a copy of the database shows cannot be replayed.
    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: SHA-256 of the cookie that ties the sign-in to one browser.
    browser_hash: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(2000))
    expires_at: Mapped[datetime]


class OidcSession(Base):
    """What signs a browser out of the provider too: the id token of its session, encrypted, gone with the session."""

    __tablename__ = "oidc_session"

    token_hash: Mapped[str] = mapped_column(
        ForeignKey("web_session.token_hash", ondelete="CASCADE"), primary_key=True
    )  # fmt: skip
    id_token: Mapped[str] = mapped_column(Text)
