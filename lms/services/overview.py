"""HR's figures at a glance: agents declared, people trained, certificates in force."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.models import Agent, Certificate, Enrolment, Person, utcnow


@dataclass(frozen=True)
class Overview:
    """``agents`` are those declared, and for one platform those its people are; people are distinct.

    ``trained`` completed a track; ``certificates`` are valid and not expired.
    """

    agents: int
    enrolled: int
    trained: int
    certificates: int


def overview(session: Session, platform_id: int | None = None) -> Overview:
    """The figures of one platform, or of all of them; three queries."""
    agents = select(func.count(Agent.id.distinct()))
    people = select(
        func.count(Enrolment.person_id.distinct()),
        func.count(Enrolment.person_id.distinct()).filter(Enrolment.completed_at.is_not(None)),
    )
    certificates = (
        select(func.count())
        .select_from(Certificate)
        .where(
            Certificate.status == "valid",
            Certificate.award_key.not_like("%/%"),  # a statement of attendance certifies nothing
            or_(Certificate.valid_until.is_(None), Certificate.valid_until > utcnow()),
        )
    )
    if platform_id is not None:
        ours = Person.platform_id == platform_id
        agents = agents.join(Person, Person.sourced_id == Agent.number).where(ours)
        people = people.join(Person, Person.id == Enrolment.person_id).where(ours)
        certificates = certificates.join(Person, Person.id == Certificate.person_id).where(ours)
    enrolled, trained = session.execute(people).one()
    return Overview(session.scalar(agents) or 0, int(enrolled), int(trained), session.scalar(certificates) or 0)


def ministries(session: Session, platform_id: int | None = None) -> list[str]:
    """The ministries of the declared agents, by name."""
    query = select(Agent.ministry).where(Agent.ministry != "").distinct().order_by(Agent.ministry)
    if platform_id is not None:
        query = query.join(Person, Person.sourced_id == Agent.number).where(Person.platform_id == platform_id)
    return list(session.scalars(query))
