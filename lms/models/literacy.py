"""The AI-literacy register of a unit (AI Act, art. 4): what is written in it, through time, and what was signed.

An entry never changes: what is said of it closes a state and opens another. An edition is the register as somebody
signed it, whole and as text: nothing that happens later reaches it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.organisation import Unit


class Register(Base):
    """The register of a unit and all under it."""

    __tablename__ = "literacy_register"

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), unique=True)
    opened_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Who last changed it: somebody else signs it.
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    edited_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship()


class RegisterEntry(Base):
    """Something the register holds; ``kind`` is a key of ``lms.services.literacy_fields.KINDS``.

    What it says is in its states; one that was taken away has no open state.
    """

    __tablename__ = "literacy_entry"
    __table_args__ = (Index(None, "register_id", "kind"),)

    id: Mapped[Id]
    register_id: Mapped[int] = mapped_column(ForeignKey("literacy_register.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))


class RegisterState(Base):
    """What an entry said from ``since`` until ``until`` (None: still), and who wrote it and who ended it."""

    __tablename__ = "literacy_state"
    __table_args__ = (
        Index(None, "entry_id", "since"),
        Index("uq_literacy_state_open", "entry_id", unique=True, sqlite_where=text("until is null"),
              postgresql_where=text("until is null")),
    )  # fmt: skip

    id: Mapped[Id]
    entry_id: Mapped[int] = mapped_column(ForeignKey("literacy_entry.id", ondelete="CASCADE"))
    since: Mapped[datetime] = mapped_column(default=utcnow)
    until: Mapped[datetime | None]
    #: Key of a field → what it says: text, ISO day, number, list; agents by their number, never by name.
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: None for what opened by itself.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

    entry: Mapped[RegisterEntry] = relationship()


class RegisterEdition(Base):
    """The register as signed: rows are only added."""

    __tablename__ = "literacy_edition"
    __table_args__ = (
        UniqueConstraint("register_id", "number"),
        CheckConstraint("edited_by is null or signed_by is null or edited_by <> signed_by", name="four_eyes"),
    )

    id: Mapped[Id]
    register_id: Mapped[int] = mapped_column(ForeignKey("literacy_register.id", ondelete="RESTRICT"))
    number: Mapped[int]
    signed_at: Mapped[datetime] = mapped_column(default=utcnow)
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: JSON, as ``lms.services.literacy_content.whole`` gives it: text, so that its digest is that of its bytes.
    content: Mapped[str] = mapped_column(Text)
    #: SHA-256 of the content in UTF-8, hexadecimal; also written in the chained journal.
    sha256: Mapped[str] = mapped_column(String(64))
