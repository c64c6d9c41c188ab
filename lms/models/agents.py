"""Civil servants as HR declares them, the population of the indicators, and what was imported when."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow

BRANCHES = ("FPE", "FPT", "FPH")
CATEGORIES = ("A", "B", "C", "contractuel", "non renseigné")


class Agent(Base):
    """A civil servant (agent public), as HR declares them now; their past is in their states (``AgentState``)."""

    __tablename__ = "agent"
    __table_args__ = (
        CheckConstraint("branch in ('FPE', 'FPT', 'FPH')", name="branch_known"),
        # Which ministries there are, and whether one has agents in a unit, without reading agents.
        Index(None, "ministry", "unit_id"),
        # Lists by name, a page at a time.
        Index(None, "family_name", "given_name", "id"),
        Index("ix_agent_left", "left_at", sqlite_where=text("left_at is not null"),
              postgresql_where=text("left_at is not null")),
        # Which corps there are.
        Index("ix_agent_corps_here", "corps", sqlite_where=text("left_at is null"),
              postgresql_where=text("left_at is null")),
    )  # fmt: skip

    id: Mapped[Id]
    #: Identifiant agent: unique, and what an LMS sends as ``lis.person_sourcedid``.
    number: Mapped[str] = mapped_column(String(100), unique=True)
    family_name: Mapped[str] = mapped_column(String(200))
    given_name: Mapped[str] = mapped_column(String(200))
    #: Small letters, as files are read.
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    branch: Mapped[str] = mapped_column(String(3))
    ministry: Mapped[str] = mapped_column(String(300), default="")
    directorate: Mapped[str] = mapped_column(String(300), default="")
    service: Mapped[str] = mapped_column(String(300), default="")
    #: SIRET of the employer: 14 digits as text, leading zeros kept.
    siret: Mapped[str | None] = mapped_column(String(14))
    category: Mapped[str] = mapped_column(String(20), default="non renseigné")
    corps: Mapped[str] = mapped_column(String(200), default="")
    #: Where they are in the organisation; the texts above name what leads there.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    #: Whether they are of the declared population P.
    population: Mapped[bool] = mapped_column(default=True, server_default="1")
    #: Whether HR's file leaves them out of it, whatever the rule.
    left_out: Mapped[bool] = mapped_column(default=False, server_default="0")
    #: Since when they are no longer there; what they followed stays.
    left_at: Mapped[datetime | None]
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class ImportSource(Base):
    """Where files come from, and how their columns are read: heading as the file has it → field, or None to pass by."""

    __tablename__ = "import_source"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[Id]
    #: ``agents``, ``units`` or ``budget``.
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    columns: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow, onupdate=utcnow)


class ImportRun(Base):
    """One HR file taken in: who, when, and what became of its rows.

    The last one of its kind can be undone, until what undoing needs is no longer kept (``settled_at``).
    """

    __tablename__ = "import_run"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(20))
    #: SHA-256 of the file, hexadecimal.
    file_sha256: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("import_source.id", ondelete="SET NULL"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    undone_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class ImportChange(Base):
    """What a run changed beside states: the values of a row before it (empty: it made the row), to undo it."""

    __tablename__ = "import_change"

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), index=True)
    #: ``agent``, ``unit`` or ``budget_line``, and its number.
    table_name: Mapped[str] = mapped_column(String(30))
    row_id: Mapped[int]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Population(Base):
    """The population P as declared: by which rule, in which words, since when; the last one holds.

    ``rule`` narrows the agents who are there: ``units`` (codes, with all under them), ``categories``, ``branches``,
    ``corps``, each a list; an absent one narrows nothing. Agents whose file says so are left out whatever the rule.
    """

    __tablename__ = "population"

    id: Mapped[Id]
    declared_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)
    words: Mapped[str] = mapped_column(String(2000), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class AuditEntry(Base):
    """A line of the journal: who did what to which thing, when, and why; never the content itself."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(50))
    target: Mapped[str] = mapped_column(String(200), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
