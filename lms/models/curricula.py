"""Revisions of tracks, as they were published."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow


class TrackRevision(Base):
    """A published revision of a track: never changed, and kept for as long as somebody learned from it."""

    __tablename__ = "track_revision"
    __table_args__ = (UniqueConstraint("track_key", "digest"), Index(None, "track_key", "published_at"))

    id: Mapped[Id]
    track_key: Mapped[str] = mapped_column(String(100))
    #: The name its authors gave it: « 2026.1 ».
    version: Mapped[str] = mapped_column(String(50))
    #: SHA-256 of its folder, hexadecimal: names exactly what is taught.
    digest: Mapped[str] = mapped_column(String(64))
    #: Its folder (``curricula.folder``), packed.
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    #: « shipped » with a release, « imported » as a folder, or « written » in the studio.
    origin: Mapped[str] = mapped_column(String(10))
    #: What its publisher says changed.
    note: Mapped[str] = mapped_column(String(2000), default="")
    published_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: None for what came with a release or by the command line.
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
