"""Every indicator of training and budget, by any cut, as exact values: what reports, the API and the open data show.

Counts are of distinct agents of P; a ratio and hours are fractions, an amount integer cents. What would tell of a few
is None, and said to be masked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy.orm import Session

from lms.masking import TOTAL, Key, hidden, hidden_above, with_totals
from lms.services import indicators as formulas
from lms.services.budget_table import BudgetTable
from lms.services.figure_facts import WHOLE
from lms.services.library import Library
from lms.services.organisation import Scope
from lms.services.sources import Counted, Cut, Dimension, Source, source
from lms.services.trajectory import year_against
from lms.tables import Kind, hours, rate

#: What lines can be told apart by, but the track: the word asked → the dimension. The order is that of the keys.
DIMENSIONS: dict[str, Dimension] = {"unit": "unit_id", "branch": "branch", "category": "category"}
#: The figures in the order they are shown, each with how it is written.
FIGURES: dict[str, Kind] = {
    "population": "int", "enrolled": "int", "trained": "int", "presented": "int", "certified": "int",
    "trained_in_year": "int", "certified_in_year": "int", "hours": "decimal",
    "coverage": "rate", "completion": "rate", "success": "rate", "certification": "rate",
    "hours_per_trained": "decimal", "hours_per_agent": "decimal",
    "ai_cp": "cents", "cost_per_trained": "cents", "cost_per_certified": "cents", "payment_rate": "rate",
    "ae_opened": "cents", "target": "cents", "final_target": "cents", "growth": "rate", "gap": "cents",
    "earmarking": "rate", "shortfall": "cents",
}  # fmt: skip
#: Those that count agents, each masked by itself. Hours are where the agents who spent them are.
COUNTS = tuple(name for name, kind in FIGURES.items() if kind == "int")
#: Those of the budget: on lines that are of no branch, no grade and no track.
MONEY = tuple(FIGURES)[tuple(FIGURES).index("ai_cp") :]
_HOURS_OF = {"enrolled", "trained"}
#: Ratio → its part and its whole.
_RATIOS = {
    "coverage": ("trained", "population"), "completion": ("trained", "enrolled"), "success": ("certified", "presented"),
    "certification": ("certified", "trained"), "hours_per_trained": ("hours", "trained"),
    "hours_per_agent": ("hours", "population"),
}  # fmt: skip
#: Cost → those it is divided by.
_COSTS = {"cost_per_trained": "trained_in_year", "cost_per_certified": "certified_in_year"}

Number = int | Fraction | None
Tables = dict[str, dict[Key, int]]
Hidden = dict[str, frozenset[Key]]


@dataclass(frozen=True)
class Asked:
    """What is counted: the agents of the units and all under them, as on ``day`` (None: now), in a fiscal year.

    ``by`` are names of ``DIMENSIONS`` in their order, and ``track`` last; from track to track nothing adds up.
    ``apart``: nothing may be worked out from the line of any track and those of each track together either; it is
    for one dimension beside the track at most.
    """

    year: int
    day: date | None = None
    by: tuple[str, ...] = ()
    units: tuple[int, ...] = (WHOLE,)
    branch: str | None = None
    category: str | None = None
    track: str = ""
    apart: bool = False
    #: As ``lms.services.sources.source`` has it.
    hurried: bool = False


@dataclass(frozen=True)
class Line:
    """The indicators of one combination of cuts: None for all of a dimension, or for any track.

    ``unit_id`` is ``WHOLE`` for agents in none of the units told apart. ``values`` holds each of ``FIGURES``; None is
    not known, not defined, or ``masked``.
    """

    unit_id: int | None
    unit: str | None
    branch: str | None
    category: str | None
    track: str | None
    values: Mapping[str, Number]
    masked: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether nobody is there and nothing was done."""
        return all(self.values[name] == 0 for name in (*COUNTS, "hours"))

    @property
    def hidden(self) -> list[str]:
        """The figures masked, in their order."""
        return [name for name in FIGURES if name in self.masked]

    def shown(self, name: str) -> int | Decimal | None:
        """A figure as it is written: ratios never rounded up, hours with two decimals."""
        value = self.values[name]
        if value is None or isinstance(value, int):
            return value
        return hours(round(value * 60)) if FIGURES[name] == "decimal" else rate(value)

    def item(self) -> dict[str, int | float | None]:
        """Every figure as JSON has it."""
        written = {name: self.shown(name) for name in FIGURES}
        return {name: float(value) if isinstance(value, Decimal) else value for name, value in written.items()}


def lines(session: Session, scope: Scope, asked: Asked, below: int) -> Iterator[Line]:
    """One line a combination of cuts, totals last, any track first; counts from 1 to ``below`` − 1 are masked.

    Raises ``BeingCounted`` as ``source`` does.
    """
    read = source(session, scope, asked.day, hurried=asked.hurried)
    units = tuple(unit for parent in asked.units for unit in read.units(parent)) if "unit" in asked.by else ()
    names = {unit.id: unit.name for unit in units}
    cut = Cut(asked.units, asked.branch, asked.category, asked.track)
    told = tuple(name for name in DIMENSIONS if name in asked.by)
    money = read.money()
    for track, tables, away in _masked(session, read, cut, asked, told, names, below):
        for key in sorted(tables["population"], key=lambda places: tuple((place == TOTAL, place) for place in places)):
            at = {name: place for name, place in zip(told, key, strict=True) if place != TOTAL}
            masked = {name for name, keys in away.items() if key in keys}
            counts: dict[str, Number] = {name: None if name in masked else tables[name][key] for name in COUNTS}
            counts["hours"] = None if masked & _HOURS_OF else Fraction(tables["minutes"][key], 60)
            unit_id = int(at["unit"]) if "unit" in at else None
            branch, category = at.get("branch") or asked.branch, at.get("category") or asked.category
            whose = () if branch or category or track else _whose(unit_id, asked.units)
            values = counts | _ratios(counts) | _amounts(money, whose, asked.year, counts)
            yield Line(
                unit_id, None if unit_id is None else names.get(unit_id), branch, category, track or None, values,
                frozenset(masked | _computed(masked, values)),
            )  # fmt: skip


def moment(today: date, year: int | None = None, day: date | None = None) -> tuple[date | None, int]:
    """(the day, None for now; the fiscal year): the end of the year asked, or the day asked if it is in it."""
    if year is not None:
        day = day if day is not None and day.year == year else date(year, 12, 31)
    return (None, today.year) if day is None or day >= today else (day, day.year)


def _masked(
    session: Session, read: Source, cut: Cut, asked: Asked, told: tuple[str, ...], names: Mapping[int, str], below: int
) -> Iterator[tuple[str, Tables, Hidden]]:
    """Each track (empty: any), its tables with their totals, and the cells to hide."""
    tracks = _tracks(read, cut, Library(session)) if "track" in asked.by else (cut.track,)
    every = [(track, _tables(read, replace(cut, track=track), told, asked.year, names)) for track in tracks]
    parts = [tables for track, tables in every if track] if asked.apart else []
    for track, tables in every:
        away = {name: hidden(tables[name], below) for name in COUNTS}
        if parts and not track:
            # Agents of P are the same in every track.
            away |= {
                name: hidden_above(tables[name], [part[name] for part in parts], below)
                for name in away
                if name != "population"
            }
        yield track, tables, away


def _tracks(read: Source, cut: Cut, published: Iterable[str]) -> list[str]:
    """Any track, then each one published or followed; the one asked alone where one is."""
    followed = {key[0] for key in read.sums(cut, ["track_key"])}
    return [cut.track] if cut.track else ["", *sorted(followed.union(published))]


def _tables(read: Source, cut: Cut, told: tuple[str, ...], year: int, names: Mapping[int, str]) -> Tables:
    """The counts by key, with totals; who is in none of the units told is in unit ``WHOLE``."""
    found: dict[Key, dict[str, int]] = {}
    for in_year in (False, True):
        for key, counts in _additive(read, replace(cut, year=year if in_year else None), told, names).items():
            values = found.setdefault(key, dict.fromkeys((*COUNTS, "minutes"), 0))
            if in_year:
                values |= {"trained_in_year": counts.completed, "certified_in_year": counts.certified}
            else:
                values |= {
                    "population": counts.agents, "enrolled": counts.enrolled, "trained": counts.completed,
                    "presented": counts.presented, "certified": counts.certified, "minutes": counts.minutes,
                }  # fmt: skip
    return {
        name: with_totals({key: values[name] for key, values in found.items()}) for name in (*COUNTS, "minutes")
    }  # fmt: skip


def _additive(read: Source, cut: Cut, told: tuple[str, ...], names: Mapping[int, str]) -> dict[Key, Counted]:
    dimensions = [DIMENSIONS[name] for name in told]
    if "unit" not in told:
        return {tuple(map(str, key)): counts for key, counts in read.sums(cut, dimensions).items()}
    inside = read.sums(replace(cut, units=tuple(names)), dimensions) if names else {}
    found = {tuple(map(str, key)): counts for key, counts in inside.items()}
    for rest, whole in read.sums(cut, dimensions[1:]).items():  # the unit is the first of DIMENSIONS
        parts = [counts for key, counts in inside.items() if key[1:] == rest]
        left = Counted(*(total - sum(each) for total, *each in zip(whole, *parts, strict=True)))
        if any(left):
            found[(str(WHOLE), *map(str, rest))] = left
    return found


def _whose(unit_id: int | None, units: tuple[int, ...]) -> tuple[int, ...]:
    """The units whose budget a line tells: one, all of those asked, or none for agents in none of those told apart."""
    if unit_id is None:
        return units
    return () if unit_id == WHOLE else (unit_id,)


def _ratios(values: Mapping[str, Number]) -> dict[str, Number]:
    return {name: _ratio(values[part], values[whole]) for name, (part, whole) in _RATIOS.items()}


def _ratio(part: Number, whole: Number) -> Fraction | None:
    return Fraction(part) / whole if part is not None and whole else None


def _amounts(known: BudgetTable, units: tuple[int, ...], year: int, values: Mapping[str, Number]) -> dict[str, Number]:
    """What those units together pay in the year, and against their path where they are one."""
    years, reference = known.of(units)
    found: dict[str, Number] = dict.fromkeys(MONEY)
    if year not in years:
        return found
    money = years[year]
    found |= {
        "ai_cp": money.ai_cp, "ae_opened": money.ae_opened,
        "payment_rate": formulas.payment_rate(money.ai_cp, money.ai_ae),
    }  # fmt: skip
    for name, count in _COSTS.items():
        people = values[count]
        found[name] = formulas.cost_per_person(money.ai_cp, int(people)) if people else None
    path = year_against(reference, years, year)
    if path is not None and reference is not None:
        found |= {
            "target": path.target, "final_target": formulas.target(reference.base), "growth": path.growth,
            "gap": path.gap, "earmarking": path.earmarking, "shortfall": path.shortfall,
        }  # fmt: skip
    return found


def _computed(masked: set[str], values: Mapping[str, Number]) -> set[str]:
    """What would be computed from a masked count, and is masked with it."""
    found = {"hours"} if masked & _HOURS_OF else set[str]()
    found |= {name for name, counts in _RATIOS.items() if (masked | found).intersection(counts)}
    return found | {name for name, count in _COSTS.items() if count in masked and values["ai_cp"] is not None}
