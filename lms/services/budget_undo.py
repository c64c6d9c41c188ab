"""Undoing the last file of the budget, as long as nothing rests on it."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.models import BudgetLine, BudgetYear, Cost, ImportChange, ImportRun, utcnow
from lms.services import counted_days
from lms.services.audit import record
from lms.services.budget_imports import batches
from lms.services.budgets import hold
from lms.services.imports import last_run
from lms.services.organisation import Scope


class UndoRefused(Exception):
    """The import stays. ``reason``: ``none`` to undo · ``scope`` · ``since``: what it brought was changed since ·
    ``rests``: a line it made is used by something else."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def undo_last(session: Session, scope: Scope, person_id: int | None = None) -> ImportRun:
    """Make everything as it was before the last import. Raises ``UndoRefused`` when something rests on it."""
    hold(session)
    run = last_run(session, "budget")
    if run is None:
        raise UndoRefused("none")
    if not scope.whole and (person_id is None or run.person_id != person_id):
        raise UndoRefused("scope")
    ours = BudgetYear.import_id == run.id
    if session.scalar(select(BudgetYear.id).where(ours, BudgetYear.until.is_not(None)).limit(1)):
        raise UndoRefused("since")
    changes = session.scalars(
        select(ImportChange).where(ImportChange.run_id == run.id).order_by(ImportChange.id.desc())
    ).all()
    made = [change.row_id for change in changes if not change.before]
    for some in batches(made):
        others = select(BudgetYear.id).where(
            BudgetYear.line_id.in_(some), BudgetYear.import_id.is_distinct_from(run.id)
        )
        costs = select(Cost.id).where(Cost.line_id.in_(some))
        if session.scalar(others.limit(1)) or session.scalar(costs.limit(1)):
            raise UndoRefused("rests")
    session.execute(delete(BudgetYear).where(ours))
    session.execute(update(BudgetYear).where(BudgetYear.closed_by == run.id).values(until=None, closed_by=None))
    for some in batches(made):
        session.execute(delete(BudgetLine).where(BudgetLine.id.in_(some)))
    for change in changes:
        if change.before:
            session.execute(update(BudgetLine).where(BudgetLine.id == change.row_id).values(**change.before))
    run.undone_at = utcnow()
    session.flush()
    counted_days.forget(session)
    session.expire_all()
    record(session, "hr.undo_budget", f"import_run:{run.id}", person_id)
    return run
