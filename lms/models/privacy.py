"""What was purged, by which rule and never of whom; and who asks to be erased."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.people import Person

REQUEST_STATES = ("open", "refused", "withdrawn")


class PurgeLine(Base):
    """How many things of one sort were purged on one day under one rule: a number, and nobody's."""

    __tablename__ = "purge_line"
    __table_args__ = (UniqueConstraint("day", "what", "rule"),)

    id: Mapped[Id]
    #: As lived in France.
    day: Mapped[date]
    #: ``lms.services.retention.Rule.what``.
    what: Mapped[str] = mapped_column(String(30))
    #: The setting and its value of then: « keep_attempts_days=365 ».
    rule: Mapped[str] = mapped_column(String(100))
    count: Mapped[int] = mapped_column(default=0)


class ErasureRequest(Base):
    """A person who asks for everything about them to be erased, and what they were answered.

    ``state``: ``open`` · ``refused`` · ``withdrawn``. One that is accepted goes with the person it is of.
    """

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint("state in ('open', 'refused', 'withdrawn')", name="state_known"),
        # One at a time: a double click asks once.
        Index("uq_erasure_request_open", "person_id", unique=True, sqlite_where=text("state = 'open'"),
              postgresql_where=text("state = 'open'")),
    )  # fmt: skip

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    #: Why it is asked, if they said, and the answer.
    words: Mapped[str] = mapped_column(String(2000), default="")
    answer: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
