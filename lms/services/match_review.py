"""Matches that somebody must decide, or has decided: who may be whom, side by side, within what HR sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, literal, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from lms.models import Agent, AgentMatch, Person, Unit, utcnow
from lms.models.base import UtcDateTime
from lms.services import figures
from lms.services.audit import record
from lms.services.bounded import so_many
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


def pairs(session: Session, scope: Scope, state: str, after: int = 0) -> tuple[Sequence[Pair], int | None]:
    """(a page of the matches in that state, the number of its last one when others follow).

    The doubts come by person, what was decided by its last decision first; ``after`` is the number of a match: what
    comes after it. Two queries at most, whatever the number of matches.
    """
    query = (
        select(AgentMatch, Person, Agent, Unit)
        .join(Person, Person.id == AgentMatch.person_id)
        .join(Agent, Agent.id == AgentMatch.agent_id)
        .outerjoin(Unit, Unit.id == Agent.unit_id)
        .options(joinedload(Person.platform))
        .where(*_in_state(state, scope))
    )
    last = session.get(AgentMatch, after) if after else None
    if state == "doubtful":
        query = query.order_by(AgentMatch.person_id, AgentMatch.id)
        if last is not None:
            query = query.where(tuple_(AgentMatch.person_id, AgentMatch.id) > tuple_(last.person_id, last.id))
    else:
        query = query.order_by(AgentMatch.decided_at.desc(), AgentMatch.id.desc())
        if last is not None:
            place = tuple_(literal(last.decided_at, UtcDateTime), literal(last.id))
            query = query.where(tuple_(AgentMatch.decided_at, AgentMatch.id) < place)
    found = [Pair(*row) for row in session.execute(query.limit(PAGE + 1))]
    return found[:PAGE], found[PAGE - 1].match.id if len(found) > PAGE else None


def waiting(session: Session, scope: Scope) -> int:
    """How many doubts wait for a decision; ``COUNTED + 1`` where more than ``lms.i18n.COUNTED`` do."""
    query = select(AgentMatch.id).join(Person, Person.id == AgentMatch.person_id)
    query = query.join(Agent, Agent.id == AgentMatch.agent_id).where(*_in_state("doubtful", scope))
    return session.scalar(select(so_many(query))) or 0


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


def _in_state(state: str, scope: Scope) -> list[ColumnElement[bool]]:
    # Written out, as the two indexes have it: SQLite does not look for a given value there.
    doubtful: ColumnElement[str] = literal_column("'doubtful'")
    if state != "doubtful":
        return [AgentMatch.state == state, AgentMatch.state != doubtful, _theirs(scope)]
    return [AgentMatch.state == doubtful, _theirs(scope), ~_settled()]


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
