"""The training budget: lines and years in commitments (AE) and payments (CP), what they are compared with, costs.

Money is integer cents. AE (autorisations d'engagement) and CP (crédits de paiement) are never mixed.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.organisation import Unit

COST_KINDS = ("session", "fixed", "per_head", "trainer", "licence")


class BudgetLine(Base):
    """A line of the budget: programme, BOP, UO; of a unit, or of the whole institution."""

    __tablename__ = "budget_line"

    id: Mapped[Id]
    #: « programme/BOP/UO », whatever parts there are.
    code: Mapped[str] = mapped_column(String(200), unique=True)
    programme: Mapped[str] = mapped_column(String(60), default="")
    bop: Mapped[str] = mapped_column(String(60), default="")
    uo: Mapped[str] = mapped_column(String(60), default="")
    label: Mapped[str] = mapped_column(String(300), default="")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)

    unit: Mapped[Unit | None] = relationship()


class BudgetYear(Base):
    """The amounts of a line in a fiscal year (exercice), as known from ``since`` until ``until`` (None: still)."""

    __tablename__ = "budget_year"
    __table_args__ = (
        Index("uq_budget_year_open", "line_id", "year", unique=True, sqlite_where=text("until is null"),
              postgresql_where=text("until is null")),
        Index(None, "year", "until"),
    )  # fmt: skip

    id: Mapped[Id]
    line_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id", ondelete="CASCADE"))
    year: Mapped[int]
    since: Mapped[datetime] = mapped_column(default=utcnow)
    until: Mapped[datetime | None]
    ae_opened: Mapped[int] = mapped_column(BigInteger, default=0)
    ae_committed: Mapped[int] = mapped_column(BigInteger, default=0)
    cp_opened: Mapped[int] = mapped_column(BigInteger, default=0)
    cp_paid: Mapped[int] = mapped_column(BigInteger, default=0)
    #: The part of the commitments and of the payments that trains to AI.
    ai_ae: Mapped[int] = mapped_column(BigInteger, default=0)
    ai_cp: Mapped[int] = mapped_column(BigInteger, default=0)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"), index=True)

    line: Mapped[BudgetLine] = relationship()


class Baseline(Base):
    """What years are compared with, for a unit or the whole: B₀, IA₀, the path. One person proposes, another approves.

    ``custom`` gives the target of each year in cents, by year as text, where the path is ``custom``.
    """

    __tablename__ = "baseline"
    __table_args__ = (
        CheckConstraint("path in ('linear', 'geometric', 'custom')", name="path_known"),
        CheckConstraint("state in ('proposed', 'approved', 'refused', 'superseded')", name="state_known"),
        CheckConstraint("decided_by is null or decided_by <> proposed_by", name="four_eyes"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    #: Year 0: the target is twice its budget, three years later.
    reference_year: Mapped[int]
    base: Mapped[int] = mapped_column(BigInteger)
    ai_base: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(String(10), default="linear")
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    proposed_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(2000), default="")

    unit: Mapped[Unit | None] = relationship()


class Cost(Base):
    """What something cost, in a fiscal year: attached to a track, a course (session) or a budget line.

    ``amount`` in cents is of one unit of its kind: the whole (session, fixed), a learner (per_head), an hour (trainer),
    a seat (licence), ``quantity`` times. One that was wrong is closed, and kept.
    """

    __tablename__ = "cost"
    __table_args__ = (
        CheckConstraint("kind in ('session', 'fixed', 'per_head', 'trainer', 'licence')", name="kind_known"),
        CheckConstraint("amount >= 0 and quantity >= 0", name="not_negative"),
        Index(None, "year", "track_key"),
    )

    id: Mapped[Id]
    #: The fiscal year of the enrolments it is shared among.
    year: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    label: Mapped[str] = mapped_column(String(300), default="")
    amount: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(default=1)
    track_key: Mapped[str | None] = mapped_column(String(100))
    context_id: Mapped[int | None] = mapped_column(ForeignKey("context.id", ondelete="SET NULL"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("budget_line.id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Since when it no longer counts.
    until: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
