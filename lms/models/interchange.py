"""Programs outside: those that read the API, and those that are told what happens. Secrets are hashed, or encrypted."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.organisation import Unit


class ApiClient(Base):
    """A program that may read the API: with an id and a secret that it changes for tokens, or with one long token."""

    __tablename__ = "api_client"
    __table_args__ = (CheckConstraint("kind in ('client', 'token')", name="kind_known"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(10))
    #: Its public name in the protocol (``client_id``), and in the journal.
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    #: Why it reads what it reads: kept with each line of the journal.
    purpose: Mapped[str] = mapped_column(String(300))
    #: SHA-256 of its secret or of its token, hexadecimal.
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    #: The unit it sees, with all that is under it; None for the whole institution. It goes with its unit: left without
    #: one, it would see everything.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: When a long token ends; None for a client, whose tokens are short.
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: When it was last seen, to within an hour.
    used_at: Mapped[datetime | None]

    unit: Mapped[Unit | None] = relationship()


class ApiToken(Base):
    """A short-lived token that a client was given, with the scopes it asked for."""

    __tablename__ = "api_token"

    #: SHA-256 of the token, hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    client: Mapped[ApiClient] = relationship()


class EventListener(Base):
    """Who is told what happens: the address of a ``webhook``, or the ``lrs`` of the settings (kept by the worker)."""

    __tablename__ = "event_listener"
    __table_args__ = (CheckConstraint("kind in ('webhook', 'lrs')", name="kind_known"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200), default="")
    url: Mapped[str] = mapped_column(String(2000))
    #: Which events: ``completion.created``, ``certificate.issued``…
    events: Mapped[list[str]] = mapped_column(default=list)
    #: Only what happens to agents of that unit and those under it; None for everybody.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"), index=True)
    #: What signs, encrypted; and what signed before, which signs beside it until that moment.
    secret: Mapped[str] = mapped_column(String(500), default="")
    previous_secret: Mapped[str] = mapped_column(String(500), default="")
    previous_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Since when nothing gets through, and until when it is left alone.
    failing_since: Mapped[datetime | None]
    quiet_until: Mapped[datetime | None]
    #: Since when it is told nothing any more: ``by_hand``, ``failing`` too long, or ``gone``, as it said itself.
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[str | None] = mapped_column(String(20))

    unit: Mapped[Unit | None] = relationship()


class WebhookDelivery(Base):
    """One message to one webhook: its very text, and what became of it the last time it was sent."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "listener_id", "id"),)

    id: Mapped[Id]
    listener_id: Mapped[int] = mapped_column(ForeignKey("event_listener.id", ondelete="CASCADE"))
    #: The same however often it is sent, so that whoever receives it twice knows.
    message_id: Mapped[str] = mapped_column(String(60), unique=True)
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    #: HTTP status of the last answer, and in a word why it is not delivered.
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(40))
    delivered_at: Mapped[datetime | None]

    listener: Mapped[EventListener] = relationship()
