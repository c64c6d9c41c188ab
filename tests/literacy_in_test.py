"""An organisation with agents, people who are those agents, and a register, for tests."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Enrolment, Person, Register, Unit, utcnow
from lms.services import literacy
from lms.services.literacy_sources import reference, teaching
from tests.tracks_in_test import fixed_tracks

TRACK = fixed_tracks()["decideurs"]
D1 = TRACK.module("d1")
LAW = {each.key: reference(each) for each in TRACK.legal}

ORGANISATION = {
    "name": "Direction fictive",
    "role": "deployer",
    "accountable": "Secrétaire générale",
    "law": LAW["ai-act-4"],
}
SYSTEM = {
    "name": "Assistant de rédaction",
    "purpose": "Projets de courriers",
    "risk": "minimal",
    "law": LAW["ai-act-50"],
}
GROUP = {"name": "Rédacteurs", "who": "agents", "function": "rédaction"}
TAUGHT = {"name": "Décideurs publics", "taught": teaching(TRACK, None)}


def unit(session: Session, code: str, parent: Unit | None = None) -> Unit:
    row = Unit(code=code, name=f"Service {code}", parent_id=parent.id if parent else None)
    session.add(row)
    session.flush()
    row.path = f"{parent.path if parent else ''}{row.id}."
    session.flush()
    return row


def agent(session: Session, number: str, of: Unit | None, **more: Any) -> Agent:
    values = {"family_name": f"Nom{number}", "given_name": "Ada", "branch": "FPE", "category": "A", **more}
    row = Agent(number=number, unit_id=of.id if of else None, **values)
    session.add(row)
    session.flush()
    return row


def followed(
    session: Session, who: Agent, *, done: bool = True, state: str = "sure", version: str = "2026.1"
) -> Enrolment:
    """A person who is that agent, enrolled in the track."""
    count = len(session.scalars(select(Person.id)).all())
    person = Person(subject=f"p{count}", email=f"p{count}@example.org")
    session.add(person)
    session.flush()
    session.add(AgentMatch(person_id=person.id, agent_id=who.id, state=state, by="number"))
    row = Enrolment(
        person_id=person.id, track_key=TRACK.key, track_version=version, track_digest=TRACK.digest,
        completed_at=utcnow() if done else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def register(session: Session, of: Unit, editor: int | None = None, **kinds: list[dict[str, Any]]) -> Register:
    """The register of a unit with its organisation, and these entries by kind."""
    row = literacy.open_register(session, of, editor)
    literacy.add(session, row, "organisation", ORGANISATION, editor)
    for kind, contents in kinds.items():
        for content in contents:
            literacy.add(session, row, kind, content, editor)
    return row
