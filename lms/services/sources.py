"""Where figures are read: the sums kept now, a closing, a day counted before, or the plain query. All answer the
same questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lms.models import Closing, ClosingFigure, ClosingUnit, CountedDay, CountedFigure, CountedUnit, Figure, Unit
from lms.services.budget_table import BudgetTable, budget_table
from lms.services.closings import closing_of, day_end
from lms.services.counted_days import BeingCounted, counted, many_agents
from lms.services.figure_facts import COUNTS, WHOLE, Cell, Sums, plain, units_then
from lms.services.organisation import Scope, agents_in

#: The sums of now, those of a closing, those of a day that was asked for before, or the plain query.
How = Literal["kept", "closing", "counted", "plain"]
Dimension = Literal["unit_id", "branch", "category", "track_key"]


class Counted(NamedTuple):
    """Distinct agents by what they did, and minutes; ``agents`` are all who are there."""

    agents: int = 0
    enrolled: int = 0
    completed: int = 0
    presented: int = 0
    certified: int = 0
    minutes: int = 0


class Seen(NamedTuple):
    """A unit as a source knows it."""

    id: int
    parent_id: int | None
    kind: str
    name: str


@dataclass(frozen=True)
class Cut:
    """What is counted: agents of these units and all under them, of a branch, a grade, in a track (empty: any).

    ``population`` None counts agents in P or not. ``year`` counts what first happened in that year alone.
    """

    units: tuple[int, ...] = (WHOLE,)
    branch: str | None = None
    category: str | None = None
    track: str = ""
    population: bool | None = True
    year: int | None = None


class Source(Protocol):
    """Figures of a moment. ``at`` is None for now; ``how`` says where they come from, ``counted_at`` when."""

    at: datetime | None
    how: How
    #: None: now, or at the end of their month.
    counted_at: datetime | None

    def sums(self, cut: Cut, by: Sequence[Dimension] = ()) -> dict[tuple[Any, ...], Counted]:
        """The counts by those dimensions; by track, of each track alone, and their ``agents`` are not told."""

    def units(self, parent: int) -> list[Seen]:
        """The units directly under one, by name; under ``WHOLE`` the topmost."""

    def money(self) -> BudgetTable:
        """The budget of every unit, and what its years are compared with."""


def source(session: Session, scope: Scope, day: date | None = None, *, hurried: bool = False) -> Source:
    """Where the figures of that scope are read, now or at the end of a day.

    Who is ``hurried``, as a page is, does not wait for all the facts of many agents to be counted: raises
    ``BeingCounted`` where nothing keeps that day yet.
    """
    whose = agents_in(scope) if scope.paths is None and scope.platform_id is not None else None
    if day is None:
        return Kept(session) if whose is None else Computed(session, None, whose)
    at = day_end(day)
    if whose is None:
        kept = closing_of(session, day) or counted(session, day)
        if kept is not None:
            return Kept(session, at, kept)
        if hurried and many_agents(session):
            raise BeingCounted(day)
    return Computed(session, at, whose)


def last_closing(session: Session, before: date) -> date | None:
    """The last month's end that was kept, on that day or before it."""
    return session.scalar(select(func.max(Closing.day)).where(Closing.day <= before))


class Kept:
    """The sums kept: those of now, or of a day. One query an answer, whatever the number of agents."""

    def __init__(self, session: Session, at: datetime | None = None, day: Closing | CountedDay | None = None) -> None:
        self._session, self.at, self._day = session, at, day
        self.how: How = "kept" if day is None else "closing" if isinstance(day, Closing) else "counted"
        self.counted_at = day.counted_at if isinstance(day, CountedDay) else None

    def sums(self, cut: Cut, by: Sequence[Dimension] = ()) -> dict[tuple[Any, ...], Counted]:
        table, ours = self._of(Figure, ClosingFigure, CountedFigure)
        wanted = [table.unit_id.in_(cut.units), *_wanted(table, cut, by), *ours]
        keys = [getattr(table, name) for name in by]
        counts = [func.coalesce(func.sum(getattr(table, name)), 0) for name in COUNTS]
        rows = self._session.execute(select(*keys, *counts).where(*wanted).group_by(*keys))
        return {tuple(row[: len(by)]): Counted(*(int(value) for value in row[len(by) :])) for row in rows}

    def units(self, parent: int) -> list[Seen]:
        table, ours = self._of(Unit, ClosingUnit, CountedUnit)
        number = table.id if self._day is None else table.unit_id
        wanted = [table.parent_id.is_(None) if parent == WHOLE else table.parent_id == parent]
        wanted += [table.closed_at.is_(None)] if self._day is None else ours
        query = select(number, table.parent_id, table.kind, table.name).where(*wanted).order_by(table.name, number)
        return [Seen(*row) for row in self._session.execute(query)]

    def money(self) -> BudgetTable:
        return budget_table(self._session) if self._day is None else BudgetTable.from_kept(self._day.money)

    def _of(self, now: Any, closing: Any, day: Any) -> tuple[Any, list[ColumnElement[bool]]]:
        """The table to read among those, and which of its rows are ours."""
        if self._day is None:
            return now, []
        if isinstance(self._day, Closing):
            return closing, [closing.closing_id == self._day.id]
        return day, [day.counted_id == self._day.id]


class Computed:
    """The plain query, read once: slower, for a day that no closing keeps, or the people of one platform."""

    how: How = "plain"
    counted_at: datetime | None = None

    def __init__(self, session: Session, at: datetime | None, whose: ColumnElement[bool] | None) -> None:
        self._session, self.at, self._whose = session, at, whose
        self._read: Sums | None = None

    def sums(self, cut: Cut, by: Sequence[Dimension] = ()) -> dict[tuple[Any, ...], Counted]:
        if self._read is None:
            self._read = plain(self._session, self.at, self._whose)
        found: dict[tuple[Any, ...], list[int]] = {} if by else {(): [0] * len(COUNTS)}
        for cell, counts in self._read.items():
            if _is_wanted(cell, cut, by):
                sums = found.setdefault(tuple(getattr(cell, name) for name in by), [0] * len(COUNTS))
                for place, number in enumerate(counts):
                    sums[place] += number
        return {key: Counted(*sums) for key, sums in found.items()}

    def units(self, parent: int) -> list[Seen]:
        if self._whose is not None:
            return []  # people of a platform: the organisation is not theirs to see
        if self.at is None:
            return Kept(self._session).units(parent)
        every = (Seen(*row) for row in self._session.execute(units_then(self.at)))
        return sorted((unit for unit in every if (unit.parent_id or WHOLE) == parent), key=lambda unit: unit.name)

    def money(self) -> BudgetTable:
        # People of a platform: no budget is theirs to see.
        return budget_table(self._session, self.at) if self._whose is None else BudgetTable()


def _wanted(table: Any, cut: Cut, by: Sequence[Dimension]) -> list[ColumnElement[bool]]:
    there = and_(table.track_key == "", table.year == 0)
    did = table.track_key != "" if "track_key" in by else table.track_key == cut.track
    if cut.year is not None:
        did = and_(did, table.year == cut.year)
    wanted = [did if "track_key" in by else or_(did, there)]
    narrowed = [name for name in ("branch", "category", "population") if getattr(cut, name) is not None]
    wanted += [getattr(table, name) == getattr(cut, name) for name in narrowed]
    return wanted


def _is_wanted(cell: Cell, cut: Cut, by: Sequence[Dimension]) -> bool:
    there = cell.track_key == "" and cell.year == 0
    did = cell.track_key != "" if "track_key" in by else cell.track_key == cut.track
    did = did and (cut.year is None or cell.year == cut.year)
    return (
        cell.unit_id in cut.units
        and (did if "track_key" in by else did or there)
        and all(getattr(cut, name) in (None, getattr(cell, name)) for name in ("branch", "category", "population"))
    )
