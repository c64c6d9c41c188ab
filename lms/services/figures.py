"""The figures kept: who is to be counted again, counting them, and reading sums that cost the same for any number.

What changes an agent's figures says so in its own transaction (``touch``); a worker counts those agents again and adds
the differences to the sums. Between two rounds the sums are those of the last one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from lms.models import Agent, AgentFigure, AgentMatch, Enrolment, Figure, FigureDirty, TrackDuration, Unit
from lms.models.base import table_of
from lms.models.prepared import connection_of
from lms.models.upsert import insert_into
from lms.services import counted_days
from lms.services.figure_facts import COUNTS, Cell, Sums, ancestors, facts, plain
from lms.services.library import Library
from lms.services.organisation import HELD
from lms.services.outbox import promise

#: Agents counted again in one transaction.
BATCH = 1000
#: How often agents who moved, and whom nobody told of, are looked for.
EVERY = timedelta(hours=1)
#: One count at a time on PostgreSQL: two would both take the same agent out of the sums. SQLite has one writer anyway.
_LOCK = 7250141
_KEYS = ("unit_id", "branch", "category", "track_key", "population", "year")
_DIRTY, _OWN, _SUM = table_of(FigureDirty), table_of(AgentFigure), table_of(Figure)


def touch(own: Session | Connection, *, person_id: int | None = None, agents: Collection[int] = ()) -> None:
    """Say that what an agent counts for changed: one statement, in the transaction of the change.

    A person is the agent they are held to be, if they are one. An undone match is told by its agent.
    """
    connection = connection_of(own)
    if person_id is not None:
        held = select(AgentMatch.agent_id).where(AgentMatch.person_id == person_id, AgentMatch.state.in_(HELD))
        connection.execute(insert(_DIRTY).from_select(["agent_id"], held))
    if agents:
        connection.execute(insert(_DIRTY), [{"agent_id": number} for number in agents])


def touch_moved(own: Session | Connection) -> None:
    """Touch every agent who is not where they were counted: after an import, a unit moved, a population declared.

    One pass over the agents: who came, left, moved, or is no longer of the same grade, branch or population.
    """
    path, counted = func.coalesce(Unit.path, ""), and_(AgentFigure.track_key == "", AgentFigure.year == 0)
    elsewhere = or_(
        AgentFigure.path != path, AgentFigure.branch != Agent.branch, AgentFigure.category != Agent.category,
        AgentFigure.population != Agent.population,
    )  # fmt: skip
    there = Agent.left_at.is_(None)
    changed = (
        select(Agent.id)
        .outerjoin(Unit, Unit.id == Agent.unit_id)
        .outerjoin(AgentFigure, and_(AgentFigure.agent_id == Agent.id, counted))
        .where(
            or_(
                and_(there, or_(AgentFigure.agent_id.is_(None), elsewhere)),
                and_(~there, AgentFigure.agent_id.is_not(None)),
            )
        )
    )
    gone = select(AgentFigure.agent_id).outerjoin(Agent, Agent.id == AgentFigure.agent_id)
    gone = gone.where(counted, Agent.id.is_(None))
    connection_of(own).execute(insert(_DIRTY).from_select(["agent_id"], union_all(changed, gone)))


def promise_moved(session: Session) -> None:
    """Promise that those who moved be looked for, once however many workers ask."""
    promise(session, "find_moved", "all", {}, every=EVERY / 2)


def promise_refresh(session: Session) -> None:
    """Promise that those who were touched be counted, once however many workers ask; one query when nobody was."""
    if session.scalar(select(exists(select(FigureDirty.id)))):
        promise(session, "refresh_figures", "all", {})


def refresh(session: Session, most: int = BATCH) -> int:
    """Count again agents who were touched, ``most`` of them at once; how many rows were taken, 0 when none is left.

    The caller commits: nobody is left out, whenever it is stopped.
    """
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    first = select(_DIRTY.c.id).order_by(_DIRTY.c.id).limit(most)
    taken = connection.execute(delete(_DIRTY).where(_DIRTY.c.id.in_(first)).returning(_DIRTY.c.agent_id)).scalars()
    rows = taken.all()
    agents = sorted(set(rows))
    if agents:
        _know_durations(session, agents)
        new, old = _counted(connection, agents), _known(connection, agents)
        counted_days.forget_if_past(session, new, old, agents)
        _apply(connection, new, old, agents)
    return len(rows)


def refresh_all(session: Session) -> int:
    """Count everybody who was touched or moved, committing after each batch; how many rows were taken."""
    touch_moved(session)
    session.commit()
    total = 0
    while taken := refresh(session):
        session.commit()
        total += taken
    session.commit()
    return total


def forget(session: Session) -> None:
    """Forget every figure: ``refresh_all`` then counts everybody again from the facts."""
    for table in (_SUM, _OWN, _DIRTY, table_of(TrackDuration)):
        session.execute(delete(table))


def differences(session: Session) -> Sums:
    """The cells whose figures are not those of the plain query, with what the plain query says; to check them."""
    kept = {Cell(*row[: len(_KEYS)]): tuple(row[len(_KEYS) :]) for row in session.execute(_everything())}
    kept = {cell: sums for cell, sums in kept.items() if any(sums)}
    right, nothing = plain(session), (0,) * len(COUNTS)
    cells = kept.keys() | right.keys()
    return {cell: right.get(cell, nothing) for cell in cells if right.get(cell) != kept.get(cell)}


def know_every_duration(session: Session) -> None:
    """Write down the declared minutes of every revision somebody follows, for the plain query."""
    _keep_durations(session, select(Enrolment.track_key, Enrolment.track_digest))


def _know_durations(session: Session, agents: Sequence[int]) -> None:
    theirs = AgentMatch.person_id == Enrolment.person_id
    followed = select(Enrolment.track_key, Enrolment.track_digest).join(AgentMatch, theirs)
    _keep_durations(session, followed.where(AgentMatch.agent_id.in_(agents)))


def _keep_durations(session: Session, followed: Select[str, str]) -> None:
    known = exists().where(
        TrackDuration.track_key == Enrolment.track_key, TrackDuration.track_digest == Enrolment.track_digest
    )
    tracks = Library(session)
    for key, digest in session.execute(followed.where(~known).distinct()).all():
        track = tracks.followed(key, digest)
        rows = [("", "", 0)]
        for module in track.published_modules if track else ():
            rows.append((module.key, "", module.duration_minutes))
            left = module.duration_minutes
            for lesson in module.lessons:  # lessons never add up to more than their module
                rows.append((module.key, lesson.key, min(lesson.minutes, left)))
                left -= min(lesson.minutes, left)
        names = ("module_key", "lesson_key", "minutes")
        values = [{"track_key": key, "track_digest": digest, **dict(zip(names, row, strict=True))} for row in rows]
        session.execute(insert_into(session.connection().dialect.name, table_of(TrackDuration))
                        .on_conflict_do_nothing(), values)  # fmt: skip


def _counted(connection: Connection, agents: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of ``AgentFigure`` as the facts say now."""
    here = (
        select(
            Agent.id.label("agent_id"), func.coalesce(Unit.path, "").label("path"), Agent.branch, Agent.category,
            Agent.population,
        )
        .outerjoin(Unit, Unit.id == Agent.unit_id)
        .where(Agent.id.in_(agents), Agent.left_at.is_(None))
        .cte("here")
    )  # fmt: skip
    done = facts(None, agents).subquery("done")
    there = select(here, literal("").label("track_key"), literal(0).label("year"), literal(1).label("agents"))
    there = there.add_columns(*(literal(0).label(name) for name in COUNTS[1:]))
    did = select(here, done.c.track_key, done.c.year, literal(0).label("agents"))
    did = did.add_columns(*(done.c[name] for name in COUNTS[1:])).join(done, done.c.agent_id == here.c.agent_id)
    return [dict(row) for row in connection.execute(union_all(there, did)).mappings()]


def _known(connection: Connection, agents: Sequence[int]) -> list[dict[str, Any]]:
    """The rows of ``AgentFigure`` as last counted."""
    return [dict(row) for row in connection.execute(select(_OWN).where(_OWN.c.agent_id.in_(agents))).mappings()]


def _apply(connection: Connection, new: list[dict[str, Any]], old: list[dict[str, Any]], agents: Sequence[int]) -> None:
    """Put the new rows in the place of the old ones, and what differs in the sums."""
    connection.execute(delete(_OWN).where(_OWN.c.agent_id.in_(agents)))
    if new:
        connection.execute(insert(_OWN), new)
    added = _differences(new, old)
    if not added:
        return
    statement = insert_into(connection.dialect.name, _SUM)
    summed = {name: _SUM.c[name] + statement.excluded[name] for name in COUNTS}
    statement = statement.on_conflict_do_update(index_elements=list(_KEYS), set_=summed)
    # In one order whoever writes: two transactions never wait for each other's rows.
    values = [{**cell._asdict(), **dict(zip(COUNTS, sums, strict=True))} for cell, sums in sorted(added.items())]
    connection.execute(statement, values)
    emptied = [{f"of_{key}": getattr(cell, key) for key in _KEYS} for cell, sums in added.items() if min(sums) < 0]
    if emptied:
        here = and_(*(_SUM.c[key] == bindparam(f"of_{key}") for key in _KEYS))
        connection.execute(delete(_SUM).where(here, *(_SUM.c[name] == 0 for name in COUNTS)), emptied)


def _differences(new: Iterable[dict[str, Any]], old: Iterable[dict[str, Any]]) -> Sums:
    sums: dict[Cell, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for sign, rows in ((1, new), (-1, old)):
        for row in rows:
            for unit_id in ancestors(row["path"]):
                cell = Cell(unit_id, *(row[key] for key in _KEYS[1:]))
                for place, name in enumerate(COUNTS):
                    sums[cell][place] += sign * row[name]
    return {cell: tuple(counts) for cell, counts in sums.items() if any(counts)}


def _everything() -> Select[Any]:
    return select(*(_SUM.c[key] for key in _KEYS), *(_SUM.c[name] for name in COUNTS))
