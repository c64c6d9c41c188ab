"""The budget as dashboards need it: sums of the years of lines, over a unit and all under it, as known at a time.

Commitments (AE) and payments (CP) stay apart: each is an amount of its own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.models import Baseline, BudgetLine, BudgetYear
from lms.services.figure_facts import WHOLE, ancestors
from lms.services.indicators import AE, CP


class Money(NamedTuple):
    """The budget of a year, in cents."""

    ae_opened: AE = AE(0)
    ae_committed: AE = AE(0)
    cp_opened: CP = CP(0)
    cp_paid: CP = CP(0)
    ai_ae: AE = AE(0)
    ai_cp: CP = CP(0)

    def plus(self, other: "Money") -> "Money":
        """Both together, amount by amount."""
        return Money(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))  # type: ignore[arg-type]


class Reference(NamedTuple):
    """What the years of a unit are compared with: year 0, B₀, IA₀, the path and its targets where they are chosen."""

    year: int
    base: AE
    ai_base: AE
    path: str
    custom: Mapping[str, Any]


#: Unit → year → its budget, all under it included; ``WHOLE`` has lines of no unit too.
Budgets = dict[int, dict[int, Money]]


def budgets(session: Session, paths: Mapping[int, str], at: datetime | None = None) -> Budgets:
    """Every budget known now, or at that moment; one query. ``paths`` says what is under what."""
    query = select(
        BudgetLine.unit_id, BudgetYear.year, BudgetYear.ae_opened, BudgetYear.ae_committed, BudgetYear.cp_opened,
        BudgetYear.cp_paid, BudgetYear.ai_ae, BudgetYear.ai_cp,
    ).join(BudgetYear.line)  # fmt: skip
    if at is None:
        query = query.where(BudgetYear.until.is_(None))
    else:
        query = query.where(BudgetYear.since <= at, or_(BudgetYear.until.is_(None), BudgetYear.until > at))
    found: Budgets = {}
    for row in session.execute(query):
        money = Money(AE(row.ae_opened), AE(row.ae_committed), CP(row.cp_opened), CP(row.cp_paid), AE(row.ai_ae),
                      CP(row.ai_cp))  # fmt: skip
        for above in ancestors(paths.get(row.unit_id or WHOLE, "")):
            years = found.setdefault(above, {})
            years[row.year] = years.get(row.year, Money()).plus(money)
    return found


def references(session: Session, at: datetime | None = None) -> dict[int, Reference]:
    """The approved baseline of each unit now, or at that moment; the one of the whole institution is ``WHOLE``'s."""
    query = select(Baseline)
    if at is None:
        query = query.where(Baseline.state == "approved")
    else:  # superseded since, it held then
        query = query.where(Baseline.state.in_(("approved", "superseded")), Baseline.decided_at <= at)
    rows = session.scalars(query.order_by(Baseline.decided_at, Baseline.id))
    return {
        row.unit_id or WHOLE: Reference(row.reference_year, AE(row.base), AE(row.ai_base), row.path, row.custom)
        for row in rows
    }


def as_kept(found: Budgets, compared: Mapping[int, Reference]) -> dict[str, Any]:
    """Budgets and baselines as a closing keeps them."""
    return {
        "budgets": {str(unit): {str(year): list(money) for year, money in years.items()}
                    for unit, years in found.items()},
        "references": {str(unit): list(reference) for unit, reference in compared.items()},
    }  # fmt: skip


def from_kept(kept: Mapping[str, Any]) -> tuple[Budgets, dict[int, Reference]]:
    """What ``as_kept`` gave, read again."""
    found = {
        int(unit): {int(year): Money(*money) for year, money in years.items()}
        for unit, years in kept.get("budgets", {}).items()
    }
    return found, {int(unit): Reference(*values) for unit, values in kept.get("references", {}).items()}
