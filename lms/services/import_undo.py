"""Undoing the last import of a kind: the states it opened go, those it closed are open again, what it made goes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, AgentState, ImportChange, ImportRun, Unit, UnitState, utcnow
from lms.models.base import Base, table_of
from lms.services import audit, counted_days, population
from lms.services.imports import alone, last_run
from lms.services.unit_paths import settle_paths

#: Rows looked at in one query.
PIECE = 1000
#: Table → the model of its rows and of their states, and how a state names its row.
_MODELS: dict[str, tuple[type[Any], type[Any], str]] = {
    "agent": (Agent, AgentState, "agent_id"),
    "unit": (Unit, UnitState, "unit_id"),
}
_MOMENTS = ("left_at", "closed_at")


class NothingToUndo(ValueError):
    """No import of that kind is left to undo, or it is not the last one."""


class Rests(ValueError):
    """Something rests on the import: later changes of what it changed, or ``table`` has rows about what it made."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def undo(session: Session, kind: str, run_id: int | None = None, person_id: int | None = None) -> ImportRun:
    """Undo the last import of a kind, which must be ``run_id`` when it is given; flushes, never commits.

    Raises ``NothingToUndo``, and ``Rests`` once it has begun: the transaction is then to be rolled back.
    """
    alone(session)  # a file that is being taken in is the last one, once it is
    run = last_run(session, kind)
    if run is None or run_id not in (None, run.id):
        raise NothingToUndo
    session.get_one(ImportRun, run.id, with_for_update=True, populate_existing=True)
    _restore_membership(session, run)
    for model, state, key in _MODELS.values():
        _refuse_later(session, run, model, state, key)
        session.execute(delete(state).where(state.import_id == run.id))
        session.execute(update(state).where(state.closed_by == run.id).values(until=None, closed_by=None))
    made: dict[str, list[int]] = {"agent": [], "unit": []}
    for changes in _changes(session, run):
        _restore(session, changes)
        for change in changes:
            if not change.before:
                made[change.table_name].append(change.row_id)
    session.flush()
    for table, numbers in made.items():  # agents first: they are in units
        _remove(session, table, numbers)
    settle_paths(session)
    run.undone_at = utcnow()
    session.flush()
    session.expire_all()
    counted_days.forget(session)  # where agents were, and what units were, is no longer what it was
    population.apply(session)
    audit.record(session, f"hr.undo_{kind}", f"import_run:{run.id}", person_id, **run.summary)
    return run


def _changes(session: Session, run: ImportRun) -> Iterator[Sequence[Any]]:
    """What the run changed, the last first, so many at a time."""
    columns = (ImportChange.id, ImportChange.table_name, ImportChange.row_id, ImportChange.before)
    query = select(*columns).filter_by(run_id=run.id).order_by(ImportChange.id.desc()).limit(PIECE)
    piece = session.execute(query).all()
    while piece:
        yield piece
        piece = session.execute(query.where(ImportChange.id < piece[-1].id)).all()


def _restore_membership(session: Session, run: ImportRun) -> None:
    """Let the agents whose state the run closed be of P again or not, as that state says, before it is open again."""
    closed = AgentState.closed_by == run.id
    before = select(AgentState.population).where(AgentState.agent_id == Agent.id, closed).limit(1).scalar_subquery()
    theirs = update(Agent).where(Agent.id.in_(select(AgentState.agent_id).where(closed)))
    session.execute(theirs.values(population=before), execution_options={"synchronize_session": False})


def _restore(session: Session, changes: Sequence[Any]) -> None:
    """Give rows the values they had."""
    for table, (model, _, _) in _MODELS.items():
        values = [
            {"id": change.row_id, **{name: _value(name, value) for name, value in change.before.items()}}
            for change in changes
            if change.table_name == table and change.before
        ]
        if values:
            session.execute(update(model), values)


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in _MOMENTS and value is not None else value


def _refuse_later(session: Session, run: ImportRun, model: type[Any], state: type[Any], key: str) -> None:
    """Raises ``Rests`` when what this run changed was changed again."""
    own = select(ImportChange.row_id).filter_by(run_id=run.id, table_name=table_of(model).name)
    of_own = getattr(state, key).in_(own)
    later = select(state.id).where(
        of_own, state.since >= run.created_at, or_(state.import_id.is_(None), state.import_id != run.id)
    )
    closed = select(state.id).where(
        state.import_id == run.id, state.until.is_not(None), or_(state.closed_by.is_(None), state.closed_by != run.id)
    )
    for query in (later, closed):
        if session.scalar(query.limit(1)) is not None:
            raise Rests(table_of(state).name)


def _remove(session: Session, table: str, numbers: Sequence[int]) -> None:
    """Take away rows that the import made. Raises ``Rests`` when others refer to them."""
    model, state, own = _MODELS[table]
    keys = [
        (other, key.parent)
        for other in Base.metadata.sorted_tables
        for key in other.foreign_keys
        if key.column is table_of(model).c.id and (other, key.parent.name) != (table_of(state), own)
    ]
    for at in range(0, len(numbers), PIECE):
        some = numbers[at : at + PIECE]
        for other, column in keys:
            query = select(func.count()).select_from(other).where(column.in_(some))
            if other is table_of(model):  # those made together go together
                query = query.where(other.c.id.not_in(numbers))
            if other is table_of(AgentMatch):  # found by itself, and would be again
                query = query.where(other.c.decided_by.is_not(None))
            if session.scalar(query):
                raise Rests(other.name)
    for at in range(0, len(numbers), PIECE):
        some = numbers[at : at + PIECE]
        if table == "unit":
            session.execute(update(Unit).where(Unit.id.in_(some)).values(parent_id=None))
        session.execute(delete(model).where(model.id.in_(some)))
