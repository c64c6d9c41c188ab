"""Every indicator of training and budget, by any cut: masked, for what leaves HR's own rooms."""

from collections.abc import Generator, Iterable, Mapping
from datetime import date
from fractions import Fraction
from itertools import combinations
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.model import Localized
from lms.masking import TOTAL, hidden, with_totals
from lms.models import Unit, db, utcnow
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services import indicators as formulas
from lms.services.budget_table import BudgetTable
from lms.services.dashboards import today_here, tops
from lms.services.figure_facts import FIRST_YEAR, WHOLE
from lms.services.library import Library
from lms.services.organisation import Scope
from lms.services.sources import Counted, Cut, Dimension, Source, source
from lms.services.trajectory import year_against
from lms.tables import Column, Extraction, Filter, Report, Row, hours, rate

#: What rows can be told apart by: the word typed → the dimension. The order is that of the keys.
DIMENSIONS: dict[str, Dimension] = {
    "unit": "unit_id", "branch": "branch", "category": "category", "track": "track_key",
}  # fmt: skip
#: What is counted, in the order of the columns; minutes are printed as hours.
COUNTS = (
    "agents",
    "enrolled",
    "completed",
    "presented",
    "certified",
    "trained_in_year",
    "certified_in_year",
    "minutes",
)
COLUMNS = (
    Column("year", {"fr": "exercice", "en": "fiscal year"}, "int"),
    Column("day", {"fr": "à la date du", "en": "as on"}, "date"),
    Column("unit", {"fr": "unité", "en": "unit"}),
    Column("branch", {"fr": "versant", "en": "branch"}),
    Column("category", {"fr": "catégorie", "en": "grade"}),
    Column("track", {"fr": "parcours", "en": "track"}),
    Column("agents", {"fr": "population P", "en": "population P"}, "int"),
    Column("enrolled", {"fr": "inscrits", "en": "enrolled"}, "int"),
    Column("completed", {"fr": "formés", "en": "trained"}, "int"),
    Column("presented", {"fr": "présentés", "en": "presented"}, "int"),
    Column("certified", {"fr": "certifiés", "en": "certified"}, "int"),
    Column("trained_in_year", {"fr": "formés dans l'exercice", "en": "trained in the year"}, "int"),
    Column("certified_in_year", {"fr": "certifiés dans l'exercice", "en": "certified in the year"}, "int"),
    Column("hours", {"fr": "heures", "en": "hours"}, "decimal"),
    Column("coverage", {"fr": "couverture", "en": "coverage"}, "rate"),
    Column("completion", {"fr": "achèvement", "en": "completion"}, "rate"),
    Column("success", {"fr": "réussite", "en": "success"}, "rate"),
    Column("certification", {"fr": "certification", "en": "certification"}, "rate"),
    Column("hours_per_trained", {"fr": "heures par formé", "en": "hours for each one trained"}, "decimal"),
    Column("hours_per_agent", {"fr": "heures par agent de P", "en": "hours for each agent of P"}, "decimal"),
    Column("ai_cp", {"fr": "CP payés pour l'IA", "en": "CP paid for AI"}, "cents"),
    Column("cost_per_trained", {"fr": "coût par formé (CP)", "en": "cost for each one trained (CP)"}, "cents"),
    Column("cost_per_certified", {"fr": "coût par certifié (CP)", "en": "cost for each one certified (CP)"}, "cents"),
    Column("payment_rate", {"fr": "taux de paiement", "en": "payment rate"}, "rate"),
    Column("ae_opened", {"fr": "AE ouvertes", "en": "AE opened"}, "cents"),
    Column("target", {"fr": "cible de l'exercice", "en": "target of the year"}, "cents"),
    Column("final_target", {"fr": "cible de l'année 3", "en": "target of year 3"}, "cents"),
    Column("growth", {"fr": "progression", "en": "growth"}, "rate"),
    Column("gap", {"fr": "écart", "en": "gap"}, "cents"),
    Column("earmarking", {"fr": "fléchage", "en": "earmarking"}, "rate"),
    Column("shortfall", {"fr": "manque de fléchage", "en": "shortfall"}, "cents"),
    Column("masked", {"fr": "masqué (secret des petits nombres)", "en": "masked (small numbers)"}),
)


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """One line a combination of what rows are told apart by, totals included; from track to track nothing adds up."""
    scope = extraction.scope_filter
    day, year = _moment(extraction, filters)
    read = source(session, scope, day)
    units = _units(session, scope, filters)
    cut = Cut(units, filters.get("branch"), filters.get("category"), filters.get("track", ""))
    by = _by(filters)
    names = {unit.id: unit.name for parent in units for unit in read.units(parent)} if "unit" in by else {}
    titles = {key: track.title.get(extraction.language, key) for key, track in Library(session).items()}
    told = tuple(name for name in by if name != "track")
    every_money = read.money()
    for track in _tracks(read, cut, titles) if "track" in by else (cut.track,):
        cells = _cells(read, Cut(**{**vars(cut), "track": track}), told, year, names)
        tables = {name: with_totals({key: values[name] for key, values in cells.items()}) for name in COUNTS}
        away = {name: hidden(tables[name], extraction.mask_below) for name in COUNTS if name != "minutes"}
        for key in sorted(tables["agents"], key=lambda places: tuple((place == TOTAL, place) for place in places)):
            at = dict(zip(told, key, strict=True))
            masked = {name for name, keys in away.items() if key in keys}
            counts = {name: None if name in masked else tables[name][key] for name in COUNTS}
            if masked & {"enrolled", "completed"}:
                counts["minutes"] = None
            if not any(tables[name][key] for name in COUNTS):
                continue  # nobody is there
            narrowed = any((at.get("branch"), at.get("category"), cut.branch, cut.category, track))
            here = _place(at.get("unit", TOTAL), units)
            yield (
                year, day or today_here(extraction.at), _unit_words(at, names, filters, extraction.language),
                at.get("branch") or cut.branch, at.get("category") or cut.category, titles.get(track, track) or None,
                *_figures(counts), *_amounts(every_money, () if narrowed else here, year, counts),
                ", ".join(column.label[extraction.language] for column in COLUMNS if column.key in masked) or None,
            )  # fmt: skip


def _moment(extraction: Extraction, filters: Mapping[str, Any]) -> tuple[date | None, int]:
    """(the day, None for now; the fiscal year): the end of the year asked, or the day asked if it is in it."""
    today, day = today_here(extraction.at), filters.get("day")
    if "year" in filters:
        end = date(int(filters["year"]), 12, 31)
        day = day if day is not None and day.year == end.year else end
    return (None, today.year) if day is None or day >= today else (day, day.year)


def _units(session: Session, scope: Scope, filters: Mapping[str, Any]) -> tuple[int, ...]:
    """The units counted; none where the code asked is of no unit of the scope."""
    if "unit_code" not in filters:
        return tops(scope)
    unit = session.scalars(select(Unit).where(Unit.code == filters["unit_code"])).first()
    seen = unit is not None and scope.platform_id is None
    return (unit.id,) if unit and seen and any(unit.path.startswith(path) for path in scope.paths or ("",)) else ()


def _by(filters: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(filters["by"].split("-")) if "by" in filters else ()


def _ways() -> dict[str, Localized]:
    """Every combination of cuts, by its key, in words."""
    words = {"unit": ("unité", "unit"), "branch": ("versant", "branch"), "category": ("catégorie", "grade"),
             "track": ("parcours", "track")}  # fmt: skip
    return {
        "-".join(names): {language: " × ".join(words[name][at] for name in names)
                          for at, language in enumerate(("fr", "en"))}
        for size in range(1, len(DIMENSIONS) + 1)
        for names in combinations(DIMENSIONS, size)
    }  # fmt: skip


def _years() -> dict[str, Localized]:
    return {str(year): {"fr": str(year), "en": str(year)} for year in range(today_here(utcnow()).year, FIRST_YEAR, -1)}


def _tracks(read: Source, cut: Cut, published: Iterable[str]) -> list[str]:
    """Any track, then each one published or followed; the one asked alone where one is."""
    followed = {key[0] for key in read.sums(cut, ["track_key"])}
    return [cut.track] if cut.track else ["", *sorted(followed.union(published))]


def _cells(
    read: Source, cut: Cut, told: tuple[str, ...], year: int, names: Mapping[int, str]
) -> dict[tuple[str, ...], dict[str, int]]:
    """The counts by key, without totals; who is in none of the units told is in unit ``WHOLE``."""
    found: dict[tuple[str, ...], dict[str, int]] = {}
    for in_year in (False, True):
        asked = Cut(**{**vars(cut), "year": year if in_year else None})
        for key, counts in _additive(read, asked, told, names).items():
            values = found.setdefault(key, dict.fromkeys(COUNTS, 0))
            if in_year:
                values |= {"trained_in_year": counts.completed, "certified_in_year": counts.certified}
            else:
                values |= counts._asdict()
    return found


def _additive(
    read: Source, cut: Cut, told: tuple[str, ...], names: Mapping[int, str]
) -> dict[tuple[str, ...], Counted]:
    dimensions = [DIMENSIONS[name] for name in told]
    if "unit" not in told:
        return {tuple(map(str, key)): counts for key, counts in read.sums(cut, dimensions).items()}
    inside = read.sums(Cut(**{**vars(cut), "units": tuple(names)}), dimensions) if names else {}
    found = {tuple(map(str, key)): counts for key, counts in inside.items()}
    for rest, whole in read.sums(cut, dimensions[1:]).items():  # the unit is the first of DIMENSIONS
        parts = [counts for key, counts in inside.items() if key[1:] == rest]
        left = Counted(*(total - sum(each) for total, *each in zip(whole, *parts, strict=True)))
        if any(left):
            found[(str(WHOLE), *map(str, rest))] = left
    return found


def _place(unit: str, units: tuple[int, ...]) -> tuple[int, ...]:
    """The units whose budget a row tells: one, those of the total, or none for who is in no unit."""
    if unit == TOTAL:
        return units
    return () if int(unit) == WHOLE else (int(unit),)


def _unit_words(
    at: Mapping[str, str], names: Mapping[int, str], filters: Mapping[str, Any], language: str
) -> str | None:
    unit = at.get("unit", TOTAL)
    if unit == TOTAL:
        asked: str | None = filters.get("unit_code")
        return asked
    return names.get(int(unit)) or {"fr": "dans aucune de ces unités", "en": "in none of these units"}[language]


def _figures(counts: Mapping[str, int | None]) -> Row:
    """The counts, the hours and the ratios."""
    minutes, trained, agents = counts["minutes"], counts["completed"], counts["agents"]
    return (
        *(counts[name] for name in COUNTS if name != "minutes"),
        None if minutes is None else hours(minutes),
        *(rate(_ratio(counts[part], counts[whole])) for part, whole in (
            ("completed", "agents"), ("completed", "enrolled"), ("certified", "presented"), ("certified", "completed"),
        )),
        *(None if minutes is None or not people else hours(round(Fraction(minutes, people)))
          for people in (trained, agents)),
    )  # fmt: skip


def _ratio(part: int | None, whole: int | None) -> Fraction | None:
    return Fraction(part, whole) if part is not None and whole else None


def _amounts(known: BudgetTable, units: tuple[int, ...], year: int, counts: Mapping[str, int | None]) -> Row:
    """The indicators of the budget, of rows that are narrowed by unit alone: a budget is of no grade and no track."""
    years, reference = known.of(units)
    if year not in years:
        return (None,) * 11
    money = years[year]
    found = year_against(reference, years, year)
    trained, certified = counts["trained_in_year"], counts["certified_in_year"]
    return (
        money.ai_cp,
        *(formulas.cost_per_person(money.ai_cp, people) if people else None for people in (trained, certified)),
        rate(formulas.payment_rate(money.ai_cp, money.ai_ae)), money.ae_opened,
        *((found.target, formulas.target(reference.base), rate(found.growth), found.gap,
           rate(found.earmarking), found.shortfall) if found and reference else (None,) * 6),
    )  # fmt: skip


REPORT = Report(
    key="indicators",
    title={"fr": "Indicateurs", "en": "Indicators"},
    description={
        "fr": "Couverture, achèvement, réussite, heures, coûts et trajectoire, selon les découpages choisis, à toute"
        " date. Les petits nombres sont masqués.",
        "en": "Coverage, completion, success, hours, costs and path, by the cuts chosen, on any day. Small numbers are"
        " masked.",
    },
    columns=COLUMNS,
    filters=(
        Filter("by", {"fr": "Découpages", "en": "Told apart by"}, "choice", _ways),
        Filter("unit_code", {"fr": "Code d'unité", "en": "Code of a unit"}),
        Filter("branch", {"fr": "Versant", "en": "Branch"}, "choice",
               lambda: {key: {"fr": key, "en": key} for key in BRANCHES}),
        Filter("category", {"fr": "Catégorie", "en": "Grade"}, "choice",
               lambda: {key: {"fr": key, "en": key} for key in CATEGORIES}),
        Filter("track", {"fr": "Parcours", "en": "Track"}, "choice",
               lambda: {key: track.title for key, track in Library(db.session()).items()}),
        Filter("year", {"fr": "Exercice", "en": "Fiscal year"}, "choice", _years),
        Filter("day", {"fr": "À la date du", "en": "As on"}, "date"),
    ),
    rows=rows,
)  # fmt: skip
