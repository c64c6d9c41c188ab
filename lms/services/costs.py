"""What training cost, as HR enters it: attached to a track, a course or a budget line; closed when it was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from lms.models import BudgetLine, Cost, utcnow
from lms.services.audit import record
from lms.services.budgets import MOST, YEARS, lines_in
from lms.services.organisation import Scope

CostKind = Literal["session", "fixed", "per_head", "trainer", "licence"]
#: Kinds whose amount is of one hour or one seat: how many is asked.
COUNTED: frozenset[str] = frozenset({"trainer", "licence"})
MOST_UNITS = 1_000_000


class CostRefused(Exception):
    """What was asked cannot be done. ``reason``: ``amount``, ``quantity``, ``year``, ``nothing`` it is attached to."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class NewCost:
    """A cost as entered: ``amount`` in cents of the whole, a learner, an hour or a seat, ``quantity`` times."""

    year: int
    kind: CostKind
    label: str
    amount: int
    quantity: int = 1
    track_key: str | None = None
    context_id: int | None = None
    line_id: int | None = None


def enter(session: Session, new: NewCost, person_id: int | None = None) -> Cost:
    """Keep a cost. Raises ``CostRefused``."""
    if new.year not in YEARS:
        raise CostRefused("year")
    if new.track_key is None and new.context_id is None and new.line_id is None:
        raise CostRefused("nothing")
    quantity = new.quantity if new.kind in COUNTED else 1
    if not 1 <= quantity <= MOST_UNITS:
        raise CostRefused("quantity")
    if not new.amount > 0 or new.amount * quantity > MOST:
        raise CostRefused("amount")
    cost = Cost(
        year=new.year, kind=new.kind, label=new.label.strip(), amount=new.amount, quantity=quantity,
        track_key=new.track_key, context_id=new.context_id, line_id=new.line_id, created_by=person_id,
    )  # fmt: skip
    session.add(cost)
    session.flush()
    record(
        session, "hr.cost", f"cost:{cost.id}", person_id, year=new.year, kind=new.kind, amount=new.amount,
        quantity=quantity,
    )  # fmt: skip
    return cost


def close(session: Session, cost: Cost, person_id: int | None = None) -> None:
    """Make a cost count no longer; what was known of it stays known. Twice is once."""
    if cost.until is None:
        cost.until, cost.closed_by = utcnow(), person_id
        session.flush()
        record(session, "hr.cost_closed", f"cost:{cost.id}", person_id)


def costs(
    session: Session, scope: Scope, year: int | None = None, *, at: datetime | None = None
) -> Sequence[Cost]:  # fmt: skip
    """The costs that scope sees, of one year or of all, as known now or at that date, the last first."""
    query = select(Cost).outerjoin(BudgetLine, BudgetLine.id == Cost.line_id).where(counted(at), seen_by(scope))
    if year is not None:
        query = query.where(Cost.year == year)
    return session.scalars(query.order_by(Cost.year.desc(), Cost.id.desc())).all()


def counted(at: datetime | None) -> ColumnElement[bool]:
    """Whether a ``Cost`` counts now, or did at that date."""
    if at is None:
        return Cost.until.is_(None)
    return (Cost.created_at <= at) & or_(Cost.until.is_(None), Cost.until > at)


def seen_by(scope: Scope) -> ColumnElement[bool]:
    """Whether HR of that part sees a ``Cost`` joined to its line: of its lines, or with the whole institution, any."""
    return true() if scope.whole else Cost.line_id.is_not(None) & lines_in(scope)
