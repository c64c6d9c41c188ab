"""What agents count for, computed from the facts by plain queries: slow, and always right.

The figures kept (``lms.services.figures``) are equal to this; past dates that no closing keeps are read here.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.models import (
    Agent,
    AgentMatch,
    AgentState,
    Attempt,
    Certificate,
    Enrolment,
    LessonProgress,
    TrackDuration,
    Unit,
    UnitState,
    utcnow,
)
from lms.models.base import UtcDateTime
from lms.services.organisation import HELD

#: The first fiscal year told apart; what happened before counts there.
FIRST_YEAR = 2020
#: The unit that stands for the whole institution.
WHOLE = 0
#: The counts, in the order of ``Counts``.
COUNTS = ("agents", "enrolled", "completed", "presented", "certified", "minutes")


class Cell(NamedTuple):
    """Which sums something is counted in. ``unit_id`` is ``WHOLE`` for the institution."""

    unit_id: int
    branch: str
    category: str
    track_key: str
    population: bool
    year: int


#: Cell → its counts, in the order of ``COUNTS``.
Sums = dict[Cell, tuple[int, ...]]


def year_start(year: int) -> datetime:
    """When a fiscal year begins: on 1 January, as lived in France."""
    return datetime(year, 1, 1, tzinfo=ZONE).astimezone(UTC)


def plain(session: Session, at: datetime | None = None, agents: ColumnElement[bool] | None = None) -> Sums:
    """Every figure as it is now, or was at that moment by states and by the dates of facts; of some agents alone.

    A certificate revoked later still counts then; a result marked again counts as it is marked today.
    """
    paths = unit_paths(session, at)
    found: dict[Cell, list[int]] = {}
    for row in session.execute(_grouped(at, agents)):
        for unit_id in ancestors(paths.get(row.unit_id, "")):
            cell = Cell(unit_id, row.branch, row.category, row.track_key, bool(row.population), row.year)
            sums = found.setdefault(cell, [0] * len(COUNTS))
            for place, name in enumerate(COUNTS):
                sums[place] += int(getattr(row, name))
    return {cell: tuple(sums) for cell, sums in found.items() if any(sums)}


def ancestors(path: str) -> list[int]:
    """The whole institution, and the units of a path from the top."""
    return [WHOLE, *(int(part) for part in path.split(".") if part)]


def unit_paths(session: Session, at: datetime | None = None) -> dict[int, str]:
    """Number of each unit → its path, now or then."""
    if at is None:
        return {row.id: row.path for row in session.execute(select(Unit.id, Unit.path))}
    parents = {row.unit_id: row.parent_id for row in session.execute(units_then(at))}
    paths: dict[int, str] = {}
    for unit_id in parents:
        above, here = list[int](), unit_id
        while here not in above and here in parents:  # a loop ends where it began
            above.append(here)
            here = parents[here] or WHOLE
        paths[unit_id] = "".join(f"{each}." for each in reversed(above))
    return paths


def units_then(at: datetime) -> Select[int, int | None, str, str]:
    """(unit_id, parent_id, kind, name) of each unit at that moment."""
    query = select(UnitState.unit_id, UnitState.parent_id, UnitState.kind, UnitState.name)
    return query.where(_then(UnitState, at)).order_by(UnitState.unit_id)


def cells(at: datetime | None, agents: ColumnElement[bool] | None = None) -> Select[Any]:
    """(agent_id, unit_id, branch, category, population) of each agent who is there."""
    query: Any
    if at is None:
        query = select(Agent.id.label("agent_id"), Agent.unit_id, Agent.branch, Agent.category, Agent.population)
        query = query.where(Agent.left_at.is_(None))
    else:
        state = AgentState
        query = select(state.agent_id, state.unit_id, state.branch, state.category, state.population)
        query = query.where(_then(state, at))
        if agents is not None:
            query = query.join(Agent, Agent.id == state.agent_id)
    found: Select[Any] = query if agents is None else query.where(agents)
    return found


def facts(at: datetime | None = None, agents: Collection[int] | Select[int] | None = None) -> Select[Any]:
    """(agent_id, track_key, year and the counts but agents): what each agent did, once in each track and in any."""
    dated, minutes = _dated(at, agents), _minutes(at, agents)
    years = at or utcnow()
    parts = [
        select(
            dated.c.agent_id, dated.c.track_key, _year(dated.c[moment], years).label("year"),
            *(literal(int(name == moment.removesuffix("_at"))).label(name) for name in COUNTS[1:]),
        ).where(dated.c[moment].is_not(None))
        for moment in ("enrolled_at", "completed_at", "presented_at", "certified_at")
    ]  # fmt: skip
    nothing = [literal(0).label(name) for name in COUNTS[1:-1]]
    for key in (minutes.c.track_key, literal("")):
        done = select(minutes.c.agent_id, key.label("track_key"), _year(minutes.c.moment, years).label("year"))
        parts.append(done.add_columns(*nothing, minutes.c.minutes))
    every = union_all(*parts).subquery("fact")
    sums = (func.sum(every.c[name]).label(name) for name in COUNTS[1:])
    keys = (every.c.agent_id, every.c.track_key, every.c.year)
    return select(*keys, *sums).group_by(*keys)


def _grouped(at: datetime | None, agents: ColumnElement[bool] | None) -> Any:
    """The counts by cell; ``unit_id`` is that of the agents themselves."""
    theirs = None
    if agents is not None:
        # Found once, for the database may believe that there is nobody, and look for them again at every row.
        whose = select(Agent.id).where(agents).cte("whose")
        theirs = select(whose.c.id)
        agents = Agent.id.in_(theirs)
    here, done = cells(at, agents).cte("cell"), facts(at, theirs).subquery("done")
    keys = (here.c.unit_id, here.c.branch, here.c.category, here.c.population)
    there = select(
        *keys, literal("").label("track_key"), literal(0).label("year"), func.count().label("agents"),
        *(literal(0).label(name) for name in COUNTS[1:]),
    ).group_by(*keys)  # fmt: skip
    did = select(*keys, done.c.track_key, done.c.year, literal(0).label("agents"))
    did = did.add_columns(*(func.sum(done.c[name]).label(name) for name in COUNTS[1:]))
    did = did.join(done, done.c.agent_id == here.c.agent_id).group_by(*keys, done.c.track_key, done.c.year)
    return union_all(there, did)


def _mine(at: datetime | None, agents: Collection[int] | Select[int] | None) -> Any:
    """(agent_id, person_id): people count through a match that is held, and no other way."""
    query = select(AgentMatch.agent_id, AgentMatch.person_id).where(AgentMatch.state.in_(HELD))
    if at is not None:
        query = query.where(AgentMatch.decided_at <= at)
    return (query if agents is None else query.where(AgentMatch.agent_id.in_(agents))).subquery("mine")


def _dated(at: datetime | None, agents: Collection[int] | Select[int] | None) -> Any:
    """When each agent first enrolled, completed, presented and was certified: in each track, and in any (empty key)."""
    mine, never = _mine(at, agents), cast(null(), UtcDateTime)
    theirs = Enrolment.person_id == mine.c.person_id
    enrolled = select(
        mine.c.agent_id, Enrolment.track_key, Enrolment.enrolled_at.label("enrolled_at"),
        _if_by(Enrolment.completed_at, at).label("completed_at"), never.label("presented_at"),
        never.label("certified_at"),
    ).join(Enrolment, theirs).where(_by(Enrolment.enrolled_at, at))  # fmt: skip
    presented = (
        select(mine.c.agent_id, Enrolment.track_key, never, never, func.min(Attempt.submitted_at), never)
        .join(Enrolment, theirs)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .where(Attempt.submitted_at.is_not(None), _by(Attempt.submitted_at, at))
        .group_by(mine.c.agent_id, Enrolment.track_key)
    )
    certified = (
        select(mine.c.agent_id, Certificate.award_key, never, never, never, Certificate.issued_at)
        .join(Certificate, Certificate.person_id == mine.c.person_id)
        .where(Certificate.award_key.not_like("%/%"), _by(Certificate.issued_at, at), _stands(at))
    )
    every = union_all(enrolled, presented, certified).subquery("event")
    names = ("enrolled_at", "completed_at", "presented_at", "certified_at")
    tracks = (
        select(every.c.agent_id, every.c.track_key, *(func.min(every.c[name]).label(name) for name in names))
        .group_by(every.c.agent_id, every.c.track_key)
        .cte("of_track")
    )
    whichever = select(tracks.c.agent_id, cast(literal(""), String(100)).label("track_key"))
    whichever = whichever.add_columns(*(func.min(tracks.c[name]).label(name) for name in names))
    return union_all(select(tracks), whichever.group_by(tracks.c.agent_id)).cte("dated")


def _minutes(at: datetime | None, agents: Collection[int] | Select[int] | None) -> Any:
    """(agent_id, track_key, moment, minutes): of modules passed, and of the lessons read in the others.

    The same module, or lesson, followed by one agent on two platforms counts once.
    """
    mine = _mine(at, agents)
    declared = and_(
        TrackDuration.track_key == Enrolment.track_key, TrackDuration.track_digest == Enrolment.track_digest
    )
    passed = (
        select(
            mine.c.agent_id, Enrolment.track_key, Attempt.module_key,
            func.min(Attempt.submitted_at).label("moment"), func.max(TrackDuration.minutes).label("minutes"),
        )
        .join(Enrolment, Enrolment.person_id == mine.c.person_id)
        .join(Attempt, Attempt.enrolment_id == Enrolment.id)
        .join(TrackDuration, and_(declared, TrackDuration.module_key == Attempt.module_key))
        .where(TrackDuration.lesson_key == "", Attempt.passed.is_(True), _by(Attempt.submitted_at, at))
        .group_by(mine.c.agent_id, Enrolment.track_key, Attempt.module_key)
        .cte("passed")
    )  # fmt: skip
    of_passed = and_(
        passed.c.agent_id == mine.c.agent_id, passed.c.track_key == Enrolment.track_key,
        passed.c.module_key == LessonProgress.module_key,
    )  # fmt: skip
    same_lesson = and_(
        TrackDuration.module_key == LessonProgress.module_key, TrackDuration.lesson_key == LessonProgress.lesson_key
    )
    read = (
        select(mine.c.agent_id, Enrolment.track_key, func.min(LessonProgress.read_at), func.max(TrackDuration.minutes))
        .join(Enrolment, Enrolment.person_id == mine.c.person_id)
        .join(LessonProgress, LessonProgress.enrolment_id == Enrolment.id)
        .join(TrackDuration, and_(declared, same_lesson))
        .outerjoin(passed, of_passed)
        .where(passed.c.agent_id.is_(None), LessonProgress.read_at.is_not(None), _by(LessonProgress.read_at, at))
        .group_by(mine.c.agent_id, Enrolment.track_key, LessonProgress.module_key, LessonProgress.lesson_key)
    )
    whole = select(passed.c.agent_id, passed.c.track_key, passed.c.moment, passed.c.minutes)
    return union_all(whole, read).cte("spent")


def _year(moment: ColumnElement[Any], until: datetime) -> ColumnElement[int]:
    last = max(until.astimezone(ZONE).year, FIRST_YEAR)
    ends = [(moment < year_start(year + 1), year) for year in range(FIRST_YEAR, last)]
    return case(*ends, else_=last) if ends else literal(last)


def _stands(at: datetime | None) -> ColumnElement[bool]:
    """Whether a certificate was neither revoked nor replaced; neither of which is ever undone."""
    standing = Certificate.status.in_(("valid", "suspended"))
    return standing if at is None else or_(standing, Certificate.status_at > at)


def _by(moment: Any, at: datetime | None) -> ColumnElement[bool]:
    return literal(True) if at is None else moment <= at


def _if_by(moment: Any, at: datetime | None) -> Any:
    return moment if at is None else case((moment <= at, moment))


def _then(state: Any, at: datetime) -> ColumnElement[bool]:
    return and_(state.since <= at, or_(state.until.is_(None), state.until > at))
