"""What each enrolment cost, by one stated rule.

A cost is shared among the enrolments it covers: those of its fiscal year (the year of enrolment, in France), of its
track and of the learners of its course, where it names them; one attached to a budget line alone covers the agents of
the line's unit and of all under it, or everybody where the line is of the whole institution. ``per_head`` is the cost
of each; anything else, amount × quantity, is shared equally: each has as many whole cents, and the cents left go one by
one to the first enrolments in their order, so that shares always add up to the whole.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.i18n import ZONE
from lms.models import Agent, AgentMatch, AgentState, BudgetLine, Cost, Enrolment, Membership, ResourceLink, Unit
from lms.services.costs import counted
from lms.services.organisation import HELD

#: Enrolments looked at together: those whose numbers follow each other.
PAGE = 1000


def shares(whole: int, count: int) -> Iterator[int]:
    """``whole`` cents in ``count`` parts that differ by a cent at most, the larger first, and add up to it."""
    each, left = divmod(whole, count)
    return (each + (place < left) for place in range(count))


@dataclass(frozen=True)
class _Cover:
    """What the enrolments that the same costs cover are charged: ``each``, and a cent more up to each of ``last``."""

    each: int
    #: Numbers of enrolments, in order: one for each cost that has cents left, the last to be given one of them.
    last: Sequence[int]

    def of(self, enrolment_id: int) -> int:
        return self.each + len(self.last) - bisect_left(self.last, enrolment_id)


class Imputed(Mapping[int, int]):
    """Enrolment → cents, for those that a cost covers; read page by page, best in growing order."""

    def __init__(self, session: Session, covers: Mapping[int, _Cover], pairs: Select[Any]) -> None:
        self._session, self._covers, self._pairs = session, covers, pairs
        self._page: dict[int, int] = {}
        self._seen = range(0)

    def __getitem__(self, enrolment_id: int) -> int:
        if self._covers and enrolment_id not in self._seen:
            self._read(enrolment_id)
        return self._page[enrolment_id]

    def __iter__(self) -> Iterator[int]:
        after = 0
        while self._covers:
            ids = self._pairs.with_only_columns(Enrolment.id).where(Enrolment.id > after).order_by(Enrolment.id)
            found = list(self._session.scalars(ids.distinct().limit(PAGE)))
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1]

    def __len__(self) -> int:
        if not self._covers:
            return 0
        return self._session.scalar(self._pairs.with_only_columns(func.count(Enrolment.id.distinct()))) or 0

    def total(self, wanted: ColumnElement[bool]) -> int:
        """The cents of the enrolments wanted, added up by the database: a condition on ``Enrolment``."""
        pairs = self._pairs.where(wanted)
        found = _counts(self._session, pairs) if self._covers else {}
        whole_cents = sum(self._covers[cost_id].each * count for cost_id, count in found.items())
        for cost_id in found:
            for last in self._covers[cost_id].last:
                given = pairs.with_only_columns(func.count()).where(Cost.id == cost_id, Enrolment.id <= last)
                whole_cents += self._session.scalar(given) or 0
        return whole_cents

    def _read(self, first: int) -> None:
        self._seen = range(first, first + PAGE)
        page = defaultdict[int, int](int)
        for cost_id, enrolment_id in self._session.execute(
            self._pairs.where(Enrolment.id >= first, Enrolment.id < first + PAGE)
        ):
            page[enrolment_id] += self._covers[cost_id].of(enrolment_id)
        self._page = dict(page)


def imputed(session: Session, year: int | None = None, *, at: datetime | None = None) -> Imputed:
    """What each enrolment cost, of one fiscal year or of all, by what is known now or was at that date.

    In bounded memory: what is kept is about costs, and a page of enrolments.
    """
    query = select(Cost).where(counted(at)).order_by(Cost.id)
    rows = session.scalars(query if year is None else query.where(Cost.year == year)).all()
    alike = defaultdict[tuple[Any, ...], list[Cost]](list)
    for row in rows:
        alike[_what(row)].append(row)
    together = {group[0].id: group for group in alike.values()}
    pairs = _pairs(together, {row.year for row in rows}, at)
    counts = _counts(session, pairs) if together else {}
    covers = {
        cost_id: _cover(session, pairs.where(Cost.id == cost_id), group, counts[cost_id])
        for cost_id, group in together.items()
        if cost_id in counts
    }
    return Imputed(session, covers, pairs)


def covered(session: Session, costs: Iterable[Cost], at: datetime | None = None) -> dict[int, int]:
    """Number of a cost → how many enrolments it covers, for those that cover any."""
    rows = list(costs)
    return _counts(session, _pairs([row.id for row in rows], {row.year for row in rows}, at)) if rows else {}


def whole(cost: Cost, count: int) -> int:
    """What a cost that covers so many enrolments comes to, in cents."""
    return cost.amount * (count if cost.kind == "per_head" else cost.quantity)


def _cover(session: Session, pairs: Select[Any], group: Sequence[Cost], count: int) -> _Cover:
    ids = pairs.with_only_columns(Enrolment.id).order_by(Enrolment.id)
    each, last = 0, list[int]()
    for cost in group:
        more, left = divmod(whole(cost, count), count)
        each += more
        if left:
            last.append(session.scalars(ids.offset(left - 1).limit(1)).one())
    return _Cover(each, sorted(last))


def _counts(session: Session, pairs: Select[Any]) -> dict[int, int]:
    rows = session.execute(pairs.with_only_columns(Cost.id, func.count()).group_by(Cost.id))
    return dict(rows.tuples().all())


def _what(cost: Cost) -> tuple[Any, ...]:
    """What costs that cover the same enrolments have in common."""
    alone = cost.track_key is None and cost.context_id is None
    return cost.year, cost.track_key, cost.context_id, cost.line_id if alone else None


def _pairs(cost_ids: Iterable[int], years: Iterable[int], at: datetime | None) -> Select[Any]:
    """(cost, enrolment) for each enrolment that one of these costs covers."""
    query: Any = select(Cost.id, Enrolment.id).select_from(Cost).join(Enrolment, _covers(sorted(years), at))
    asked: Select[Any] = query.where(Cost.id.in_(list(cost_ids)))
    return asked


def _covers(years: Sequence[int], at: datetime | None) -> ColumnElement[bool]:
    in_year = or_(false(), *(and_(Cost.year == year, *_enrolled_in(year)) for year in years))
    of_track = or_(Cost.track_key.is_(None), Cost.track_key == Enrolment.track_key)
    of_course = or_(Cost.context_id.is_(None), _followed_there())
    alone = Cost.track_key.is_(None) & Cost.context_id.is_(None)
    by_then = [] if at is None else [Enrolment.enrolled_at <= at]
    return and_(in_year, of_track, of_course, or_(~alone, _of_the_line(at)), *by_then)


def _enrolled_in(year: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    begin, end = datetime(year, 1, 1, tzinfo=ZONE), datetime(year + 1, 1, 1, tzinfo=ZONE)
    return Enrolment.enrolled_at >= begin, Enrolment.enrolled_at < end


def _followed_there() -> ColumnElement[bool]:
    """Whether the enrolment is of a learner of the cost's course, in a track placed there."""
    learner = select(Membership.id).where(
        Membership.context_id == Cost.context_id, Membership.person_id == Enrolment.person_id,
        Membership.role == "learner",
    )  # fmt: skip
    placed = select(ResourceLink.id).where(
        ResourceLink.context_id == Cost.context_id, ResourceLink.track_key == Enrolment.track_key
    )
    return and_(learner.correlate(Cost, Enrolment).exists(), placed.correlate(Cost, Enrolment).exists())


def _of_the_line(at: datetime | None) -> ColumnElement[bool]:
    """Whether the enrolment is of an agent of the unit of the cost's line, or of one under it."""
    whole_line = select(BudgetLine.id).where(BudgetLine.id == Cost.line_id, BudgetLine.unit_id.is_(None))
    top, place = aliased(Unit), _places(at)
    agent = (
        select(AgentMatch.id)
        .join(place, place.c.agent_id == AgentMatch.agent_id)
        .join(Unit, Unit.id == place.c.unit_id)
        .join(BudgetLine, BudgetLine.id == Cost.line_id)
        .join(top, top.id == BudgetLine.unit_id)
        .where(
            AgentMatch.person_id == Enrolment.person_id, AgentMatch.state.in_(HELD),
            Unit.path.startswith(top.path, autoescape=False),
        )
    )  # fmt: skip
    return or_(whole_line.correlate(Cost).exists(), agent.correlate(Cost, Enrolment).exists())


def _places(at: datetime | None) -> Any:
    """Each agent and their unit, now or at that date."""
    if at is None:
        return select(Agent.id.label("agent_id"), Agent.unit_id).subquery()
    then = (AgentState.since <= at) & or_(AgentState.until.is_(None), AgentState.until > at)
    return select(AgentState.agent_id, AgentState.unit_id).where(then).subquery()
