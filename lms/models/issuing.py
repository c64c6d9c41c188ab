"""Certificates issued together for a course: what was asked, and what became of each learner's."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.certificates import Certificate
from lms.models.people import Person


class IssuingRun(Base):
    """The certificates of a track that a trainer asked for at once, for the learners of a course."""

    __tablename__ = "issuing_run"
    __table_args__ = (Index(None, "context_id", "track_key"),)

    id: Mapped[Id]
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    track_key: Mapped[str] = mapped_column(String(100))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]


class IssuingRow(Base):
    """One learner of a run.

    ``issued`` by this run; ``held`` already, when its turn came; ``refused`` for the ``reason`` kept.
    """

    __tablename__ = "issuing_row"
    __table_args__ = (
        UniqueConstraint("run_id", "person_id"),
        Index(None, "run_id", "state"),
        CheckConstraint("state in ('waiting', 'issued', 'held', 'refused')", name="state_known"),
    )

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("issuing_run.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    #: ``NotIssued.reason``, ``drawing`` when the page cannot be drawn, or ``gone`` without the track.
    reason: Mapped[str | None] = mapped_column(String(40))
    certificate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("certificate.id", ondelete="SET NULL"))

    person: Mapped[Person] = relationship()
    certificate: Mapped[Certificate | None] = relationship()
