"""The organisation as it is or was, and the part of it that somebody with the HR role sees."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, HrScope, Person, Unit, UnitState
from lms.services.bounded import values_of
from lms.tables import Scope

__all__ = [
    "HELD", "Place", "Scope", "agents_in", "ancestors", "ministries", "people_in", "scope_of", "sees", "subtree_ids",
    "tree", "units_in", "with_agents",
]  # fmt: skip

#: A person is an agent once a key that the settings believe says so, or somebody did.
HELD = ("sure", "confirmed")


@dataclass(frozen=True)
class Place:
    """A unit at some time: what it was called, and where it was. ``path`` is made of its parents of then."""

    id: int
    code: str
    parent_id: int | None
    kind: str
    name: str
    siret: str | None
    path: str

    @property
    def depth(self) -> int:
        """How many units are above it."""
        return self.path.count(".") - 1


def scope_of(session: Session, person: Person) -> Scope:
    """What that person may see as HR: the units opened to them; without any, everything or their platform's people."""
    opened = select(Unit.path).join(HrScope, HrScope.unit_id == Unit.id).where(HrScope.person_id == person.id)
    paths = tuple(session.scalars(opened.order_by(Unit.path)))
    tops = tuple(path for path in paths if not any(path != other and path.startswith(other) for other in paths))
    if tops:
        return Scope(tops)
    return Scope(None, person.platform_id)


def units_in(scope: Scope) -> ColumnElement[bool]:
    """Whether a ``Unit`` is in that part of the organisation."""
    if scope.paths is None:
        return true() if scope.platform_id is None else false()
    return or_(*(Unit.path.startswith(path, autoescape=True) for path in scope.paths))


def agents_in(scope: Scope) -> ColumnElement[bool]:
    """Whether an ``Agent`` is of that part of the organisation, or one of the platform's people."""
    if scope.paths is not None:
        return Agent.unit_id.in_(select(Unit.id).where(units_in(scope)).correlate(None))
    if scope.platform_id is None:
        return true()
    theirs = select(AgentMatch.agent_id).join(Person, Person.id == AgentMatch.person_id).correlate(None)
    return Agent.id.in_(theirs.where(AgentMatch.state.in_(HELD), Person.platform_id == scope.platform_id))


def people_in(scope: Scope) -> ColumnElement[bool]:
    """Whether a ``Person`` is of that part of the organisation, by the agent they are, or of the platform."""
    if scope.paths is not None:
        theirs = select(AgentMatch.person_id).join(Agent, Agent.id == AgentMatch.agent_id).correlate(None)
        return Person.id.in_(theirs.where(AgentMatch.state.in_(HELD), agents_in(scope)))
    return true() if scope.platform_id is None else Person.platform_id == scope.platform_id


def with_agents(query: Any) -> Any:
    """A query of ``Person`` with the ``Agent`` each one is, or none: never more than one."""
    held = and_(AgentMatch.person_id == Person.id, AgentMatch.state.in_(HELD))
    return query.outerjoin(AgentMatch, held).outerjoin(Agent, Agent.id == AgentMatch.agent_id)


def ministries(session: Session, scope: Scope) -> list[str]:
    """The ministries of the declared agents, by name.

    Each is found in the index after the one before it: as many steps as ministries, whatever the number of agents.
    """
    query = values_of(Agent.ministry)
    if not scope.whole:
        name = query.selected_columns[0]
        one = select(Agent.id).where(Agent.ministry == name, agents_in(scope)).limit(1)
        query = query.where(one.correlate(name.table).scalar_subquery().is_not(None))
    return list(session.scalars(query))


def sees(scope: Scope, unit: Unit | None) -> bool:
    """Whether that unit, or with None the whole institution, is in that part."""
    if unit is None or scope.paths is None:
        return scope.whole
    return any(unit.path.startswith(path) for path in scope.paths)


def tree(session: Session, at: datetime | None = None) -> list[Place]:
    """Every unit there is, or was at ``at``: each before those under it, those of one unit by name. One query."""
    if at is None:
        columns = (Unit.id, Unit.code, Unit.parent_id, Unit.kind, Unit.name, Unit.siret)
        query = select(*columns).where(Unit.closed_at.is_(None))
    else:
        state = UnitState
        query = select(Unit.id, Unit.code, state.parent_id, state.kind, state.name, state.siret)
        query = query.join(state, state.unit_id == Unit.id)
        query = query.where(state.since <= at, or_(state.until.is_(None), state.until > at))
    rows = sorted(session.execute(query), key=lambda row: (row.name.casefold(), row.id), reverse=True)
    known = {row.id for row in rows}
    under = defaultdict[int | None, list[Any]](list)
    for row in rows:
        under[row.parent_id if row.parent_id in known else None].append(row)
    found, waiting = list[Place](), [(row, "") for row in under[None]]
    while waiting:
        row, above = waiting.pop()
        place = Place(row.id, row.code, row.parent_id, row.kind, row.name, row.siret, f"{above}{row.id}.")
        found.append(place)
        waiting += [(each, place.path) for each in under[row.id]]
    return found


def ancestors(session: Session, unit_id: int, at: datetime | None = None) -> list[Place]:
    """The units above that one, the top first; empty when it is not there."""
    places = tree(session, at)
    own = next((place.path for place in places if place.id == unit_id), "")
    return [place for place in places if own.startswith(place.path) and place.id != unit_id]


def subtree_ids(session: Session, unit_id: int, at: datetime | None = None) -> set[int]:
    """That unit and all under it, by number; empty when it is not there."""
    places = tree(session, at)
    own = next((place.path for place in places if place.id == unit_id), None)
    return set() if own is None else {place.id for place in places if place.path.startswith(own)}
