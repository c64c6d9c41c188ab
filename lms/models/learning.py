"""What learners do: enrolments, lessons read and the scores the LMS must receive."""

from datetime import datetime
from fractions import Fraction

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.people import Person
from lms.models.platforms import ResourceLink


class Enrolment(Base):
    """A learner in a track, in the version they follow. Dates: inscription, start, completion."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("person_id", "track_key"),
        Index(None, "track_key", "completed_at"),
        Index(None, "enrolled_at", "id"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    track_key: Mapped[str] = mapped_column(String(100))
    track_version: Mapped[str] = mapped_column(String(50))
    #: SHA-256 of the track's folder: names exactly what was taught.
    track_digest: Mapped[str] = mapped_column(String(64))
    enrolled_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    #: Where the learner was last, to resume there.
    last_module: Mapped[str | None] = mapped_column(String(100))
    last_lesson: Mapped[str | None] = mapped_column(String(100))
    last_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class LessonProgress(Base):
    """A lesson opened, and read to its end when ``read_at`` is set."""

    __tablename__ = "lesson_progress"
    __table_args__ = (UniqueConstraint("enrolment_id", "module_key", "lesson_key"),)

    id: Mapped[Id]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    module_key: Mapped[str] = mapped_column(String(100))
    lesson_key: Mapped[str] = mapped_column(String(100))
    opened_at: Mapped[datetime] = mapped_column(default=utcnow)
    read_at: Mapped[datetime | None]


class Participation(Base):
    """A learner who came through a resource link, and the score its gradebook column was last told."""

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("person_id", "resource_link_id"), Index(None, "resource_link_id"))

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    resource_link_id: Mapped[int] = mapped_column(ForeignKey("resource_link.id", ondelete="CASCADE"))
    score_sent: Mapped[Fraction | None]
    #: Timestamp of the last score sent; the next must be later (AGS 2.0, Score publish service).
    score_sent_at: Mapped[datetime | None]
    #: The score being sent and its timestamp, written before it leaves: after a crash the same message goes again.
    sending: Mapped[Fraction | None]
    sending_at: Mapped[datetime | None]
    #: Whether that score says the activity is complete.
    sending_complete: Mapped[bool] = mapped_column(default=False)
    #: Whether the score sent was of a completed activity: it is never taken back.
    completed_sent: Mapped[bool] = mapped_column(default=False)
    #: The result the gradebook showed, between 0 and 1, at the last comparison; a trainer may have changed it.
    result_seen: Mapped[Fraction | None]
    result_seen_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    resource_link: Mapped[ResourceLink] = relationship()
