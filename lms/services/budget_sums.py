"""The budget added up, as it is known now or was known at a date: over a unit and all under it, in parts, everywhere.

Totals follow the tree of the organisation as it stood at that date. A unit that was closed stays where it was last:
what it was given and spent does not leave the totals above it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from lms.models import BudgetLine, BudgetYear, Unit, UnitState
from lms.services.budgets import AMOUNTS, Amounts
from lms.services.figure_facts import WHOLE

#: What a total may be cut by. ``unit``: the units right under the one that is asked for, each with all under it.
Cut = Literal["line", "programme", "bop", "uo", "unit"]


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


def of_every_unit(session: Session, at: datetime | None = None) -> dict[int, dict[int, Amounts]]:
    """Number of each unit → ``by_year`` of it, ``WHOLE`` being the whole institution; two queries, whatever the number.

    Units that nothing is known of lack.
    """
    parents = {row.unit_id: row.parent_id for row in session.execute(_parents(at))}
    query = select(BudgetLine.unit_id, BudgetYear.year, *_sums()).join(BudgetYear.line).where(known_at(at))
    found: dict[int, dict[int, Amounts]] = {}
    for row in session.execute(query.group_by(BudgetLine.unit_id, BudgetYear.year)):
        amounts = Amounts.of(row)
        for unit_id in (WHOLE, *_upwards(row.unit_id, parents)):
            years = found.setdefault(unit_id, {})
            years[row.year] = years.get(row.year, Amounts()) + amounts
    return found


def _upwards(unit_id: int | None, parents: Mapping[int, int | None]) -> list[int]:
    """That unit and those above it; a loop ends where it began."""
    found = list[int]()
    while unit_id is not None and unit_id not in found:
        found.append(unit_id)
        unit_id = parents.get(unit_id)
    return found


def _sums() -> list[Any]:
    return [func.sum(getattr(BudgetYear, name)).label(name) for name in AMOUNTS]


def _below(unit: Unit | None, at: datetime | None) -> Any:
    """(unit, the one right under ``unit`` that leads to it), for each unit under it at that date: a recursive query."""
    tree = _parents(at).subquery()
    above = tree.c.parent_id.is_(None) if unit is None else tree.c.parent_id == unit.id
    below = select(tree.c.unit_id, tree.c.unit_id.label("top_id")).where(above).cte(recursive=True)
    step = select(tree.c.unit_id, below.c.top_id).join(below, tree.c.parent_id == below.c.unit_id)
    return below.union(step)  # a loop ends where it began


def _parents(at: datetime | None) -> Select[Any]:
    """Each unit and its parent at that date: as last said before it, even if the unit is closed since."""
    if at is None:
        return select(Unit.id.label("unit_id"), Unit.parent_id)  # type: ignore[return-value]
    last = func.row_number().over(
        partition_by=UnitState.unit_id, order_by=(UnitState.since.desc(), UnitState.id.desc())
    )  # fmt: skip
    states = select(UnitState.unit_id, UnitState.parent_id, last.label("place")).where(UnitState.since <= at).subquery()
    return select(states.c.unit_id, states.c.parent_id).where(states.c.place == 1)
