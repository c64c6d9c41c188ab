"""People and agents of the same name: never a match, only a question for somebody."""

import re
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Person
from lms.services.matching import BATCH, put_matches
from lms.services.organisation import HELD
from lms.services.words import fold

#: People whose names are held in memory at a time.
PIECE = 20_000
#: A name that more agents bear says nothing.
NAMESAKES = 5

Name = tuple[str, ...]
_WORD = re.compile(r"\w+")


def doubt_names(session: Session) -> Iterator[int]:
    """Ask about each unmatched person who has the name of an agent; gives how many, a piece of the people at a time.

    Names are compared without accents, case nor order: platforms often put one in place of the other.
    """
    last = 0
    while people := _people(session, last):
        last = people[-1][0]
        bearers = defaultdict[Name, list[tuple[int, int | None]]](list)
        for person_id, platform_id, name in people:
            if len(name) > 1:  # one word alone is nobody's name
                bearers[name].append((person_id, platform_id))
        yield _doubt(session, bearers)


def _people(session: Session, last: int) -> list[tuple[int, int | None, Name]]:
    """The next people of whom no match says anything: (person, platform, name)."""
    asked = exists().where(AgentMatch.person_id == Person.id)
    query = select(Person.id, Person.platform_id, Person.given_name, Person.family_name, Person.full_name)
    rows = session.execute(query.where(Person.id > last, ~asked).order_by(Person.id).limit(PIECE))
    return [
        (row.id, row.platform_id, _name(row.given_name, row.family_name) if row.family_name else _name(row.full_name))
        for row in rows
    ]


def _doubt(session: Session, bearers: dict[Name, list[tuple[int, int | None]]]) -> int:
    agents = defaultdict[Name, list[int]](list)
    query = select(Agent.id, Agent.given_name, Agent.family_name).execution_options(yield_per=BATCH)
    for agent_id, given, family in session.execute(query):
        name = _name(given, family)
        if name in bearers and len(agents[name]) <= NAMESAKES:
            agents[name].append(agent_id)
    alike = {name: found for name, found in agents.items() if len(found) <= NAMESAKES}
    wanted = sorted({agent_id for found in alike.values() for agent_id in found})
    held = set[tuple[int, int | None]]()
    for start in range(0, len(wanted), BATCH):
        of = AgentMatch.agent_id.in_(wanted[start : start + BATCH])
        taken = select(AgentMatch.agent_id, Person.platform_id).join(Person, Person.id == AgentMatch.person_id)
        held |= {(row[0], row[1]) for row in session.execute(taken.where(of, AgentMatch.state.in_(HELD)))}
    doubts = {
        (person_id, agent_id): ("doubtful", "name")
        for name, found in alike.items()
        for person_id, platform_id in bearers[name]
        for agent_id in found
        if (agent_id, platform_id) not in held
    }
    put_matches(session, doubts)
    return len(doubts)


def _name(*parts: str) -> Name:
    return tuple(sorted(_WORD.findall(fold(" ".join(parts)))))
