"""A small organisation with its budget, for the tests of it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.models import BudgetLine, HrScope, Person, Unit, UnitState, utcnow
from lms.services import baselines, budgets
from lms.services.baselines import Reference
from lms.services.budgets import Amounts
from lms.services.indicators import AE, CP

#: FIELD.md's worked example: years 0 and 1.
YEAR_0 = Amounts(
    ae_opened=AE(10_000_000_00), ae_committed=AE(9_000_000_00), cp_opened=CP(10_000_000_00), ai_ae=AE(200_000_00)
)
YEAR_1 = Amounts(
    AE(13_000_000_00), AE(12_500_000_00), CP(13_000_000_00), CP(11_000_000_00), AE(2_900_000_00), CP(2_320_000_00)
)  # fmt: skip


def unit(session: Session, code: str, parent: Unit | None = None, since: datetime | None = None) -> Unit:
    """A unit with its state since then, or now."""
    row = Unit(code=code, name=f"Unit {code}", kind="other", parent=parent)
    session.add(row)
    session.flush()
    row.path = f"{parent.path if parent else ''}{row.id}."
    state = {"parent_id": row.parent_id, "kind": row.kind, "name": row.name}
    session.add(UnitState(unit_id=row.id, since=since or utcnow(), **state))
    session.flush()
    return row


def officer(session: Session, name: str, *units: Unit) -> Person:
    """Somebody of the institution; those of no unit see it all."""
    row = Person(subject=name, email=f"{name}@example.org", full_name=name)
    session.add(row)
    session.flush()
    session.add_all(HrScope(person_id=row.id, unit_id=unit.id) for unit in units)
    session.flush()
    return row


def line(session: Session, code: str, unit: Unit | None = None, **years: Amounts) -> BudgetLine:
    """A line « programme/BOP » and its years: ``y2026=…``."""
    programme, _slash, bop = code.partition("/")
    row = budgets.make_line(session, programme, bop, "", f"Line {code}", unit)
    for year, amounts in years.items():
        budgets.enter(session, row, int(year[1:]), amounts)
    return row


def approved(session: Session, unit: Unit | None = None, **more: Any) -> Any:
    """The worked example's baseline of 2026, proposed by one and approved by another."""
    values: dict[str, Any] = {"path": "linear", "reason": "Loi de finances", **more}
    reason = values.pop("reason")
    new = Reference(values.pop("year", 2026), AE(10_000_000_00), AE(200_000_00), **values)
    number = session.query(Person).count()
    found = baselines.propose(session, officer(session, f"proposes{number}"), unit, new, reason)
    baselines.decide(session, officer(session, f"approves{number}"), found, "D’accord", approve=True)
    return found
