"""How many agents of the population are trained, and what training one of them in a track has cost."""

from fractions import Fraction

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Enrolment, Unit
from lms.services.imputation import imputed
from lms.services.indicators import CP
from lms.services.organisation import HELD


def trained_of(session: Session, unit: Unit | None) -> tuple[int, int]:
    """(P, distinct agents of P who completed a track) of a unit with all under it, None for the whole; now."""
    ours = (Agent.population, Agent.left_at.is_(None), _of(unit))
    population = session.scalar(select(func.count()).select_from(Agent).where(*ours)) or 0
    done = (
        select(func.count(Agent.id.distinct()))
        .join(AgentMatch, AgentMatch.agent_id == Agent.id)
        .join(Enrolment, Enrolment.person_id == AgentMatch.person_id)
        .where(*ours, AgentMatch.state.in_(HELD), Enrolment.completed_at.is_not(None))
    )
    return population, session.scalar(done) or 0


def track_cost(session: Session, track_key: str) -> CP | None:
    """What one person trained in that track cost until now, dropouts included: cents, half to even; None if unknown."""
    trained = session.scalar(
        select(func.count())
        .select_from(Enrolment)
        .where(Enrolment.track_key == track_key, Enrolment.completed_at.is_not(None))
    )
    if not trained:
        return None
    return CP(round(Fraction(imputed(session).total(Enrolment.track_key == track_key), trained))) or None


def _of(unit: Unit | None) -> ColumnElement[bool]:
    if unit is None:
        return true()
    return Agent.unit_id.in_(select(Unit.id).where(Unit.path.startswith(unit.path, autoescape=True)))
