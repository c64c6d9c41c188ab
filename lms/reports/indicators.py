"""Every indicator of training and budget, by any cut: masked, for what leaves HR's own rooms."""

from collections.abc import Generator, Mapping
from itertools import combinations
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from curricula.model import Localized
from lms.models import Unit, db, utcnow
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services.dashboards import today_here, tops
from lms.services.figure_facts import FIRST_YEAR
from lms.services.indicator_table import COUNTS, FIGURES, Asked, Line, lines, moment
from lms.services.library import Library
from lms.services.organisation import Scope
from lms.tables import Column, Extraction, Filter, Report, Row

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
#: Figure → its column: they come in one order.
_COLUMN = dict(zip(FIGURES, COLUMNS[6:-1], strict=True))


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """One line a combination of what rows are told apart by, totals included; from track to track nothing adds up."""
    today, language = today_here(extraction.at), extraction.language
    day, year = moment(today, int(filters["year"]) if "year" in filters else None, filters.get("day"))
    asked = Asked(
        year, day, tuple(filters["by"].split("-")) if "by" in filters else (),
        _units(session, extraction.scope_filter, filters), filters.get("branch"), filters.get("category"),
        filters.get("track", ""), hurried=extraction.hurried,
    )  # fmt: skip
    titles = {key: track.title.get(language, key) for key, track in Library(session).items()}
    for line in lines(session, extraction.scope_filter, asked, extraction.mask_below):
        if line.empty:
            continue
        masked = [_COLUMN[name].label[language] for name in COUNTS if name in line.masked]
        yield (
            year, day or today, _unit_words(line, filters.get("unit_code"), language), line.branch, line.category,
            titles.get(line.track, line.track) if line.track else None,
            *(line.shown(name) for name in FIGURES), ", ".join(masked) or None,
        )  # fmt: skip


def _units(session: Session, scope: Scope, filters: Mapping[str, Any]) -> tuple[int, ...]:
    """The units counted; none where the code asked is of no unit of the scope."""
    if "unit_code" not in filters:
        return tops(scope)
    unit = session.scalars(select(Unit).where(Unit.code == filters["unit_code"])).first()
    seen = unit is not None and scope.platform_id is None
    return (unit.id,) if unit and seen and any(unit.path.startswith(path) for path in scope.paths or ("",)) else ()


def _ways() -> dict[str, Localized]:
    """Every combination of cuts, by its key, in words."""
    words = {"unit": ("unité", "unit"), "branch": ("versant", "branch"), "category": ("catégorie", "grade"),
             "track": ("parcours", "track")}  # fmt: skip
    return {
        "-".join(names): {language: " × ".join(words[name][at] for name in names)
                          for at, language in enumerate(("fr", "en"))}
        for size in range(1, len(words) + 1)
        for names in combinations(words, size)
    }  # fmt: skip


def _years() -> dict[str, Localized]:
    return {str(year): {"fr": str(year), "en": str(year)} for year in range(today_here(utcnow()).year, FIRST_YEAR, -1)}


def _unit_words(line: Line, asked: str | None, language: str) -> str | None:
    if line.unit_id is None:
        return asked
    return line.unit or {"fr": "dans aucune de ces unités", "en": "in none of these units"}[language]


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
