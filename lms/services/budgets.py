"""The budget by line and year: entered or changed, added up, as it is known now or was known at a date.

Nothing is rewritten: a year that changes is closed and another is opened. Totals follow the tree of the organisation as
it stood at the date that is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select, text, true
from sqlalchemy.orm import Session

from lms.models import BudgetLine, BudgetYear, Unit, UnitState, utcnow
from lms.services.audit import record
from lms.services.indicators import AE, CP
from lms.services.organisation import Scope

#: No amount of a line is larger: a thousand billion euros.
MOST = 10**14
YEARS = range(2000, 2101)
_LOCK = 7250140

#: What a total may be cut by. ``unit``: the units right under the one that is asked for, each with all under it.
Cut = Literal["line", "programme", "bop", "uo", "unit"]


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
        return Amounts(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

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


def known_at(at: datetime | None) -> ColumnElement[bool]:
    """Whether a ``BudgetYear`` is what was known at that date; None is now."""
    if at is None:
        return BudgetYear.until.is_(None)
    return (BudgetYear.since <= at) & or_(BudgetYear.until.is_(None), BudgetYear.until > at)


def by_year(
    session: Session, unit: Unit | None = None, at: datetime | None = None, years: Iterable[int] | None = None
) -> dict[int, Amounts]:
    """Year → the total of a unit with all under it, None for the whole institution; years nothing is known of lack."""
    query = select(BudgetYear.year, *_sums()).join(BudgetYear.line).where(known_at(at), lines_of(unit, at))
    if years is not None:
        query = query.where(BudgetYear.year.in_(list(years)))
    return {row.year: Amounts.of(row) for row in session.execute(query.group_by(BudgetYear.year))}


def totals(session: Session, year: int, unit: Unit | None = None, at: datetime | None = None) -> Amounts:
    """The total of a unit with all under it in a year; nothing known is nothing."""
    return by_year(session, unit, at, [year]).get(year, Amounts())


def parts(
    session: Session, year: int, cut: Cut, unit: Unit | None = None, at: datetime | None = None
) -> list[tuple[str | None, Amounts]]:
    """The same total in parts, by name; they add up to it.

    A part is named by the code of its line or unit, or by its programme; None are the unit's own lines, or those of
    the whole institution.
    """
    query = select(BudgetYear).join(BudgetYear.line).where(BudgetYear.year == year, known_at(at), lines_of(unit, at))
    name: Any
    if cut == "unit":
        below = _below(unit, at)
        top = select(Unit.id, Unit.code).subquery()
        query = query.outerjoin(below, below.c.unit_id == BudgetLine.unit_id)
        query = query.outerjoin(top, top.c.id == below.c.top_id)
        name = top.c.code
    else:
        name = {
            "line": BudgetLine.code, "programme": BudgetLine.programme, "bop": BudgetLine.bop, "uo": BudgetLine.uo
        }[cut]  # fmt: skip
    grouped = query.with_only_columns(name.label("name"), *_sums()).group_by(name)
    found = [(row.name, Amounts.of(row)) for row in session.execute(grouped)]
    return sorted(found, key=lambda part: (part[0] is None, part[0] or ""))


def lines_of(unit: Unit | None, at: datetime | None = None) -> ColumnElement[bool]:
    """Whether a ``BudgetLine`` is of that unit or of one under it, in the tree of that date; None is every line."""
    if unit is None:
        return true()
    below = _below(unit, at)
    return or_(BudgetLine.unit_id == unit.id, BudgetLine.unit_id.in_(select(below.c.unit_id)))


def lines_in(scope: Scope) -> ColumnElement[bool]:
    """Whether HR of that part of the organisation sees a ``BudgetLine``: lines of the whole are for the whole alone."""
    if scope.whole:
        return true()
    seen = select(Unit.id).where(or_(*(Unit.path.startswith(path, autoescape=True) for path in scope.paths or ())))
    return BudgetLine.unit_id.in_(seen if scope.paths else seen.where(Unit.id.is_(None)))


def _sums() -> list[Any]:
    return [func.sum(getattr(BudgetYear, name)).label(name) for name in AMOUNTS]


def _below(unit: Unit | None, at: datetime | None) -> Any:
    """(unit, the one right under ``unit`` that leads to it), for each unit under it at that date: a recursive query."""
    tree = _parents(at).subquery()
    above = tree.c.parent_id.is_(None) if unit is None else tree.c.parent_id == unit.id
    below = select(tree.c.unit_id, tree.c.unit_id.label("top_id")).where(above).cte(recursive=True)
    step = select(tree.c.unit_id, below.c.top_id).join(below, tree.c.parent_id == below.c.unit_id)
    return below.union_all(step)


def _parents(at: datetime | None) -> Select[Any]:
    """Each unit and its parent at that date: as last said before it, even if the unit is closed since."""
    if at is None:
        return select(Unit.id.label("unit_id"), Unit.parent_id)  # type: ignore[return-value]
    last = func.row_number().over(
        partition_by=UnitState.unit_id, order_by=(UnitState.since.desc(), UnitState.id.desc())
    )  # fmt: skip
    states = select(UnitState.unit_id, UnitState.parent_id, last.label("place")).where(UnitState.since <= at).subquery()
    return select(states.c.unit_id, states.c.parent_id).where(states.c.place == 1)
