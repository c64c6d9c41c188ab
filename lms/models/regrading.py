"""Results seen again after a question was mended or withdrawn: what was asked, and how far it is."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow


class Regrading(Base):
    """Every attempt that drew a question of a module is marked again there, once.

    ``corrected``: by the question as it is in the revision ``track_digest``; ``withdrawn``: everybody has its point.
    """

    __tablename__ = "regrading"
    __table_args__ = (
        CheckConstraint("kind in ('corrected', 'withdrawn')", name="kind_known"),
        Index(None, "track_key", "module_key"),
    )

    id: Mapped[Id]
    track_key: Mapped[str] = mapped_column(String(100))
    module_key: Mapped[str] = mapped_column(String(100))
    question_key: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    #: Why, for those whose attempts they are.
    reason: Mapped[str] = mapped_column(String(2000))
    track_digest: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: Attempts submitted until then are concerned.
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    #: The last attempt that was marked again, in the order of their ids: the work goes on after it.
    last_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    #: How many there were when it was asked; how many are done; what became of them.
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    risen: Mapped[int] = mapped_column(default=0)
    fallen: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
