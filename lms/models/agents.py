"""Civil servants as HR declares them, and what was imported when."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow

BRANCHES = ("FPE", "FPT", "FPH")
CATEGORIES = ("A", "B", "C", "contractuel", "non renseigné")


class Agent(Base):
    """A civil servant (agent public) of the declared population; matched to people on ``number``."""

    __tablename__ = "agent"
    __table_args__ = (CheckConstraint("branch in ('FPE', 'FPT', 'FPH')", name="branch_known"),)

    id: Mapped[Id]
    #: Identifiant agent: unique, and what an LMS sends as ``lis.person_sourcedid``.
    number: Mapped[str] = mapped_column(String(100), unique=True)
    family_name: Mapped[str] = mapped_column(String(200))
    given_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    branch: Mapped[str] = mapped_column(String(3))
    ministry: Mapped[str] = mapped_column(String(300), default="")
    directorate: Mapped[str] = mapped_column(String(300), default="")
    service: Mapped[str] = mapped_column(String(300), default="")
    #: SIRET of the employer: 14 digits as text, leading zeros kept.
    siret: Mapped[str | None] = mapped_column(String(14))
    category: Mapped[str] = mapped_column(String(20), default="non renseigné")
    corps: Mapped[str] = mapped_column(String(200), default="")
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class ImportRun(Base):
    """One HR file taken in: who, when, and what became of its rows."""

    __tablename__ = "import_run"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(20))
    #: SHA-256 of the file, hexadecimal.
    file_sha256: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class AuditEntry(Base):
    """A line of the journal: who did what to which thing, when, and why; never the content itself."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(50))
    target: Mapped[str] = mapped_column(String(200), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
