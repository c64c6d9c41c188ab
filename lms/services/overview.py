"""HR's figures at a glance: agents declared, people trained, certificates in force."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Certificate, Enrolment, Person, utcnow
from lms.services.organisation import Scope, agents_in, people_in, with_agents


@dataclass(frozen=True)
class Overview:
    """``agents`` are those declared, and for one platform those its people are.

    ``enrolled`` and ``trained`` (who completed a track) are people, each counted once: an agent on two platforms is
    one. ``certificates`` are valid and not expired.
    """

    agents: int
    enrolled: int
    trained: int
    certificates: int


def overview(session: Session, scope: Scope) -> Overview:
    """The figures of that part of the institution; three queries."""
    agents = select(func.count()).select_from(Agent).where(agents_in(scope))
    # An agent is counted by their number, under zero; somebody who is none of HR's, by that of the person.
    who = func.coalesce(-AgentMatch.agent_id, Person.id).distinct()
    people = with_agents(
        select(func.count(who), func.count(who).filter(Enrolment.completed_at.is_not(None)))
        .select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
    ).where(people_in(scope))
    certificates = (
        select(func.count())
        .select_from(Certificate)
        .join(Person, Person.id == Certificate.person_id)
        .where(
            Certificate.status == "valid",
            Certificate.award_key.not_like("%/%"),  # a statement of attendance certifies nothing
            or_(Certificate.valid_until.is_(None), Certificate.valid_until > utcnow()),
            people_in(scope),
        )
    )
    enrolled, trained = session.execute(people).one()
    return Overview(session.scalar(agents) or 0, int(enrolled), int(trained), session.scalar(certificates) or 0)


def ministries(session: Session, scope: Scope) -> list[str]:
    """The ministries of the declared agents, by name."""
    query = select(Agent.ministry).where(Agent.ministry != "", agents_in(scope)).distinct()
    return list(session.scalars(query.order_by(Agent.ministry)))
