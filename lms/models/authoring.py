"""The studio: who writes which track, drafts in pieces, what was said of them, what the law calls back for review."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.people import Person

#: What a person may do with a track: write it, judge it, publish it.
STUDIO_ROLES = ("author", "reviewer", "publisher")
#: An open draft is written, then read by a second person, then ready to be published; it ends published or discarded.
OPEN_STATES = ("draft", "review", "approved")
_OPEN = text(f"state in {OPEN_STATES}")


class Institution(Base):
    """An institution that writes or adapts tracks beside this one, which owns what has none."""

    __tablename__ = "institution"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Curriculum(Base):
    """A track beyond its revisions: whose it is, what it adapts, whether it is still taught.

    A track without such a row came with a release: it is this institution's own, and taught.
    """

    __tablename__ = "curriculum"

    track_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    #: The track it was adapted from, and the revision of it that was last taken in.
    upstream_key: Mapped[str | None] = mapped_column(String(100))
    upstream_digest: Mapped[str | None] = mapped_column(String(64))
    #: Since when nobody new begins it; those who began go on.
    retired_at: Mapped[datetime | None]


class StudioRole(Base):
    """What a person may do in the studio: with one track, or with every track of an institution.

    ``institution_id`` and ``track_key`` both None: every track of this institution.
    """

    __tablename__ = "studio_role"
    __table_args__ = (
        CheckConstraint("role in ('author', 'reviewer', 'publisher')", name="role_known"),
        CheckConstraint("institution_id is null or track_key is null", name="one_reach"),
        Index(None, "person_id"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(10))
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id", ondelete="CASCADE"))
    track_key: Mapped[str | None] = mapped_column(String(100))
    granted_at: Mapped[datetime] = mapped_column(default=utcnow)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    institution: Mapped[Institution | None] = relationship()


class Draft(Base):
    """The next revision of a track while it is written: one at a time, shared by its authors."""

    __tablename__ = "draft"
    __table_args__ = (
        Index("uq_draft_open", "track_key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "track_key"),
    )

    id: Mapped[Id]
    track_key: Mapped[str] = mapped_column(String(100))
    #: The revision it began from; None for a new track.
    base_digest: Mapped[str | None] = mapped_column(String(64))
    #: What its track had last taken in of the one it adapts, before this draft took more in: true again if discarded.
    upstream_before: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    began_at: Mapped[datetime] = mapped_column(default=utcnow)
    began_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: Who sent it to be read, and who approved it: two persons.
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None]


class DraftPiece(Base):
    """One piece of a draft (``curricula.pieces``): what two people do not write at once."""

    __tablename__ = "draft_piece"
    __table_args__ = (
        UniqueConstraint("draft_id", "path"),
        Index(None, "draft_id", "place"),
        Index(None, "draft_id", "parent", "place"),
    )

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(300))
    #: What its path begins with, up to the last « / »: the bank of a question, the lessons of a module.
    parent: Mapped[str] = mapped_column(String(300), default="")
    #: Its order among lessons, or questions.
    place: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    #: One more at each save: who saves says which one they read.
    edition: Mapped[int] = mapped_column(default=1)
    #: What lists show of it, and the folded words a search reads.
    label: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    words: Mapped[str] = mapped_column(Text, default="")
    #: What lists are narrowed by and count, without reading contents (``lms.services.bank``).
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: How its texts stand in two languages (``curricula.agreement``); a lesson's, with its settings.
    agreed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    edited_at: Mapped[datetime] = mapped_column(default=utcnow)
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class BankUpload(Base):
    """A file of questions that somebody sent, between the page that shows what was read and the one that keeps it.

    One a person and draft; what nobody confirmed is swept. The file itself goes as soon as it is read.
    """

    __tablename__ = "bank_upload"
    __table_args__ = (Index(None, "draft_id", "person_id"),)

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    module_key: Mapped[str] = mapped_column(String(100))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    #: Key of ``curricula.exchange.registry``; empty: by the file's name.
    format: Mapped[str] = mapped_column(String(30), default="")
    language: Mapped[str] = mapped_column(String(2))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Since when ``found`` says what was read: a job reads large files.
    read_at: Mapped[datetime | None]
    found: Mapped[dict[str, Any]] = mapped_column(default=dict, deferred=True)


class DraftChange(Base):
    """A change of one piece by one person: what it was before (None: it was not there)."""

    __tablename__ = "draft_change"
    __table_args__ = (Index(None, "draft_id", "path"),)

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(300))
    before: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    #: Where it stood, to put it back there.
    place: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    began_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: The last save of the same stretch of work.
    at: Mapped[datetime] = mapped_column(default=utcnow)

    person: Mapped[Person | None] = relationship()


class DraftComment(Base):
    """What somebody says of a piece of a draft, or of the whole (path empty)."""

    __tablename__ = "draft_comment"
    __table_args__ = (Index(None, "draft_id"),)

    id: Mapped[Id]
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(default=utcnow)
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])


class ReviewTask(Base):
    """A module to read again because a text of law it refers to changed."""

    __tablename__ = "review_task"
    __table_args__ = (
        UniqueConstraint("track_key", "module_key", "legal_key", "legal_version"),
        Index(None, "track_key"),
    )

    id: Mapped[Id]
    track_key: Mapped[str] = mapped_column(String(100))
    module_key: Mapped[str] = mapped_column(String(100))
    legal_key: Mapped[str] = mapped_column(String(100))
    #: The version of the law that calls for it.
    legal_version: Mapped[str] = mapped_column(String(50))
    in_force_from: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(2000), default="")
    opened_at: Mapped[datetime] = mapped_column(default=utcnow)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: What whoever closed it says; empty when a published revision did.
    outcome: Mapped[str] = mapped_column(String(2000), default="")
