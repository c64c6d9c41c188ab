"""Who is exposed to AI systems, whom the measures trained, and who is not yet: exact sets of agents.

An agent of a group is trained once they completed every measure that is for the group; with no measure, nobody is.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, exists, false, or_, select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import (
    Agent,
    AgentMatch,
    Attempt,
    Certificate,
    Enrolment,
    Exemption,
    Register,
    RegisterEntry,
    RegisterState,
    Unit,
)
from lms.services.library import Library
from lms.services.literacy import Entry
from lms.services.literacy_fields import KINDS
from lms.services.organisation import HELD, agents_in, units_in
from lms.tables import Scope

#: Kind of entry → its fields that name agents by their number.
_NAMING = {
    kind.key: [field.key for field in kind.fields if field.kind in {"agent", "agents"}] for kind in KINDS.values()
}


@dataclass
class Followed:
    """Who followed what a measure teaches, as numbers of rows of agents; whoever has two persons counts once."""

    enrolled: set[int] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    certified: set[int] = field(default_factory=set)
    #: Of those who completed, in which version; the first they began, where they have two persons.
    versions: dict[int, str] = field(default_factory=dict)
    #: The best score of each who passed the module.
    scores: dict[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """A group of agents: those exposed, the measures for it, and those trained among the exposed."""

    entry: Entry
    #: Row of the agent → their number.
    exposed: Mapping[int, str]
    measures: tuple[Entry, ...]
    trained: frozenset[int]

    @property
    def missing(self) -> frozenset[int]:
        """Exposed and not trained."""
        return frozenset(self.exposed) - self.trained


@dataclass(frozen=True)
class Picture:
    """The people of a register at a moment: what each measure did (by entry), each group of agents."""

    followed: Mapping[int, Followed]
    groups: tuple[Group, ...]

    def those(self, measure: Entry) -> frozenset[int]:
        """The exposed agents a measure is for."""
        of = [group.exposed for group in self.groups if measure in group.measures]
        return frozenset(agent for exposed in of for agent in exposed)


def picture(session: Session, unit: Unit, entries: Sequence[Entry], now: datetime) -> Picture:
    """The people of a register: a query or two for each group of agents and each measure."""
    path = unit.path
    measures = [entry for entry in entries if entry.kind == "measure"]
    numbers = {agent for entry in entries if entry.kind == "proof" for agent in entry.content.get("agents") or ()}
    attending = known(session, path, numbers)
    done = dict[int, Followed]()
    for measure in measures:
        taught = measure.content.get("taught")
        found = followed(session, path, taught, now) if taught else Followed()
        for proof in entries:
            if proof.kind == "proof" and proof.content.get("measure") == measure.id:
                there = {attending[number] for number in proof.content.get("agents") or () if number in attending}
                found.done |= there
        done[measure.id] = found
    groups = []
    for entry in entries:
        if entry.kind == "group" and entry.content.get("who") == "agents":
            exposed = exposed_agents(session, path, entry.content)
            own = tuple(each for each in measures if entry.id in (each.content.get("groups") or (entry.id,)))
            groups.append(Group(entry, exposed, own, trained(exposed, [done[each.id].done for each in own])))
    return Picture(done, tuple(groups))


def trained(exposed: Iterable[int], done: Sequence[Collection[int]]) -> frozenset[int]:
    """Those who did all of it; nobody where there is nothing to do."""
    return frozenset(exposed).intersection(*done) if done else frozenset()


def exposed_agents(session: Session, path: str, rule: Mapping[str, Any]) -> dict[int, str]:
    """The agents of a unit, by its path, whom a group's rule names: row → number."""
    query = select(Agent.id, Agent.number).where(*_there(path))
    if units := rule.get("units"):
        tops = tuple(session.scalars(select(Unit.path).where(Unit.code.in_(units), units_in(Scope((path,))))))
        query = query.where(agents_in(Scope(tops))) if tops else query.where(false())
    for column, said in ((Agent.category, "categories"), (Agent.branch, "branches")):
        if rule.get(said):
            query = query.where(column.in_(rule[said]))
    if corps := [line.strip() for line in (rule.get("corps") or "").splitlines() if line.strip()]:
        query = query.where(Agent.corps.in_(corps))
    # Straight from the connection: of two hundred thousand agents, rows of the ORM are half the time.
    return dict(session.connection().execute(query).tuples().all())


def followed(session: Session, path: str, taught: Mapping[str, Any], now: datetime) -> Followed:
    """Who followed a track or a module, whatever the version, among the agents of a unit."""
    track, module = taught["track"], taught["module"]
    done: ColumnElement[bool] = Enrolment.completed_at.is_not(None)
    if module is not None:
        done = or_(
            exists().where(
                Attempt.enrolment_id == Enrolment.id, Attempt.module_key == module, Attempt.passed.is_(True)
            ),
            exists().where(Exemption.enrolment_id == Enrolment.id, Exemption.module_key == module),
        )
    found = Followed()
    enrolled = _held(select(AgentMatch.agent_id, Enrolment.id, Enrolment.track_version, done), path, track)
    first = dict[int, tuple[int, str]]()
    for agent, number, version, is_done in session.connection().execute(enrolled).all():
        found.enrolled.add(agent)
        if is_done:
            mine = (number, version)
            first[agent] = min(mine, first.get(agent, mine))
    found.done, found.versions = set(first), {agent: version for agent, (_number, version) in first.items()}
    if module is None:
        standing = (Certificate.valid_until.is_(None) | (Certificate.valid_until > now), Certificate.status == "valid")
        certified = select(AgentMatch.agent_id).join(Certificate, Certificate.person_id == AgentMatch.person_id)
        certified = certified.join(Agent, Agent.id == AgentMatch.agent_id)
        wanted = (Certificate.award_key == track, *standing, AgentMatch.state.in_(HELD), *_there(path))
        found.certified = set(session.connection().scalars(certified.where(*wanted)))
    else:
        scores = _held(select(AgentMatch.agent_id, Attempt.score), path, track)
        scores = scores.join(Attempt, Attempt.enrolment_id == Enrolment.id)
        for agent, score in session.execute(scores.where(Attempt.module_key == module, Attempt.passed.is_(True))):
            found.scores[agent] = max(score, found.scores.get(agent, score))
    return found


def training_of(session: Session, path: str, numbers: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """What these agents of a unit completed, by their number: track, version, day."""
    query = (
        select(Agent.number, Enrolment.track_key, Enrolment.track_version, Enrolment.completed_at)
        .join(AgentMatch, AgentMatch.agent_id == Agent.id)
        .join(Enrolment, Enrolment.person_id == AgentMatch.person_id)
        .where(AgentMatch.state.in_(HELD), Enrolment.completed_at.is_not(None), Agent.number.in_(numbers))
        .where(*_there(path))
        .order_by(Enrolment.completed_at, Enrolment.id)
    )
    tracks = Library(session)
    found: dict[str, list[dict[str, Any]]] = {number: [] for number in sorted(numbers)}
    for number, track, version, day in session.execute(query):
        assert day is not None
        title = dict(tracks[track].title) if track in tracks else {"fr": track}
        found[number].append(
            {"track": track, "title": title, "version": version, "on": day.astimezone(ZONE).date().isoformat()}
        )
    return found


def known(session: Session, path: str, numbers: Collection[str]) -> dict[str, int]:
    """Number of an agent of a unit, those who left too → their row; asked a thousand at a time."""
    wanted, found = sorted(numbers), dict[str, int]()
    for start in range(0, len(wanted), 1000):
        query = select(Agent.number, Agent.id).where(Agent.number.in_(wanted[start : start + 1000]))
        found |= {row.number: row.id for row in session.execute(query.where(agents_in(Scope((path,)))))}
    return found


def named(session: Session, path: str, numbers: Collection[str]) -> dict[str, str]:
    """The names of agents of a unit, by their number; those it no longer has are not named."""
    query = select(Agent.number, Agent.given_name, Agent.family_name).where(Agent.number.in_(numbers))
    query = query.where(agents_in(Scope((path,))))
    return {number: f"{given} {family}".strip() for number, given, family in session.execute(query)}


def said_of(session: Session, numbers: Collection[str]) -> list[dict[str, Any]]:
    """What the registers say, or said, of the agents of these numbers, for themselves: no other agent is named."""
    if not numbers:
        return []
    said = cast(RegisterState.content, Text)  # few states name them: the others need not be read here
    written = {json.dumps(number, ensure_ascii=plain) for number in numbers for plain in (True, False)}
    query = (
        select(RegisterEntry.kind, Unit.name, RegisterState.since, RegisterState.until, RegisterState.content)
        .select_from(RegisterState)
        .join(RegisterEntry, RegisterEntry.id == RegisterState.entry_id)
        .join(Register, Register.id == RegisterEntry.register_id)
        .join(Unit, Unit.id == Register.unit_id)
        .where(RegisterEntry.kind.in_([kind for kind, fields in _NAMING.items() if fields]))
        .where(or_(*(said.contains(each, autoescape=True) for each in written)))
        .order_by(RegisterState.id)
    )
    found = []
    for kind, unit, since, until, content in session.execute(query).tuples():
        told = dict(content)
        theirs = False
        for key in _NAMING[kind]:
            named = told.get(key) or ()
            mine = [number for number in ((named,) if isinstance(named, str) else named) if number in numbers]
            told[key], theirs = mine, theirs or bool(mine)
        if theirs:
            found.append({"register": unit, "kind": kind, "since": since, "until": until, "content": told})
    return found


def versions(found: Followed, those: Collection[int]) -> dict[str, int]:
    """How many of those completed which version."""
    return dict(sorted(Counter(found.versions[agent] for agent in those if agent in found.versions).items()))


def _there(path: str) -> tuple[ColumnElement[bool], ...]:
    return (agents_in(Scope((path,))), Agent.left_at.is_(None))


def _held(query: Any, path: str, track: str) -> Any:
    """The enrolments in a track of whoever is an agent of that unit."""
    return (
        query.select_from(Enrolment)
        .join(AgentMatch, AgentMatch.person_id == Enrolment.person_id)
        .join(Agent, Agent.id == AgentMatch.agent_id)
        .where(Enrolment.track_key == track, AgentMatch.state.in_(HELD), *_there(path))
    )
