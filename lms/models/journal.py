"""The journal's chain: each line sealed to the one before, and the signed end of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base


class AuditLink(Base):
    """The place of a line of the journal in the chain. Rows are only added; positions have no gap.

    ``entry_id`` is no foreign key: a line that was removed must be missed, not its link removed with it.
    """

    __tablename__ = "audit_link"

    #: 1 for the first line chained.
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(unique=True)
    #: The person of the line, as ``AuditPerson.who`` says it; None for a line of nobody.
    who: Mapped[str | None] = mapped_column(String(64))
    #: SHA-256 over the hash before and what the line says, hexadecimal (``lms.services.chain``).
    hash: Mapped[str] = mapped_column(String(64))


class AuditPerson(Base):
    """How the chain names a person: by what nobody can find again once they are erased, and this row with them."""

    __tablename__ = "audit_person"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    #: 128 random bits, hexadecimal.
    token: Mapped[str] = mapped_column(String(32))
    #: SHA-256 over the token and the person's number, hexadecimal.
    who: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Base):
    """The end of the chain, signed; and what its last check found. One row, which whoever adds to the chain holds."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    position: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default="")
    #: As ``lms.services.chain_head`` signs it; None before the first line.
    signed: Mapped[dict[str, Any] | None]
    #: Where the chain begins, once its first lines were purged; signed too (``chain_head.signed_start``).
    start: Mapped[dict[str, Any] | None]
    #: When the whole chain was last checked, up to which line, and the first fault found: its kind and place.
    checked_at: Mapped[datetime | None]
    checked_to: Mapped[int | None]
    fault: Mapped[str | None] = mapped_column(String(20))
    fault_at: Mapped[int | None]
