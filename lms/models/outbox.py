"""Work promised in the transaction that made it necessary, and the workers that do it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow


class OutboxJob(Base):
    """One thing to bring about, once per (kind, key).

    Asked again while under way, ``version`` grows and it runs again. ``pending`` waits for ``due_at``;
    ``done`` happened; ``failed`` gave up and waits for an administrator.
    """

    __tablename__ = "outbox_job"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index(None, "status", "due_at"),
        Index(None, "platform_id", "status"),
        # What a purge is to take: made before a date.
        Index("ix_outbox_job_made", "finished_at", "id", sqlite_where=text("status = 'done'"),
              postgresql_where=text("status = 'done'")),
        # Pages of what is not delivered, and why: a few among all that was.
        Index("ix_outbox_job_undone", "status", "created_at", "id", sqlite_where=text("status <> 'done'"),
              postgresql_where=text("status <> 'done'")),
        Index("ix_outbox_job_cause", "cause", "created_at", "id", sqlite_where=text("cause is not null"),
              postgresql_where=text("cause is not null")),
        CheckConstraint("status in ('pending', 'done', 'failed')", name="status_known"),
    )  # fmt: skip

    id: Mapped[Id]
    #: Name of the plug-in in ``lms.jobs`` that does it.
    kind: Mapped[str] = mapped_column(String(50))
    key: Mapped[str] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The platform it speaks to, so that one that does not answer holds back its own deliveries alone.
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("platform.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(10), default="pending")
    version: Mapped[int] = mapped_column(default=1)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Until then a worker has it; past that, another may take it.
    leased_until: Mapped[datetime | None]
    #: What went wrong the last time, in words without personal data.
    last_error: Mapped[str | None] = mapped_column(String(500))
    #: The same as a short key, to find those that need the same remedy.
    cause: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    #: The request that asked for it last (``lms.request_ids``); none for what comes round.
    request_id: Mapped[str | None] = mapped_column(String(64))


class WorkerSign(Base):
    """The last sign of life of a worker, by the name it gave itself at its start."""

    __tablename__ = "worker_sign"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    #: When it ended because it was asked to; none for one that was killed.
    ended_at: Mapped[datetime | None]


class JobTally(Base):
    """How many jobs of a kind ended in a way (``performing.became``), by how long they took; all workers."""

    __tablename__ = "job_tally"

    kind: Mapped[str] = mapped_column(String(50), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10), primary_key=True)
    #: Place in ``lms.services.workers.BUCKETS`` of the first bound they did not exceed; one more when they did all.
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    jobs: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
