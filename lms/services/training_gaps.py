"""Who is to be trained next: agents of P by name, for whoever plans their training, in their scope alone."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentFigure, Unit
from lms.services.dashboards import Asked, place
from lms.services.organisation import Scope, agents_in

#: Agents listed at a time.
PAGE = 50


@dataclass(frozen=True)
class ToTrain:
    """An agent to train: who and where, and since when they are enrolled, if they are."""

    number: str
    name: str
    unit: str
    category: str
    enrolled: bool


def to_train(session: Session, scope: Scope, asked: Asked, page: int) -> tuple[list[ToTrain], bool]:
    """(the agents of P not trained yet, those enrolled first, then by name; whether there are more).

    Trained is having completed the track asked, or any. Those enrolled and the others are two lists, one read after
    the other: each comes in the order of an index, and no page of millions is put in order. Four queries at most.
    Raises ``NotInScope``.
    """
    units, _trail = place(session, scope, asked.unit_id)
    did = and_(AgentFigure.agent_id == Agent.id, AgentFigure.track_key == asked.track)
    enrolled = exists().where(did, AgentFigure.enrolled > 0)
    wanted = [Agent.left_at.is_(None), Agent.population.is_(True), ~exists().where(did, AgentFigure.completed > 0)]
    if not scope.whole:
        wanted.append(agents_in(scope))
    if asked.unit_id is not None:
        path = select(Unit.path).where(Unit.id == units[0]).scalar_subquery()
        wanted.append(Agent.unit_id.in_(select(Unit.id).where(Unit.path.like(path + "%"))))
    if asked.branch:
        wanted.append(Agent.branch == asked.branch)
    if asked.category:
        wanted.append(Agent.category == asked.category)
    begun, others = [*wanted, enrolled], [*wanted, ~enrolled]
    first, wide = page * PAGE, scope.whole and asked.unit_id is None
    found = [_shown(row, enrolled=True) for row in session.execute(_listed(begun, first, PAGE + 1, wide=wide))]
    if len(found) <= PAGE:
        known = first + len(found) if found or not page else session.scalar(_counted(begun)) or 0
        rest = session.execute(_listed(others, max(0, first - known), PAGE + 1 - len(found), wide=wide))
        found += [_shown(row, enrolled=False) for row in rest]
    return found[:PAGE], len(found) > PAGE


def _listed(wanted: list[ColumnElement[bool]], after: int, most: int, *, wide: bool) -> Select[Any]:
    query: Any = select(Agent, Unit.name).outerjoin(Unit, Unit.id == Agent.unit_id).where(*wanted)
    # The few of a unit are put in order: looked for in the index of names, they would be behind millions of others.
    # Their name with nothing added is in no index.
    name: Any = Agent.family_name if wide else Agent.family_name + ""
    ordered: Select[Any] = query.order_by(name, Agent.given_name, Agent.id).limit(most).offset(after)
    return ordered


def _counted(wanted: list[ColumnElement[bool]]) -> Select[Any]:
    return select(func.count()).select_from(Agent).where(*wanted)


def _shown(row: Any, *, enrolled: bool) -> ToTrain:
    agent, unit = row
    return ToTrain(agent.number, f"{agent.family_name} {agent.given_name}", unit or "", agent.category, enrolled)
