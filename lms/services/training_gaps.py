"""Who is to be trained next: agents of P by name, for whoever plans their training, in their scope alone."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, select
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
    """(the agents of P not trained yet, those enrolled first, then by name; whether there are more). Two queries.

    Trained is having completed the track asked, or any. Raises ``NotInScope``.
    """
    units, _trail = place(session, scope, asked.unit_id)
    did = and_(AgentFigure.agent_id == Agent.id, AgentFigure.track_key == asked.track)
    trained = exists().where(did, AgentFigure.completed > 0)
    enrolled = exists().where(did, AgentFigure.enrolled > 0)
    query: Any = select(Agent, Unit.name, enrolled).outerjoin(Unit, Unit.id == Agent.unit_id)
    query = query.where(agents_in(scope), Agent.left_at.is_(None), Agent.population.is_(True), ~trained)
    if asked.unit_id is not None:
        path = select(Unit.path).where(Unit.id == units[0]).scalar_subquery()
        query = query.where(Unit.path.like(path + "%"))
    if asked.branch:
        query = query.where(Agent.branch == asked.branch)
    if asked.category:
        query = query.where(Agent.category == asked.category)
    query = query.order_by(enrolled.desc(), Agent.family_name, Agent.given_name, Agent.id)
    rows = session.execute(query.limit(PAGE + 1).offset(page * PAGE)).all()
    found = [
        ToTrain(row.number, f"{row.family_name} {row.given_name}", unit or "", row.category, bool(begun))
        for row, unit, begun in rows[:PAGE]
    ]
    return found, len(rows) > PAGE
