"""The organisation as it was at each time: a tree of any depth, agents in it, and which part of it HR may see.

Nothing here is rewritten: what changes closes a state and opens another, so that a figure of last December stays what
it was. Only undoing an import takes its states away.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow

#: Kinds of units; files may use any order and skip some.
UNIT_KINDS = ("branch", "ministry", "operator", "authority", "hospital", "directorate", "service", "other")


class Unit(Base):
    """A place in the organisation, as it is now; its past is in its states."""

    __tablename__ = "unit"
    __table_args__ = (Index(None, "path"),)

    id: Mapped[Id]
    #: What HR files call it, whatever its name becomes.
    code: Mapped[str] = mapped_column(String(200), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    #: The numbers of its ancestors and its own, each followed by a dot: « 1.12.40. »; a subtree is a prefix.
    path: Mapped[str] = mapped_column(String(500), default="")
    kind: Mapped[str] = mapped_column(String(20), default="other")
    name: Mapped[str] = mapped_column(String(300))
    #: SIRET: 14 digits as text, leading zeros kept.
    siret: Mapped[str | None] = mapped_column(String(14))
    #: Since when it is no longer there; agents and figures of before keep it.
    closed_at: Mapped[datetime | None]

    parent: Mapped["Unit | None"] = relationship(remote_side="Unit.id")


class UnitState(Base):
    """What a unit was from ``since`` until ``until`` (None: still)."""

    __tablename__ = "unit_state"
    __table_args__ = (
        Index(None, "unit_id", "since"),
        Index("uq_unit_state_open", "unit_id", unique=True, sqlite_where=text("until is null"),
              postgresql_where=text("until is null")),
    )  # fmt: skip

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="CASCADE"))
    since: Mapped[datetime] = mapped_column(default=utcnow)
    until: Mapped[datetime | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(300))
    siret: Mapped[str | None] = mapped_column(String(14))
    #: The import that opened it, and the one that closed it.
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)


class AgentState(Base):
    """Where an agent was and what counts of them, from ``since`` until ``until`` (None: still).

    ``population``: one of the declared population P. An agent who left has no open state.
    """

    __tablename__ = "agent_state"
    __table_args__ = (
        Index(None, "agent_id", "since"),
        Index("uq_agent_state_open", "agent_id", unique=True, sqlite_where=text("until is null"),
              postgresql_where=text("until is null")),
        Index(None, "unit_id", "until"),
    )  # fmt: skip

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"))
    since: Mapped[datetime] = mapped_column(default=utcnow)
    until: Mapped[datetime | None]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    branch: Mapped[str] = mapped_column(String(3))
    category: Mapped[str] = mapped_column(String(20))
    corps: Mapped[str] = mapped_column(String(200), default="")
    population: Mapped[bool] = mapped_column(default=True)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)


class HrScope(Base):
    """The part of the organisation that somebody with the HR role sees: a unit and all under it."""

    __tablename__ = "hr_scope"
    __table_args__ = (UniqueConstraint("person_id", "unit_id"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)

    unit: Mapped[Unit] = relationship()


class AgentMatch(Base):
    """That a person of a platform is an agent, or may be: nobody is merged in silence.

    ``sure`` by a key the settings believe; ``doubtful`` waits for HR; ``confirmed`` or ``refused`` by somebody.
    """

    __tablename__ = "agent_match"
    __table_args__ = (
        UniqueConstraint("person_id", "agent_id"),
        CheckConstraint("state in ('sure', 'doubtful', 'confirmed', 'refused')", name="state_known"),
        # Of one person, one agent at most; of one agent, one person a platform (kept by the service).
        Index("uq_agent_match_held", "person_id", unique=True,
              sqlite_where=text("state in ('sure', 'confirmed')"),
              postgresql_where=text("state in ('sure', 'confirmed')")),
        # Pages of those in a state: the last decision first, the doubts by person.
        Index("ix_agent_match_decided", "state", "decided_at", "id", sqlite_where=text("state <> 'doubtful'"),
              postgresql_where=text("state <> 'doubtful'")),
        Index("ix_agent_match_doubtful", "person_id", "id", sqlite_where=text("state = 'doubtful'"),
              postgresql_where=text("state = 'doubtful'")),
    )  # fmt: skip

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    #: What they have in common: number, email, name…
    by: Mapped[str] = mapped_column(String(20))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime] = mapped_column(default=utcnow)
