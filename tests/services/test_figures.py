"""Figures kept equal what the facts say, whatever happens in whatever order; closings stay what they were."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.models import (
    Agent,
    AgentFigure,
    AgentMatch,
    AgentState,
    Attempt,
    Certificate,
    Enrolment,
    Figure,
    FigureDirty,
    LessonProgress,
    Person,
    Unit,
    utcnow,
)
from lms.services.figure_facts import COUNTS, WHOLE, Cell, plain
from lms.services.figures import differences, refresh, touch, touch_moved
from lms.services.organisation import HELD
from tests.figures_in_test import D1, START, agent_in, attempt, certify, follows, organisation, person_of, reads

KEYS = ("decideurs", "agents")


def counted(session: Session) -> dict[Cell, tuple[int, ...]]:
    """What every figure should be, one agent and one fact after the other, without a query of the service."""
    paths = {unit.id: unit.path for unit in session.scalars(select(Unit))}
    sums: dict[Cell, list[int]] = defaultdict(lambda: [0] * 6)
    for agent in session.scalars(select(Agent).where(Agent.left_at.is_(None))):
        held = select(AgentMatch.person_id).where(AgentMatch.agent_id == agent.id, AgentMatch.state.in_(HELD))
        people = list(session.scalars(held))
        rows = list(session.scalars(select(Enrolment).where(Enrolment.person_id.in_(people))))
        mine: dict[tuple[str, int, int], int] = {("", 0, 0): 1}
        firsts = {key: min(moments) for key, moments in dates(session, people, rows).items()}
        for (track, place), moment in firsts.items():
            mine[track, moment.year, place] = 1
            whichever = min(when for (_key, other), when in firsts.items() if other == place)
            mine["", whichever.year, place] = 1
        for (track, _module, _lesson), (moment, minutes) in spent(session, rows).items():
            for key in (track, ""):
                mine[key, moment.year, 5] = mine.get((key, moment.year, 5), 0) + minutes
        for (track, year, place), number in mine.items():
            for unit in [WHOLE, *(int(part) for part in paths.get(agent.unit_id or 0, "").split(".") if part)]:
                cell = Cell(unit, agent.branch, agent.category, track, agent.population, year)
                sums[cell][place] += number
    return {cell: tuple(values) for cell, values in sums.items() if any(values)}


def dates(session: Session, people: list[int], rows: list[Enrolment]) -> dict[tuple[str, int], list[datetime]]:
    """When each thing was done, by track and by place of its count."""
    found: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for row in rows:
        found[row.track_key, 1].append(row.enrolled_at)
        if row.completed_at:
            found[row.track_key, 2].append(row.completed_at)
        for tried in session.scalars(select(Attempt).filter_by(enrolment_id=row.id)):
            assert tried.submitted_at is not None
            found[row.track_key, 3].append(tried.submitted_at)
    for paper in session.scalars(select(Certificate).where(Certificate.person_id.in_(people))):
        if "/" not in paper.award_key and paper.status not in ("revoked", "replaced"):
            found[paper.award_key, 4].append(paper.issued_at)
    return found


def spent(session: Session, rows: list[Enrolment]) -> dict[tuple[str, str, str], tuple[datetime, int]]:
    """When each module passed, and each lesson read in another, was done first, and its minutes."""
    found: dict[tuple[str, str, str], tuple[datetime, int]] = {}
    durations = {lesson.key: lesson.minutes for lesson in D1.lessons}
    for row in rows:
        for tried in session.scalars(select(Attempt).filter_by(enrolment_id=row.id, passed=True)):
            assert tried.submitted_at is not None
            key = (row.track_key, tried.module_key, "")
            found[key] = (min(tried.submitted_at, found.get(key, (tried.submitted_at, 0))[0]), D1.duration_minutes)
    passed = {key[:2] for key in found}
    for row in rows:
        for read in session.scalars(select(LessonProgress).filter_by(enrolment_id=row.id)):
            if (row.track_key, read.module_key) not in passed:
                assert read.read_at is not None
                key = (row.track_key, read.module_key, read.lesson_key)
                found[key] = (min(read.read_at, found.get(key, (read.read_at, 0))[0]), durations[read.lesson_key])
    return found


def kept(session: Session) -> dict[Cell, tuple[int, ...]]:
    columns = [getattr(Figure, name) for name in (*Cell._fields, *COUNTS)]
    return {Cell(*row[:6]): tuple(row[6:]) for row in session.execute(select(*columns))}


def all_refreshed(session: Session, most: int = 2) -> None:
    touch_moved(session)
    while refresh(session, most):
        pass
    session.expire_all()


class World:
    """A few agents, people and units, and things that happen to them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        for model in (FigureDirty, Figure, AgentFigure, Certificate, AgentMatch, AgentState, Enrolment, Agent):
            session.execute(delete(model))
        self.units = organisation(session)
        self.agents = [agent_in(session, unit) for unit in (*self.units[1:], None)]
        self.people = [person_of(session, agent) for agent in (*self.agents, self.agents[0], None)]

    def happens(self, what: int, who: int, other: int, day: int) -> None:
        session, at = self.session, START + timedelta(days=day)
        person, agent = self.people[who % len(self.people)], self.agents[who % len(self.agents)]
        key = KEYS[other % 2]
        acts: list[Callable[[], Any]] = [
            lambda: follows(session, person, key, at),
            lambda: follows(session, person, key, at, completed_at=at + timedelta(days=30)),
            lambda: attempt(session, follows(session, person, at=at), at, passed=other % 3 == 0),
            lambda: reads(session, follows(session, person, at=at), other, at),
            lambda: certify(session, person, [*KEYS, "decideurs/attestation"][other % 3], at),
            lambda: self.revoke(person),
            lambda: self.match(person, agent),
            lambda: self.unmatch(person),
            lambda: self.change(agent, other),
            lambda: self.move(other),
            lambda: refresh(session, 1 + other % 3),
            lambda: self.take_away(agent) if other == 7 else None,
        ]
        acts[what % len(acts)]()
        session.flush()

    def revoke(self, person: Person) -> None:
        mine = update(Certificate).where(Certificate.person_id == person.id)
        self.session.execute(mine.values(status="revoked", status_at=utcnow()))
        touch(self.session, person_id=person.id)

    def match(self, person: Person, agent: Agent) -> None:
        if not self.session.scalar(select(AgentMatch.id).filter_by(person_id=person.id)):
            self.session.add(AgentMatch(person_id=person.id, agent_id=agent.id, state="confirmed", by="name"))
            touch(self.session, person_id=person.id)

    def unmatch(self, person: Person) -> None:
        touch(self.session, person_id=person.id)
        self.session.execute(delete(AgentMatch).where(AgentMatch.person_id == person.id))

    def change(self, agent: Agent, other: int) -> None:
        agent.unit_id = self.units[other % 4].id
        agent.category, agent.population = "AB"[other % 2], other % 5 > 0
        agent.left_at = utcnow() if other == 6 else None

    def move(self, other: int) -> None:
        """The service under the second unit goes under the last one, or comes back."""
        unit, above = self.units[2], self.units[1 if other % 2 else 3]
        unit.parent_id, unit.path = above.id, f"{above.path}{unit.id}."

    def take_away(self, agent: Agent) -> None:
        if len(self.agents) > 1 and agent in self.agents:
            self.agents.remove(agent)
            self.session.execute(delete(AgentMatch).where(AgentMatch.agent_id == agent.id))
            self.session.execute(delete(AgentState).where(AgentState.agent_id == agent.id))
            self.session.execute(delete(Agent).where(Agent.id == agent.id))
            self.session.expunge(agent)


event = st.tuples(st.integers(0, 11), st.integers(0, 5), st.integers(0, 7), st.integers(0, 500))


@given(st.lists(event, min_size=10, max_size=25))
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_figures_are_what_the_facts_say(session: Session, events: list[tuple[int, int, int, int]]) -> None:
    with session.begin_nested() as point:
        world = World(session)
        for each in events:
            world.happens(*each)
        all_refreshed(session)
        expected = counted(session)
        assert kept(session) == expected
        assert plain(session) == expected
        assert differences(session) == {}
        point.rollback()
