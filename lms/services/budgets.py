"""The budget by line and year, entered or changed.

Nothing is rewritten: a year that changes is closed and another is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text, true
from sqlalchemy.orm import Session

from lms.models import BudgetLine, BudgetYear, Unit, utcnow
from lms.services.audit import record
from lms.services.indicators import AE, CP
from lms.services.organisation import Scope

#: No amount of a line is larger: a thousand billion euros.
MOST = 10**14
YEARS = range(2000, 2101)
_LOCK = 7250140

_NO_AE, _NO_CP = AE(0), CP(0)


class BudgetRefused(Exception):
    """What was asked of the budget cannot be done. ``reason`` is a stable key.

    ``amount`` negative or too large · ``year`` outside of ``YEARS`` · ``part`` of AI larger than the whole ·
    ``code`` of another line, or empty.
    """

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(f"{reason} {field}".strip())
        self.reason, self.field = reason, field


@dataclass(frozen=True)
class Amounts:
    """What a year holds, in cents: commitments (AE) and payments (CP), and what of them trains to AI."""

    ae_opened: AE = _NO_AE
    ae_committed: AE = _NO_AE
    cp_opened: CP = _NO_CP
    cp_paid: CP = _NO_CP
    ai_ae: AE = _NO_AE
    ai_cp: CP = _NO_CP

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))

    @classmethod
    def of(cls, row: Any) -> "Amounts":
        """Those of a row that has columns of these names; a database's sum may be a decimal."""
        values: dict[str, Any] = {name: int(getattr(row, name) or 0) for name in AMOUNTS}
        return cls(**values)


AMOUNTS = tuple(field.name for field in fields(Amounts))


def line_code(programme: str, bop: str, uo: str) -> str:
    """What a line is called: « programme/BOP/UO », whatever parts there are."""
    return "/".join(part for part in (programme, bop, uo) if part)


def check(year: int, amounts: Amounts) -> None:
    """Raise ``BudgetRefused`` for what no budget holds."""
    if year not in YEARS:
        raise BudgetRefused("year")
    for name in AMOUNTS:
        if not 0 <= getattr(amounts, name) <= MOST:
            raise BudgetRefused("amount", name)
    if amounts.ai_ae > max(amounts.ae_opened, amounts.ae_committed):
        raise BudgetRefused("part", "ai_ae")
    if amounts.ai_cp > max(amounts.cp_opened, amounts.cp_paid):
        raise BudgetRefused("part", "ai_cp")


def make_line(
    session: Session, programme: str, bop: str, uo: str, label: str, unit: Unit | None, person_id: int | None = None
) -> BudgetLine:
    """A new line, of a unit or of the whole institution. Raises ``BudgetRefused`` (``code``)."""
    hold(session)
    code = line_code(programme, bop, uo)
    if not code or session.scalar(select(BudgetLine.id).where(BudgetLine.code == code)):
        raise BudgetRefused("code")
    line = BudgetLine(code=code, programme=programme, bop=bop, uo=uo, label=label, unit=unit)
    session.add(line)
    session.flush()
    record(session, "hr.budget_line", f"budget_line:{line.id}", person_id, code=code)
    return line


def enter(
    session: Session,
    line: BudgetLine,
    year: int,
    amounts: Amounts,
    *,
    person_id: int | None = None,
    run_id: int | None = None,
) -> bool:
    """Say what a year of a line holds from now on; False when it said so already. Raises ``BudgetRefused``.

    Two people who enter the same year wait for each other: the last one stands, the other is history.
    """
    check(year, amounts)
    hold(session)
    current = session.scalar(
        select(BudgetYear).where(BudgetYear.line_id == line.id, BudgetYear.year == year, BudgetYear.until.is_(None))
    )
    if current is not None and Amounts.of(current) == amounts:
        return False
    now = utcnow()
    if current is not None:
        current.until, current.closed_by = now, run_id
        session.flush()  # an open row makes room before another comes
    values = {name: getattr(amounts, name) for name in AMOUNTS}
    session.add(BudgetYear(line_id=line.id, year=year, since=now, import_id=run_id, **values))
    session.flush()
    if run_id is None:
        record(session, "hr.budget_year", f"budget_line:{line.id}", person_id, year=year, **values)
    return True


def hold(session: Session) -> None:
    """From now to the end of the transaction nobody else writes in the budget: SQLite has one writer anyway."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))


def history(session: Session, line_id: int, year: int) -> Sequence[BudgetYear]:
    """What a year of a line was said to hold, the last first."""
    query = select(BudgetYear).where(BudgetYear.line_id == line_id, BudgetYear.year == year)
    return session.scalars(query.order_by(BudgetYear.since.desc(), BudgetYear.id.desc())).all()


def lines_in(scope: Scope) -> ColumnElement[bool]:
    """Whether HR of that part of the organisation sees a ``BudgetLine``: lines of the whole are for the whole alone."""
    if scope.whole:
        return true()
    seen = select(Unit.id).where(or_(*(Unit.path.startswith(path, autoescape=True) for path in scope.paths or ())))
    return BudgetLine.unit_id.in_(seen if scope.paths else seen.where(Unit.id.is_(None)))
