"""Matches that somebody must decide, or has decided: who may be whom, side by side, within what HR sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from lms.models import Agent, AgentMatch, Person, Unit, utcnow
from lms.services import figures
from lms.services.audit import record
from lms.services.matching import one_at_a_time
from lms.services.organisation import HELD, Scope, agents_in

#: Matches of a page.
PAGE = 20
STATES = ("doubtful", "confirmed", "refused", "sure")


class MatchRefused(ValueError):
    """A decision that cannot be: ``person`` is another agent already, ``agent`` another person of the platform."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Pair:
    """A match, the person and the agent it is about, and the agent's unit if any."""

    match: AgentMatch
    person: Person
    agent: Agent
    unit: Unit | None


def pairs(session: Session, scope: Scope, state: str, page: int = 1) -> tuple[Sequence[Pair], int]:
    """(a page of the matches in that state, how many there are), the oldest doubt or the last decision first."""
    wanted = [AgentMatch.state == state, _theirs(scope)]
    if state == "doubtful":
        wanted.append(~_settled())
    query = (
        select(AgentMatch, Person, Agent, Unit)
        .join(Person, Person.id == AgentMatch.person_id)
        .join(Agent, Agent.id == AgentMatch.agent_id)
        .outerjoin(Unit, Unit.id == Agent.unit_id)
        .options(joinedload(Person.platform))
        .where(*wanted)
    )
    total = session.scalar(select(func.count()).select_from(query.with_only_columns(AgentMatch.id).subquery())) or 0
    order = (AgentMatch.person_id, AgentMatch.id) if state == "doubtful" else (AgentMatch.decided_at.desc(),
                                                                             AgentMatch.id.desc())  # fmt: skip
    rows = session.execute(query.order_by(*order).offset((page - 1) * PAGE).limit(PAGE))
    return [Pair(*row) for row in rows], total


def find(session: Session, scope: Scope, number: int) -> AgentMatch | None:
    """The match of that number, when it is about an agent in that part of the organisation."""
    query = select(AgentMatch).join(Agent, Agent.id == AgentMatch.agent_id).where(AgentMatch.id == number)
    return session.scalars(query.where(_theirs(scope))).one_or_none()


def confirm(session: Session, row: AgentMatch, by: int | None) -> None:
    """They are the same. Raises ``MatchRefused``."""
    one_at_a_time(session)
    session.refresh(row)
    if row.state in HELD:
        return
    other = select(AgentMatch.id).join(Person, Person.id == AgentMatch.person_id)
    other = other.where(AgentMatch.id != row.id, AgentMatch.state.in_(HELD))
    if session.scalar(other.where(AgentMatch.person_id == row.person_id)) is not None:
        raise MatchRefused("person")
    platform_id = session.scalars(select(Person.platform_id).where(Person.id == row.person_id)).one()
    same = other.where(AgentMatch.agent_id == row.agent_id, Person.platform_id.is_not_distinct_from(platform_id))
    if session.scalar(same) is not None:
        raise MatchRefused("agent")
    _decide(session, row, "confirmed", by)


def refuse(session: Session, row: AgentMatch, by: int | None) -> None:
    """They are not the same, whatever the keys say from now on."""
    _decide(session, row, "refused", by)


def undo(session: Session, row: AgentMatch, by: int | None) -> None:
    """What somebody decided waits to be decided again."""
    if row.state in {"confirmed", "refused"}:
        _decide(session, row, "doubtful", by)


def _decide(session: Session, row: AgentMatch, state: str, by: int | None) -> None:
    row.state, row.decided_by, row.decided_at = state, by, utcnow()
    session.flush()
    figures.touch(session, agents=[row.agent_id])
    record(session, f"hr.match_{state}", f"agent:{row.agent_id}", by, person=row.person_id)


def _theirs(scope: Scope) -> ColumnElement[bool]:
    # Whoever is HR by a platform's word sees no agent that is not one of its people yet.
    return agents_in(scope) if scope.platform_id is None else false()


def _settled() -> ColumnElement[bool]:
    """Whether a doubt is answered by another match: that of the person, or of the agent on the same platform."""
    other: Any = aliased(AgentMatch)
    whose: Any = aliased(Person)
    there = exists().where(
        other.person_id == whose.id,
        other.state.in_(HELD),
        or_(
            other.person_id == AgentMatch.person_id,
            and_(other.agent_id == AgentMatch.agent_id, whose.platform_id.is_not_distinct_from(Person.platform_id)),
        ),
    )
    return there.correlate(AgentMatch, Person)
