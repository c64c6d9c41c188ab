"""The population P: who counts in the indicators, by a declared rule; what it was stays readable at its date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from lms.models import Agent, AgentState, Person, Population, Unit, utcnow
from lms.models.base import UtcDateTime, table_of
from lms.services import figures
from lms.services.audit import record
from lms.services.bounded import values_of
from lms.services.imports import alone

#: Agents whose membership is written at a time.
BATCH = 1000


class UnknownUnits(ValueError):
    """The rule names units that do not exist, or are closed: ``codes``."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = tuple(codes)


@dataclass(frozen=True)
class Rule:
    """Who is of P: agents of these units (codes, with all under them), branches, grades, corps. Empty: any."""

    units: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    corps: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Rule":
        """A rule as ``Population`` keeps it."""
        return cls(**{name: tuple(kept.get(name, ())) for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, list[str]]:
        """As ``Population`` keeps it: what narrows nothing is left out."""
        return {name: list(getattr(self, name)) for name in self.__dataclass_fields__ if getattr(self, name)}


@dataclass(frozen=True)
class Preview:
    """What a rule would make: agents ``in_all``, of whom ``entering``; ``leaving`` are of P now."""

    in_all: int
    entering: int
    leaving: int
    #: Agents there, of P or not.
    agents: int


@dataclass(frozen=True)
class Declared:
    """A declaration of the past or the present one."""

    at: datetime
    rule: Rule
    words: str
    author: Person | None = field(compare=False)


def population_of(session: Session, rule: Rule) -> ColumnElement[bool]:
    """Whether an ``Agent`` is of P by that rule: there, and not left out by HR's file. Raises ``UnknownUnits``."""
    paths = _paths(session, rule)
    if unknown := [code for code in rule.units if code not in paths]:
        raise UnknownUnits(unknown)
    return _inside(rule, paths)


def preview(session: Session, rule: Rule) -> Preview:
    """What the rule would make of the agents there are, before it is declared; one query. Raises ``UnknownUnits``."""
    inside = population_of(session, rule)
    here, now = Agent.left_at.is_(None), Agent.population
    counts = select(
        func.count().filter(inside), func.count().filter(and_(inside, ~now)),
        func.count().filter(and_(here, now, ~inside)), func.count().filter(here),
    ).select_from(Agent)  # fmt: skip
    return Preview(*session.execute(counts).one())


def declare(session: Session, rule: Rule, words: str, by: int | None, now: datetime | None = None) -> int:
    """Make that rule the one that holds; gives how many agents enter or leave P. Raises ``UnknownUnits``."""
    alone(session)  # a file that is being taken in writes who is of P too
    now = now or utcnow()
    population_of(session, rule)  # a rule that names nothing is not declared
    row = Population(declared_at=now, rule=rule.as_json(), words=words, person_id=by)
    session.add(row)
    session.flush()
    changed = apply(session, now)
    record(session, "hr.population", f"population:{row.id}", by, rule=row.rule, changed=changed)
    return changed


def apply(session: Session, now: datetime | None = None, import_id: int | None = None) -> int:
    """Bring the agents to the rule that holds, after they, the tree or the file changed; gives how many it changed.

    Without any declaration, P is all but those the file leaves out. A unit of the rule that is closed since counts
    nobody. States that the import ``import_id`` opened are changed in place, and those that change by it are its own,
    so that it can be undone as a whole.
    """
    now, declared = now or utcnow(), current(session)
    rule = declared.rule if declared else Rule()
    inside = _inside(rule, _paths(session, rule))
    enter = and_(inside, ~Agent.population)
    leave = and_(Agent.left_at.is_(None), Agent.population, ~inside)
    changed = sum(_turn(session, now, import_id, who, member=who is enter) for who in (enter, leave))
    figures.touch_moved(session)
    return changed


def current(session: Session) -> Declared | None:
    """The declaration that holds, or None."""
    return next(iter(history(session, 1)), None)


def history(session: Session, limit: int = 50) -> list[Declared]:
    """The declarations, the last first."""
    query = select(Population, Person).outerjoin(Person, Person.id == Population.person_id)
    rows = session.execute(query.order_by(Population.declared_at.desc(), Population.id.desc()).limit(limit))
    return [Declared(row.declared_at, Rule.of_json(row.rule), row.words, person) for row, person in rows]


def known_corps(session: Session) -> list[str]:
    """The corps of the agents there are."""
    return list(session.scalars(values_of(Agent.corps, Agent.left_at.is_(None))))


def _paths(session: Session, rule: Rule) -> dict[str, str]:
    """Code → path of the units of a rule that are there."""
    query = select(Unit.code, Unit.path).where(Unit.code.in_(rule.units), Unit.closed_at.is_(None))
    return dict(session.execute(query).tuples().all()) if rule.units else {}


def _inside(rule: Rule, paths: Mapping[str, str]) -> ColumnElement[bool]:
    narrowed: list[ColumnElement[bool]] = []
    if rule.units:
        under = or_(false(), *(Unit.path.startswith(path, autoescape=True) for path in paths.values()))
        # « in » is unknown of an agent without a unit, and so would « not in » be.
        narrowed.append(func.coalesce(Agent.unit_id, 0).in_(select(Unit.id).where(under).correlate(None)))
    for column, wanted in ((Agent.branch, rule.branches), (Agent.category, rule.categories), (Agent.corps, rule.corps)):
        if wanted:
            narrowed.append(column.in_(wanted))
    return and_(Agent.left_at.is_(None), ~Agent.left_out, *narrowed)


def _turn(session: Session, now: datetime, import_id: int | None, who: ColumnElement[bool], *, member: bool) -> int:
    """Write the membership of these agents: their state is closed and another opened. By batches, one transaction."""
    count, agent, own = 0, table_of(Agent), {"synchronize_session": False}
    copied = [agent.c.unit_id, agent.c.branch, agent.c.category, agent.c.corps]
    columns = ["agent_id", "since", "population", "import_id", *(column.name for column in copied)]
    query = select(Agent.id).where(who).order_by(Agent.id).limit(BATCH)
    while found := list(session.scalars(query)):
        still = and_(AgentState.agent_id.in_(found), AgentState.until.is_(None))
        of_import = and_(still, AgentState.import_id == import_id)
        theirs = set(session.scalars(select(AgentState.agent_id).where(of_import))) if import_id is not None else set()
        if theirs:
            session.execute(update(AgentState).where(of_import).values(population=member).execution_options(**own))
        others = [number for number in found if number not in theirs]
        still = and_(AgentState.agent_id.in_(others), AgentState.until.is_(None))
        closed = {"until": now, "closed_by": import_id}
        session.execute(update(AgentState).where(still).values(closed).execution_options(**own))
        cause = literal(now, UtcDateTime), literal(member), literal(import_id, AgentState.import_id.type)
        said = select(agent.c.id, *cause, *copied).where(agent.c.id.in_(others))
        session.execute(insert(AgentState).from_select(columns, said))
        here = update(Agent).where(Agent.id.in_(found)).values(population=member)
        session.execute(here.execution_options(**own))
        count += len(found)
    session.expire_all()
    return count
