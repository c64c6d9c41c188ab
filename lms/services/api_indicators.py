"""The figures that the API gives of a part of the organisation: no name, and none so small that it tells of one."""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Certificate, Enrolment, utcnow
from lms.services.indicators import INDICATORS_VERSION
from lms.services.organisation import HELD, Scope, agents_in

#: A figure below it is not given.
SMALLEST = 5


@dataclass(frozen=True)
class Figures:
    """Distinct agents of the population P: all, enrolled, trained (a track completed), certified (in force now).

    None where a figure is hidden; ``version`` is that of the definitions.
    """

    version: str
    population: int | None
    enrolled: int | None
    trained: int | None
    certified: int | None


def figures(session: Session, reach: Scope) -> Figures:
    """The figures of that part as a whole: no cut is offered, so that no difference tells what is hidden."""
    of_p = and_(agents_in(reach), Agent.population.is_(True), Agent.left_at.is_(None))
    population = session.scalar(select(func.count(Agent.id)).where(of_p)) or 0
    held = and_(AgentMatch.agent_id == Agent.id, AgentMatch.state.in_(HELD))
    followed = select(
        func.count(Agent.id.distinct()), func.count(Agent.id.distinct()).filter(Enrolment.completed_at.is_not(None))
    ).join(AgentMatch, held)
    enrolled, trained = session.execute(
        followed.join(Enrolment, Enrolment.person_id == AgentMatch.person_id).where(of_p)
    ).one()
    in_force = and_(
        Certificate.person_id == AgentMatch.person_id,
        Certificate.status == "valid",
        Certificate.award_key.not_like("%/%"),  # a statement of attendance certifies nothing
        or_(Certificate.valid_until.is_(None), Certificate.valid_until > utcnow()),
    )
    certified = session.scalar(
        select(func.count(Agent.id.distinct())).join(AgentMatch, held).join(Certificate, in_force).where(of_p)
    )
    numbers = _hidden(population, enrolled, trained, certified or 0)
    return Figures(INDICATORS_VERSION, *numbers)


def _hidden(*numbers: int) -> tuple[int | None, ...]:
    """Small ones hidden, and those so near to another that the difference is small: who is left would be known."""
    large = [number if number == 0 or number >= SMALLEST else None for number in numbers]
    for place in range(1, len(large)):
        above = next((each for each in reversed(large[:place]) if each is not None), None)
        number = large[place]
        if above is not None and number is not None and 0 < above - number < SMALLEST:
            large[place] = None
    return tuple(large)
