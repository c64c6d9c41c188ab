"""Agents counted where they are: a unit and its parts, each with all under it.

Those of now are the sums kept (``lms.services.figures``), brought up to date with the agents touched since: no page
reads every agent, and none is wrong in silence, for where too many were touched it is said.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import String, and_, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from lms.models import Agent, AgentFigure, AgentState, Figure, FigureDirty, Unit
from lms.services.figure_facts import ancestors
from lms.services.organisation import Place, Scope, tree, units_in

#: Agents touched and not counted yet whom a page counts itself; beyond, it says that they are being counted.
MOST_TOUCHED = 2000


class Heads(NamedTuple):
    """How many ``agents`` there are, of whom ``population`` are of P."""

    agents: int
    population: int


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


def heads(session: Session, units: Collection[int]) -> tuple[Mapping[int, Heads], bool]:
    """(the agents of each of these units with all under it, whether changes of before are still being counted).

    ``WHOLE`` is the institution, agents without unit included. One statement, for the sums and the agents touched since
    to be of one moment; it costs the same for any number of agents.
    """
    some = select(FigureDirty.agent_id).order_by(FigureDirty.id).limit(MOST_TOUCHED + 1).cte("some")
    touched, nowhere = select(some.c.agent_id).distinct(), cast(null(), String)
    own = AgentFigure
    kept = (
        select(Figure.unit_id, nowhere.label("path"), Figure.population, func.sum(Figure.agents).label("agents"))
        .where(Figure.unit_id.in_(units), Figure.track_key == "", Figure.year == 0)
        .group_by(Figure.unit_id, Figure.population)
    )
    now = select(null(), func.coalesce(Unit.path, ""), Agent.population, literal(1))
    now = now.outerjoin(Unit, Unit.id == Agent.unit_id).where(Agent.id.in_(touched), Agent.left_at.is_(None))
    then = select(null(), own.path, own.population, literal(-1))
    then = then.where(own.agent_id.in_(touched), own.track_key == "", own.year == 0)
    many = select(null(), nowhere, literal(False), func.count()).select_from(some)
    sums, late = {unit: [0, 0] for unit in units}, False
    query: Any = union_all(kept, now, then, many)
    for unit, path, member, agents in session.execute(query):
        if unit is None and path is None:
            late = agents > MOST_TOUCHED
        for each in [unit] if unit is not None else ancestors(path) if path is not None else []:
            if each in sums:
                sums[each][0] += agents
                sums[each][1] += agents if member else 0
    return {unit: Heads(*counts) for unit, counts in sums.items()}, late


def parts(session: Session, scope: Scope, parent: Unit | None) -> tuple[list[Part], bool]:
    """(the unit and its parts, or with None the tops of what HR sees; whether changes are still being counted).

    By name, the unit itself first. Two queries.
    """
    here, below = Unit, aliased(Unit)
    if parent is not None:
        wanted = or_(here.id == parent.id, here.parent_id == parent.id)
    elif scope.paths is not None:
        wanted = here.path.in_(scope.paths)
    else:
        wanted = and_(here.parent_id.is_(None), units_in(scope))
    columns = (here.id, here.code, here.parent_id, here.kind, here.name, here.path)
    query = (
        select(*columns, func.count(below.id) - 1)
        .join(below, below.path.startswith(here.path))
        .where(wanted, here.closed_at.is_(None), below.closed_at.is_(None))
        .group_by(*columns)
    )
    rows = session.execute(query).all()
    counted, late = heads(session, [row.id for row in rows])
    found = [Part(*row[:6], *counted[row.id], int(row[6])) for row in rows]
    own = parent.id if parent else None
    return sorted(found, key=lambda part: (part.id != own, part.name.casefold(), part.id)), late


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
