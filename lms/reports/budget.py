"""The budget: one line for each budget line and fiscal year, one for each unit and year of its baseline."""

from collections.abc import Generator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from curricula.model import Localized
from lms.models import Baseline, BudgetLine, BudgetYear, Unit
from lms.services.budget_sums import known_at, lines_of
from lms.services.budgets import AMOUNTS, Amounts, lines_in
from lms.services.organisation import Scope, sees, units_in
from lms.services.trajectory import trajectory
from lms.tables import Column, Extraction, Filter, Report, Row, rate

LEVELS: dict[str, Localized] = {
    "line": {"fr": "ligne", "en": "line"},
    "total": {"fr": "total de l’unité", "en": "total of the unit"},
}
PATHS: dict[str, Localized] = {
    "linear": {"fr": "linéaire", "en": "linear"},
    "geometric": {"fr": "géométrique", "en": "geometric"},
    "custom": {"fr": "personnalisée", "en": "custom"},
}
WHOLE: Localized = {"fr": "Toute l’institution", "en": "The whole institution"}

COLUMNS = (
    Column("year", {"fr": "exercice", "en": "fiscal year"}, "int"),
    Column("level", {"fr": "niveau", "en": "level"}),
    Column("unit", {"fr": "code unité", "en": "unit code"}),
    Column("unit_name", {"fr": "unité", "en": "unit"}),
    Column("programme", {"fr": "programme", "en": "programme"}),
    Column("bop", {"fr": "BOP", "en": "BOP"}),
    Column("uo", {"fr": "UO", "en": "UO"}),
    Column("label", {"fr": "libellé", "en": "label"}),
    Column("base", {"fr": "B₀", "en": "B₀"}, "cents"),
    Column("ai_base", {"fr": "IA₀", "en": "IA₀"}, "cents"),
    Column("target", {"fr": "cible", "en": "target"}, "cents"),
    Column("ae_opened", {"fr": "AE ouvertes", "en": "AE opened"}, "cents"),
    Column("ae_committed", {"fr": "AE engagées", "en": "AE committed"}, "cents"),
    Column("cp_opened", {"fr": "CP ouverts", "en": "CP opened"}, "cents"),
    Column("cp_paid", {"fr": "CP payés", "en": "CP paid"}, "cents"),
    Column("ai_ae", {"fr": "part IA (AE)", "en": "AI part (AE)"}, "cents"),
    Column("ai_cp", {"fr": "part IA (CP)", "en": "AI part (CP)"}, "cents"),
    Column("earmarking", {"fr": "fléchage", "en": "earmarking"}, "rate"),
    Column("gap", {"fr": "écart", "en": "gap"}, "cents"),
    Column("path", {"fr": "trajectoire", "en": "path"}),
)
FILTERS = (
    Filter("level", {"fr": "Niveau", "en": "Level"}, "choice", lambda: LEVELS),
    Filter("year", {"fr": "Exercice", "en": "Fiscal year"}),
    Filter("unit", {"fr": "Code unité", "en": "Unit code"}),
)


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """The lines by year and code, then the totals by unit and year; what whoever asks sees, as known at the extraction.

    Totals stand apart from lines by their level: added together they would count twice.
    """
    scope = extraction.scope_filter
    unit = None
    if "unit" in filters:
        unit = session.scalar(select(Unit).where(Unit.code == filters["unit"]))
        if unit is None or not sees(scope, unit):
            return
    year = filters.get("year")
    if year is not None and not (year.isascii() and year.isdigit() and len(year) == 4):
        return
    wanted = None if year is None else int(year)
    if filters.get("level") != "total":
        yield from _lines(session, extraction, scope, unit, wanted)
    if filters.get("level") != "line":
        yield from _totals(session, extraction, scope, unit, wanted)


def _lines(
    session: Session, extraction: Extraction, scope: Scope, top: Unit | None, year: int | None
) -> Generator[Row, None, None]:
    where, at = aliased(Unit), extraction.at
    query = (
        select(BudgetYear, BudgetLine, where.code, where.name)
        .join(BudgetLine, BudgetLine.id == BudgetYear.line_id)
        .outerjoin(where, where.id == BudgetLine.unit_id)
        .where(known_at(at), lines_in(scope), lines_of(top, at))
        .order_by(BudgetYear.year, BudgetLine.code)
        .execution_options(yield_per=500)
    )
    if year is not None:
        query = query.where(BudgetYear.year == year)
    for held, line, code, name in session.execute(query):
        yield (
            held.year, LEVELS["line"][extraction.language], code, name or WHOLE[extraction.language], line.programme,
            line.bop, line.uo, line.label, None, None, None, *_amounts(held), None, None, None,
        )  # fmt: skip


def _totals(
    session: Session, extraction: Extraction, scope: Scope, top: Unit | None, year: int | None
) -> Generator[Row, None, None]:
    compared = select(Baseline.unit_id).where(Baseline.decided_at <= extraction.at)
    query = select(Unit).where(Unit.id.in_(compared), units_in(scope)).order_by(Unit.path)
    if top is not None:
        query = query.where(Unit.path.startswith(top.path, autoescape=True))
    units: list[Unit | None] = list(session.scalars(query))
    if scope.whole and top is None:
        units.insert(0, None)
    for unit in units:
        found = trajectory(session, unit, extraction.at)
        for each in found.years if found else ():
            if year not in (None, each.year):
                continue
            assert found is not None
            yield (
                each.year, LEVELS["total"][extraction.language], unit.code if unit else None,
                unit.name if unit else WHOLE[extraction.language], None, None, None, None, found.reference.base,
                found.reference.ai_base, each.target, *_amounts(each.amounts), rate(each.earmarking), each.gap,
                PATHS[found.reference.path][extraction.language],
            )  # fmt: skip


def _amounts(held: BudgetYear | Amounts | None) -> tuple[int | None, ...]:
    return tuple(None if held is None else int(getattr(held, name)) for name in AMOUNTS)


REPORT = Report(
    key="budget",
    title={"fr": "Budget de formation", "en": "Training budget"},
    description={
        "fr": "Une ligne par ligne budgétaire et exercice : AE, CP, part IA ; totaux avec cible, écart et fléchage.",
        "en": "One line for each budget line and fiscal year: AE, CP, AI part; totals with target, gap and earmarking.",
    },
    columns=COLUMNS,
    filters=FILTERS,
    rows=rows,
)
