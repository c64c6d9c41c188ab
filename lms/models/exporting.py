"""Exports kept to be asked again, and each file that was made: what was asked, how far it is, where it went."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow

SCHEDULES = ("none", "daily", "weekly", "monthly")
#: Where files go: kept for their owner to download, put in the institution's folder, or sent by SFTP.
PLACES = ("download", "folder", "sftp")
RUN_STATES = ("waiting", "running", "delivering", "done", "failed", "cancelled", "expired")


class SavedExport(Base):
    """An export with a name, of the part of the organisation that its owner sees when it is made."""

    __tablename__ = "saved_export"
    __table_args__ = (
        CheckConstraint("schedule in ('none', 'daily', 'weekly', 'monthly')", name="schedule_known"),
        CheckConstraint("place in ('download', 'folder', 'sftp')", name="place_known"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    report: Mapped[str] = mapped_column(String(50))
    format: Mapped[str] = mapped_column(String(20))
    #: The filters as typed.
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str] = mapped_column(String(5))
    #: What it is for: a key of ``lms.services.purposes.PURPOSES``.
    purpose: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(10), default="download")
    schedule: Mapped[str] = mapped_column(String(10), default="none")
    #: When it is next made by itself.
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ExportRun(Base):
    """One file made, or to be made, for somebody; the journal keeps that they asked for it."""

    __tablename__ = "export_run"
    __table_args__ = (
        Index(None, "person_id", "asked_at"),
        CheckConstraint(
            "state in ('waiting', 'running', 'delivering', 'done', 'failed', 'cancelled', 'expired')",
            name="state_known",
        ),
        CheckConstraint("place in ('download', 'folder', 'sftp')", name="place_known"),
    )

    id: Mapped[Id]
    saved_id: Mapped[int | None] = mapped_column(ForeignKey("saved_export.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    report: Mapped[str] = mapped_column(String(50))
    format: Mapped[str] = mapped_column(String(20))
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str] = mapped_column(String(5))
    purpose: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(10), default="download")
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    #: Rows written so far.
    rows: Mapped[int] = mapped_column(default=0)
    #: What its owner saw when it was made: ``paths`` and ``platform_id`` of their scope.
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Name of the file in the folder of exports, none before it is whole; its bytes and their SHA-256, hexadecimal.
    file: Mapped[str | None] = mapped_column(String(100))
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    #: The name it bears where it was delivered.
    delivered_as: Mapped[str | None] = mapped_column(String(200))
    #: Why it failed or waits: a message to translate, without personal data.
    error: Mapped[str | None] = mapped_column(String(300))
    #: Until when the file is kept here.
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
