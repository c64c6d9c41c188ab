"""Agents counted where they are: a unit and its parts, each with all under it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.models import Agent, AgentState, Unit
from lms.services.organisation import Place, Scope, tree, units_in


@dataclass(frozen=True)
class Part:
    """A unit with what is under it: ``agents``, of whom ``population`` are of P, and how many ``units``."""

    id: int
    code: str
    parent_id: int | None
    kind: str
    name: str
    path: str
    agents: int
    population: int
    units: int


def parts(session: Session, scope: Scope, parent: Unit | None) -> list[Part]:
    """The unit and its parts, or with None the tops of what HR sees; by name, the unit itself first. One query."""
    here, below = Unit, aliased(Unit)
    each: Any = (
        select(Agent.unit_id, func.count().label("agents"), func.count().filter(Agent.population).label("population"))
        .where(Agent.left_at.is_(None), Agent.unit_id.is_not(None))
        .group_by(Agent.unit_id)
        .subquery()
    )
    if parent is not None:
        wanted = or_(here.id == parent.id, here.parent_id == parent.id)
    elif scope.paths is not None:
        wanted = here.path.in_(scope.paths)
    else:
        wanted = and_(here.parent_id.is_(None), units_in(scope))
    columns = (here.id, here.code, here.parent_id, here.kind, here.name, here.path)
    query = (
        select(
            *columns,
            func.coalesce(func.sum(each.c.agents), 0),
            func.coalesce(func.sum(each.c.population), 0),
            func.count(below.id) - 1,
        )
        .join(below, below.path.startswith(here.path))
        .outerjoin(each, each.c.unit_id == below.id)
        .where(wanted, here.closed_at.is_(None), below.closed_at.is_(None))
        .group_by(*columns)
    )
    found = [Part(*row[:6], *(int(number) for number in row[6:])) for row in session.execute(query)]
    own = parent.id if parent else None
    return sorted(found, key=lambda part: (part.id != own, part.name.casefold(), part.id))


def parts_at(session: Session, scope: Scope, parent: Unit | None, at: datetime) -> tuple[list[Place], list[Part]]:
    """(the units above, the unit and its parts) as they were at ``at``; with None, the tops HR sees. Two queries.

    HR sees the past of the units that are in its part today.
    """
    counts = select(AgentState.unit_id, func.count(), func.count().filter(AgentState.population))
    counts = counts.where(AgentState.since <= at, or_(AgentState.until.is_(None), AgentState.until > at))
    there = {row[0]: (row[1], row[2]) for row in session.execute(counts.group_by(AgentState.unit_id))}
    places = tree(session, at)
    sums = defaultdict[str, list[int]](lambda: [0, 0, -1])
    for place in places:
        agents, population = there.get(place.id, (0, 0))
        numbers = place.path.split(".")[:-1]
        for depth in range(1, len(numbers) + 1):
            total = sums[".".join(numbers[:depth]) + "."]
            total[0], total[1], total[2] = total[0] + agents, total[1] + population, total[2] + 1
    if parent is None:
        tops = {int(path.split(".")[-2]) for path in scope.paths or ()}
        shown = [place for place in places if place.id in tops or (scope.whole and place.depth == 0)]
        return [], [_part(place, sums) for place in shown]
    own = next((place.path for place in places if place.id == parent.id), "")
    above = [place for place in places if own.startswith(place.path) and place.path != own]
    shown = [
        place for place in places if own and place.path.startswith(own) and place.path.count(".") <= own.count(".") + 1
    ]
    return above, [_part(place, sums) for place in shown]


def _part(place: Place, sums: dict[str, list[int]]) -> Part:
    return Part(place.id, place.code, place.parent_id, place.kind, place.name, place.path, *sums[place.path])
