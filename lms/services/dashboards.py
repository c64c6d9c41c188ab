"""What HR's dashboard says of a part of the organisation: few queries, the same number whatever its size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.masking import TOTAL, hidden, with_totals
from lms.models import Unit
from lms.services import indicators as formulas
from lms.services.budgets import Amounts
from lms.services.figure_facts import WHOLE
from lms.services.indicators import CP
from lms.services.organisation import Scope
from lms.services.sources import Counted, Cut, Seen, Source, last_closing, source
from lms.services.trajectory import BudgetedYear, Trajectory, compared, year_against


@dataclass(frozen=True)
class Asked:
    """What the dashboard is asked: a unit (None: all in scope), cuts, and a day (None: now)."""

    unit_id: int | None = None
    branch: str | None = None
    category: str | None = None
    track: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Part:
    """A row of a table by one dimension. A count that is None is masked."""

    key: Any
    counts: Mapping[str, int | None]

    def share(self, part: str, whole: str) -> Fraction | None:
        """A ratio of two counts; None when either is masked, or the whole is nobody."""
        one, other = self.counts[part], self.counts[whole]
        return Fraction(one, other) if one is not None and other else None


@dataclass(frozen=True)
class Board:
    """The dashboard. ``by_unit`` and ``by_category`` are None when they cannot be shown without telling of a few.

    ``money`` is the budget of the year, ``judged`` the same against the path; None before the reference year.
    """

    year: int
    how: str
    #: When a day of the past was counted, where it was before this was asked.
    counted_at: datetime | None
    day: date | None
    total: Part
    in_year: Part
    before: Part | None
    before_day: date | None
    trail: tuple[Seen, ...]
    children: tuple[Seen, ...]
    by_unit: tuple[Part, ...] | None
    by_category: tuple[Part, ...] | None
    by_track: tuple[Part, ...]
    money: Amounts | None
    trajectory: Trajectory | None
    judged: BudgetedYear | None

    @property
    def payment_rate(self) -> Fraction | None:
        """AI's CP paid over its AE committed, in the year."""
        return formulas.payment_rate(self.money.ai_cp, self.money.ai_ae) if self.money else None

    def cost(self, count: str) -> CP | None:
        """AI's CP of the year for each agent who was trained, or certified, in it."""
        people = self.in_year.counts[count]
        return formulas.cost_per_person(self.money.ai_cp, people) if self.money and people else None


class NotInScope(ValueError):
    """The unit asked is no part of what this person sees."""


def board(session: Session, scope: Scope, asked: Asked, today: date, below: int) -> Board:
    """The dashboard of that part. Raises ``NotInScope``, and ``BeingCounted`` where that day is to be counted first."""
    units, trail = place(session, scope, asked.unit_id)
    read = source(session, scope, asked.day, hurried=True)
    cut = Cut(units, asked.branch, asked.category, asked.track)
    year = (asked.day or today).year
    total = read.sums(cut)[()]
    in_year = read.sums(Cut(**{**vars(cut), "year": year}))[()]
    children = _children(session, read, scope, units)
    before_day, before = _before(session, scope, asked, today, cut)
    by_unit, by_category = _tables(read, cut, children, total, below)
    by_track = read.sums(cut, ("track_key",)).items()
    years, reference = read.money().of(units)
    judged = year_against(reference, years, year)
    return Board(
        year=year, how=read.how, counted_at=read.counted_at, day=asked.day,
        total=_part((), total, below), in_year=_part((), in_year, below),
        before=_part((), before, below) if before else None, before_day=before_day, trail=trail, children=children,
        by_unit=by_unit, by_category=by_category,
        by_track=tuple(_part(key[0], counts, below) for key, counts in sorted(by_track)),
        money=years.get(year), trajectory=compared(reference, years) if reference and judged else None, judged=judged,
    )  # fmt: skip


def place(session: Session, scope: Scope, unit_id: int | None) -> tuple[tuple[int, ...], tuple[Seen, ...]]:
    """(the units counted, those that lead there from the top of the scope, the last one included)."""
    if unit_id is None:
        return tops(scope), ()
    unit = session.get(Unit, unit_id)
    if unit is None or scope.platform_id is not None:
        raise NotInScope(unit_id)
    first = next((path for path in scope.paths or ("",) if unit.path.startswith(path)), None)
    if first is None:
        raise NotInScope(unit_id)
    known = [int(part) for part in unit.path.split(".") if part]
    shown = known[max(first.count(".") - 1, 0) :]
    rows = session.scalars(select(Unit).where(Unit.id.in_(shown)).order_by(func.length(Unit.path)))
    return (unit.id,), tuple(Seen(row.id, row.parent_id, row.kind, row.name) for row in rows)


def tops(scope: Scope) -> tuple[int, ...]:
    """The topmost units of a scope."""
    return (WHOLE,) if scope.paths is None else tuple(int(path.split(".")[-2]) for path in scope.paths)


def _children(session: Session, read: Source, scope: Scope, units: tuple[int, ...]) -> tuple[Seen, ...]:
    if len(units) == 1:
        return tuple(read.units(units[0])) if scope.platform_id is None else ()
    rows = session.scalars(select(Unit).where(Unit.id.in_(units)).order_by(Unit.name))
    return tuple(Seen(row.id, row.parent_id, row.kind, row.name) for row in rows)


def _before(session: Session, scope: Scope, asked: Asked, today: date, cut: Cut) -> tuple[date | None, Counted | None]:
    """The figures of a year before, at the last month's end kept then; nothing for the people of one platform."""
    if scope.platform_id is not None:
        return None, None
    then = asked.day or today
    day = last_closing(
        session, then.replace(year=then.year - 1, day=min(then.day, 28) if then.month == 2 else then.day)
    )
    if day is None:
        return None, None
    return day, source(session, scope, day).sums(cut)[()]


def _tables(
    read: Source, cut: Cut, children: Sequence[Seen], total: Counted, below: int
) -> tuple[tuple[Part, ...] | None, tuple[Part, ...] | None]:
    here = Cut(**{**vars(cut), "units": tuple(unit.id for unit in children)})
    units = {key[0]: counts for key, counts in read.sums(here, ("unit_id",)).items()} if children else {}
    wanted = {unit.id: units.get(unit.id, Counted()) for unit in children}
    # Agents of the unit itself, in none of those under it.
    rest = Counted(*(whole - sum(parts) for whole, *parts in zip(total, *wanted.values(), strict=True)))
    if children and any(rest):
        wanted[WHOLE] = rest
    categories = {key[0]: counts for key, counts in read.sums(cut, ("category",)).items()}
    return masked(wanted, below), masked(dict(sorted(categories.items())), below)


def masked(rows: Mapping[Any, Counted], below: int) -> tuple[Part, ...] | None:
    """The rows with their small counts hidden, and what protects them; None when their total would have to be."""
    found: dict[Any, dict[str, int | None]] = {key: {} for key in rows}
    for place, name in enumerate(Counted._fields):
        table = with_totals({(str(key),): counts[place] for key, counts in rows.items()})
        # Minutes tell about an agent what their being trained does: they are hidden with it.
        away = hidden(table, below) if name != "minutes" else frozenset[tuple[str, ...]]()
        if (TOTAL,) in away and table[TOTAL,] >= below:
            return None
        for key, counts in rows.items():
            found[key][name] = None if (str(key),) in away else counts[place]
    for counts_shown in found.values():
        if counts_shown["completed"] is None or counts_shown["enrolled"] is None:
            counts_shown["minutes"] = None
    return tuple(Part(key, shown) for key, shown in found.items())


def _part(key: Any, counts: Counted, below: int) -> Part:
    shown: dict[str, int | None] = {
        name: None if 0 < number < below and name != "minutes" else number for name, number in counts._asdict().items()
    }
    if shown["enrolled"] is None or shown["completed"] is None:
        shown["minutes"] = None
    return Part(key, shown)


def today_here(now: datetime) -> date:
    """The day as lived in France."""
    return now.astimezone(ZONE).date()
