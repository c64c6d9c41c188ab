"""Changing the organisation by hand: units made, renamed, moved, closed; what was stays readable at its date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session, aliased

from lms.models import Agent, Unit, UnitState, utcnow
from lms.services import population
from lms.services.audit import record
from lms.services.imports import alone
from lms.services.unit_paths import lock_tree

#: Characters of a path.
LONGEST = 500


class UnitRefused(ValueError):
    """A change that cannot be; ``reason`` says why, ``values`` what it is about.

    ``taken`` (another unit has the code), ``loop`` (it would be under itself), ``closed`` (one of them is), ``deep``,
    ``parts`` (units are still under it), ``agents`` (some are still there).
    """

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason, self.values = reason, values


@dataclass(frozen=True)
class Past:
    """What a unit was from ``since`` until ``until`` (None: still), with the name its parent had last."""

    since: datetime
    until: datetime | None
    name: str
    kind: str
    siret: str | None
    parent: str | None


def make_unit(
    session: Session,
    code: str,
    name: str,
    kind: str = "other",
    parent: Unit | None = None,
    siret: str | None = None,
    *,
    by: int | None = None,
    now: datetime | None = None,
) -> Unit:
    """A new unit under ``parent``, or at the top. Raises ``UnitRefused``."""
    _alone(session, parent)
    if session.scalar(select(Unit.id).where(Unit.code == code)) is not None:
        raise UnitRefused("taken", code=code)
    _refuse_closed(parent)
    unit = Unit(code=code, name=name, kind=kind, parent_id=parent.id if parent else None, siret=siret)
    session.add(unit)
    session.flush()
    unit.path = _path(unit, parent)
    if len(unit.path) > LONGEST:
        raise UnitRefused("deep")
    _turn(session, unit, now or utcnow())
    record(session, "hr.unit_made", f"unit:{unit.id}", by, parent=unit.parent_id)
    return unit


def rename_unit(
    session: Session,
    unit: Unit,
    name: str,
    kind: str,
    siret: str | None,
    *,
    by: int | None = None,
    now: datetime | None = None,
) -> bool:
    """Call a unit otherwise from now on; False when that is what it is called. Raises ``UnitRefused``."""
    _alone(session, unit)
    _refuse_closed(unit)
    if (unit.name, unit.kind, unit.siret) == (name, kind, siret):
        return False
    unit.name, unit.kind, unit.siret = name, kind, siret
    _turn(session, unit, now or utcnow())
    record(session, "hr.unit_renamed", f"unit:{unit.id}", by)
    return True


def move_unit(
    session: Session, unit: Unit, parent: Unit | None, *, by: int | None = None, now: datetime | None = None
) -> bool:
    """Put a unit, with all under it, under another or at the top; False when it is there. Raises ``UnitRefused``."""
    alone(session)  # before the tree, as imports do: who is of P is written at the end
    _alone(session, unit, parent)
    _refuse_closed(unit, parent)
    if parent is not None and parent.path.startswith(unit.path):
        raise UnitRefused("loop", name=unit.name, under=parent.name)
    if unit.parent_id == (parent.id if parent else None):
        return False
    before, after = unit.path, _path(unit, parent)
    inside = Unit.path.startswith(before, autoescape=True)
    longest = session.scalar(select(func.max(func.length(Unit.path))).where(inside)) or 0
    if longest - len(before) + len(after) > LONGEST:
        raise UnitRefused("deep")
    unit.parent_id = parent.id if parent else None
    session.flush()
    moved = literal(after).concat(func.substr(Unit.path, len(before) + 1))
    change = update(Unit).where(inside).values(path=moved)
    session.execute(change.execution_options(synchronize_session="fetch"))
    _turn(session, unit, now or utcnow())
    record(session, "hr.unit_moved", f"unit:{unit.id}", by, parent=unit.parent_id)
    population.apply(session, now)  # who is under a unit that its rule names may have changed
    return True


def close_unit(session: Session, unit: Unit, *, by: int | None = None, now: datetime | None = None) -> None:
    """A unit that is no longer there: nothing is under it nor in it any more. Raises ``UnitRefused``."""
    _alone(session, unit)
    _refuse_closed(unit)
    under = select(func.count()).select_from(Unit).where(Unit.parent_id == unit.id, Unit.closed_at.is_(None))
    if parts := session.scalar(under):
        raise UnitRefused("parts", count=parts)
    there = select(func.count()).select_from(Agent).where(Agent.unit_id == unit.id, Agent.left_at.is_(None))
    if agents := session.scalar(there):
        raise UnitRefused("agents", count=agents)
    unit.closed_at = _turn(session, unit, now or utcnow(), last=True)
    session.flush()
    record(session, "hr.unit_closed", f"unit:{unit.id}", by)


def history(session: Session, unit: Unit) -> Sequence[Past]:
    """What a unit was, the last first."""
    above = aliased(Unit)
    query = (
        select(UnitState.since, UnitState.until, UnitState.name, UnitState.kind, UnitState.siret, above.name)
        .outerjoin(above, above.id == UnitState.parent_id)
        .where(UnitState.unit_id == unit.id)
        .order_by(UnitState.since.desc(), UnitState.id.desc())
    )
    return [Past(*row) for row in session.execute(query)]


def _alone(session: Session, *units: Unit | None) -> None:
    """Change the tree one at a time: two moves that cross would make a loop. What was read before is read again."""
    session.flush()
    lock_tree(session)
    for unit in units:
        if unit is not None:
            session.refresh(unit)


def _refuse_closed(*units: Unit | None) -> None:
    for unit in units:
        if unit is not None and unit.closed_at is not None:
            raise UnitRefused("closed", name=unit.name)


def _path(unit: Unit, parent: Unit | None) -> str:
    return f"{parent.path if parent else ''}{unit.id}."


def _turn(session: Session, unit: Unit, now: datetime, *, last: bool = False) -> datetime:
    """Close the state of a unit and, unless it is the ``last``, open that of what it is; gives the moment."""
    mine = (UnitState.unit_id == unit.id) & UnitState.until.is_(None)
    before = session.scalars(select(UnitState).where(mine)).one_or_none()
    if before is not None:
        now = max(now, before.since)  # the clock of another machine may be ahead
        before.until = now
        session.flush()  # one open state at a time
    if not last:
        session.add(
            UnitState(
                unit_id=unit.id, since=now, parent_id=unit.parent_id, kind=unit.kind, name=unit.name, siret=unit.siret
            )
        )
    session.flush()
    return now
