"""Who is whom: people of platforms and HR's agents, matched by the keys of the settings. Nobody is merged in silence.

A key that the settings believe makes a match « sure »; what it leaves in doubt waits for somebody (``match_review``).
Of one agent, one person a platform at most is held; the result is the same in whatever order people come.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, aliased

from lms.config import Config
from lms.lti.model import LaunchUser
from lms.models import Agent, AgentMatch, Membership, OutboxJob, Person, Platform, utcnow
from lms.models.base import table_of
from lms.models.prepared import connection_of
from lms.models.upsert import insert_into
from lms.services import figures
from lms.services.audit import record
from lms.services.organisation import HELD
from lms.services.outbox import promise

KIND = "match_people"
#: People matched at a time.
BATCH = 1000
_MATCHING_LOCK = 7250133
#: What says which agent somebody is counts more than an address, and what somebody decided more than both.
_STRENGTH = {"sourced_id": 2, "custom": 2, "email": 1, "name": 0}

_AGENT, _MATCH, _PERSON = table_of(Agent), table_of(AgentMatch), table_of(Person)


@dataclass(frozen=True)
class Keys:
    """By what people are matched, the first first; ``trusted`` are those whose e-mails are verified.

    ``names``: ``sourced_id``, ``custom:<name>`` (both are compared with the agent's number), ``email``. ``trusted``:
    issuers of platforms, or ``local``.
    """

    names: tuple[str, ...] = ("sourced_id", "email")
    trusted: frozenset[str] = frozenset()

    def told(self, user: LaunchUser) -> dict[str, str | None]:
        """What a message says of each key; None where it says nothing, or where the key is not one of these."""
        custom = (user.custom.get(name.partition(":")[2]) for name in self.names if name.startswith("custom:"))
        return {
            "sourced_id": user.sourced_id if "sourced_id" in self.names else None,
            "agent_key": next(filter(None, custom), None),
            "email": user.email.lower() if user.email and "email" in self.names else None,
        }


DEFAULT_KEYS = Keys()


@dataclass(frozen=True)
class _Claim:
    """That a person may be an agent, by that key alone; ``believed`` unless somebody else says the same."""

    person_id: int
    platform_id: int | None
    agent_id: int
    by: str
    believed: bool


def keys_of(config: Config) -> Keys:
    """The keys of the settings."""
    return Keys(config.match_keys, frozenset(config.verified_emails))


def declared() -> ColumnElement[bool]:
    """Whether a person not matched yet has a key of an agent (``sourced_id``, ``agent_key``, ``email``, bound)."""
    unmatched = ~select(_MATCH.c.id).where(_MATCH.c.person_id == _PERSON.c.id).correlate(_PERSON).exists()
    numbers = [_AGENT.c.number == bindparam(name, type_=String) for name in ("sourced_id", "agent_key")]
    found = select(_AGENT.c.id).where(or_(*numbers, _AGENT.c.email == bindparam("email", type_=String)))
    return and_(unmatched, found.exists())


def ask(session: Session) -> None:
    """Promise to match everybody again: agents have come or changed."""
    promise(session, KIND, "people", {})


def promise_due(session: Session) -> None:
    """Promise to match the people who came since it was last done: a launch compares no names."""
    came = session.scalar(select(Person.created_at).order_by(Person.id.desc()).limit(1))
    last = session.scalar(select(func.max(OutboxJob.due_at)).where(OutboxJob.kind == KIND))
    if came is None or (last is not None and came <= last) or session.scalar(select(Agent.id).limit(1)) is None:
        return
    ask(session)


def waiting(session: Session, context_id: int | None = None) -> Iterator[list[int]]:
    """The people, of a course or all, whom no match holds, by batches; nobody where no agent is declared."""
    if session.scalar(select(Agent.id).limit(1)) is None:
        return
    held = exists().where(AgentMatch.person_id == Person.id, AgentMatch.state.in_(HELD))
    wrong = select(AgentMatch.id).join(Agent, Agent.id == AgentMatch.agent_id)
    wrong = wrong.where(AgentMatch.person_id == Person.id, _stale()).correlate(Person)
    query = select(Person.id).where(or_(~held, wrong.exists()))
    if context_id is not None:
        here = select(Membership.person_id).where(Membership.context_id == context_id, Membership.left_at.is_(None))
        query = query.where(Person.id.in_(here))
    last = 0
    while people := list(session.scalars(query.where(Person.id > last).order_by(Person.id).limit(BATCH))):
        yield people
        last = people[-1]


def match(own: Session | Connection, people: Sequence[int], keys: Keys = DEFAULT_KEYS) -> int:
    """Match these people (``BATCH`` at most) by the keys; gives how many matches were made or changed."""
    one_at_a_time(own)
    _drop_stale(own, people)
    held = exists().where(AgentMatch.person_id == Person.id, AgentMatch.state.in_(HELD))
    query = (
        select(Person.id, Person.platform_id, Person.sourced_id, Person.agent_key, Person.email, Platform.issuer)
        .outerjoin(Platform, Platform.id == Person.platform_id)
        .where(Person.id.in_(people), ~held)
        # Whoever is being erased is read again once they are: what they said must not bring them back to an agent.
        .with_for_update(read=True, key_share=True, of=Person)
    )
    claims = _claims(own, own.execute(query).all(), keys)
    return _settle(own, claims) if claims else 0


def one_at_a_time(own: Session | Connection) -> None:
    """Wait for whoever matches now, until the commit: two who say they are the same agent must see each other."""
    connection = connection_of(own)
    if connection.dialect.name == "postgresql":  # SQLite's writer already is alone
        connection.execute(text(f"select pg_advisory_xact_lock({_MATCHING_LOCK})"))


def _claims(own: Session | Connection, people: Sequence[Any], keys: Keys) -> list[_Claim]:
    """What each person may be by the first key that leads to somebody."""
    values = {person.id: _values(person, keys) for person in people}
    said = [pair for each in values.values() for pair in each]
    agents = defaultdict[tuple[str, str], list[int]](list)
    columns: tuple[tuple[Any, set[str]], ...] = ((Agent.number, {"sourced_id", "custom"}), (Agent.email, {"email"}))
    for column, names in columns:
        wanted = {value for name, value in said if name in names}
        for agent_id, value in own.execute(select(Agent.id, column).where(column.in_(wanted))) if wanted else ():
            for name in names:
                agents[name, value].append(agent_id)
    claims = []
    for person in people:
        by, found = next(((pair[0], agents[pair]) for pair in values[person.id] if pair in agents), ("", []))
        verified = by != "email" or (person.issuer or "local") in keys.trusted
        believed = verified and len(found) == 1
        claims += [_Claim(person.id, person.platform_id, agent_id, by, believed) for agent_id in found]
    return claims


def _values(person: Any, keys: Keys) -> list[tuple[str, str]]:
    """(key, what it says of that person), in the order of the keys."""
    said = {"sourced_id": person.sourced_id, "custom": person.agent_key, "email": (person.email or "").lower()}
    names = dict.fromkeys(name.partition(":")[0] for name in keys.names)
    return [(name, said[name]) for name in names if said[name]]


def _settle(own: Session | Connection, claims: Sequence[_Claim]) -> int:
    """Write what the claims come to beside the matches there are; others of the same agents may fall in doubt."""
    agents = {claim.agent_id for claim in claims}
    query = select(
        AgentMatch.id, AgentMatch.person_id, AgentMatch.agent_id, AgentMatch.state, AgentMatch.by, Person.platform_id
    ).join(Person, Person.id == AgentMatch.person_id)
    known = own.execute(query.where(AgentMatch.agent_id.in_(agents))).all()
    decided = {(row.person_id, row.agent_id) for row in known if row.state in {"confirmed", "refused"}}
    claims = [claim for claim in claims if (claim.person_id, claim.agent_id) not in decided]
    strength = defaultdict[tuple[int, int | None], dict[int, int]](dict)
    for row in known:
        if row.state != "refused":
            rank = 3 if row.state == "confirmed" else _STRENGTH.get(row.by, 2)
            strength[row.agent_id, row.platform_id][row.person_id] = rank
    for claim in claims:
        strength[claim.agent_id, claim.platform_id][claim.person_id] = _STRENGTH[claim.by]

    def alone(agent_id: int, platform_id: int | None, person_id: int) -> bool:
        among = strength[agent_id, platform_id]
        return all(rank < among[person_id] for other, rank in among.items() if other != person_id)

    before = {(row.person_id, row.agent_id): (row.state, row.by) for row in known}
    made = {
        (claim.person_id, claim.agent_id): (
            "sure" if claim.believed and alone(claim.agent_id, claim.platform_id, claim.person_id) else "doubtful",
            claim.by,
        )
        for claim in claims
    }
    fallen = [
        row
        for row in known
        if row.state == "sure" and not alone(row.agent_id, row.platform_id, row.person_id)
    ]  # fmt: skip
    if fallen:
        doubt = update(AgentMatch).where(AgentMatch.id.in_([row.id for row in fallen]))
        own.execute(doubt.values(state="doubtful", decided_at=utcnow()))
        figures.touch(own, agents=[row.agent_id for row in fallen])
        for row in fallen:
            record(own, "hr.match_doubted", f"agent:{row.agent_id}", None, person=row.person_id)
    changed = {pair: value for pair, value in made.items() if before.get(pair) != value}
    put_matches(own, changed)
    return len(fallen) + len(changed)


def put_matches(own: Session | Connection, matches: Mapping[tuple[int, int], tuple[str, str]]) -> None:
    """Write (person, agent) → (state, by what); what somebody decided, or holds already, stays."""
    if not matches:
        return
    now = utcnow()
    rows = [
        {"person_id": person_id, "agent_id": agent_id, "state": state, "by": by, "decided_at": now}
        for (person_id, agent_id), (state, by) in matches.items()
    ]
    connection = connection_of(own)
    insert = insert_into(connection.dialect.name, _MATCH)
    new = {name: insert.excluded[name] for name in ("state", "by", "decided_at")}
    waits = _MATCH.c.state == "doubtful"
    keep = insert.on_conflict_do_update(index_elements=["person_id", "agent_id"], set_=new, where=waits)
    connection.execute(keep, rows)
    figures.touch(connection, agents=[agent_id for _person, agent_id in matches])


def _stale() -> ColumnElement[bool]:
    """Whether a match that nobody decided, beside its person and agent, is no longer what the keys say.

    The platform gives another number since, or gives one at last; or another agent came with the same address.
    """
    other: Any = aliased(Agent)
    numbered = select(other.id).where(other.number.in_((Person.sourced_id, Person.agent_key)), other.id != Agent.id)
    shared = select(other.id).where(other.email == Agent.email, other.id != Agent.id)
    better = numbered.correlate(Person, Agent).exists()
    return and_(
        AgentMatch.state.in_(("sure", "doubtful")),
        or_(
            and_(AgentMatch.by == "sourced_id", Person.sourced_id != Agent.number),
            and_(AgentMatch.by == "custom", Person.agent_key != Agent.number),
            and_(AgentMatch.by == "email", better),
            and_(AgentMatch.by == "email", AgentMatch.state == "sure", shared.correlate(Agent).exists()),
        ),
    )


def _drop_stale(own: Session | Connection, people: Sequence[int]) -> None:
    """What nobody decided goes with the number it was by."""
    found = select(AgentMatch.id).join(Person, Person.id == AgentMatch.person_id)
    found = found.join(Agent, Agent.id == AgentMatch.agent_id).where(Person.id.in_(people), _stale())
    numbers = list(own.execute(found).scalars())
    if numbers:
        own.execute(delete(AgentMatch).where(AgentMatch.id.in_(numbers)))
