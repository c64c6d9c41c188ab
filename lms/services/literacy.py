"""The AI-literacy registers: whose they are, and their entries, whose past states stay.

Each change writes a line of the chained journal, ``register.*``, with the register as its target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from lms.i18n import ZONE
from lms.models import Register, RegisterEntry, RegisterState, Unit, utcnow
from lms.models.upsert import insert_new
from lms.services.audit import record
from lms.services.literacy_fields import KINDS
from lms.services.organisation import units_in
from lms.tables import Scope


class RegisterRefused(Exception):
    """What was asked of a register cannot be done. ``reason`` is a stable key.

    ``single`` kind, there is one already · ``stale``: somebody changed the entry meanwhile · ``gone``: it was taken
    away · ``used``: other entries name it · for a signature ``same`` person as the last editor, ``empty`` register,
    ``changed`` since it was read.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Entry:
    """An entry as it is now; ``state_id`` names what it says, to be told when somebody changes it meanwhile."""

    id: int
    kind: str
    state_id: int
    since: datetime
    content: Mapping[str, Any]


def target(register_id: int) -> str:
    """How the journal names a register."""
    return f"register:{register_id}"


def registers(session: Session, scope: Scope) -> Sequence[Register]:
    """The registers somebody with that scope sees, in the order of the organisation."""
    query = select(Register).join(Unit, Unit.id == Register.unit_id).where(units_in(scope))
    return session.scalars(query.options(contains_eager(Register.unit)).order_by(Unit.path)).all()


def register(session: Session, scope: Scope, register_id: int) -> Register | None:
    """The register of that number, if the scope holds its unit."""
    query = select(Register).join(Unit, Unit.id == Register.unit_id)
    return session.scalars(query.where(Register.id == register_id, units_in(scope))).first()


def open_register(session: Session, unit: Unit, person_id: int | None) -> Register:
    """The register of a unit, opened if it was not."""
    made = insert_new(session, Register, {"unit_id": unit.id}, {"opened_at": utcnow()})
    row = session.scalars(select(Register).where(Register.unit_id == unit.id)).one()
    if made is not None:
        record(session, "register.opened", target(row.id), person_id, unit=unit.code)
    return row


def entries(session: Session, register_id: int) -> list[Entry]:
    """What the register says now, kind after kind, the oldest entries first."""
    query = (
        select(RegisterEntry.id, RegisterEntry.kind, RegisterState.id, RegisterState.since, RegisterState.content)
        .join(RegisterState, RegisterState.entry_id == RegisterEntry.id)
        .where(RegisterEntry.register_id == register_id, RegisterState.until.is_(None))
        .order_by(RegisterEntry.id)
    )
    found = [Entry(*row) for row in session.execute(query)]
    return [entry for kind in KINDS for entry in found if entry.kind == kind]


def past(session: Session, entry_id: int) -> Sequence[RegisterState]:
    """What an entry said before, the last first."""
    query = select(RegisterState).where(RegisterState.entry_id == entry_id, RegisterState.until.is_not(None))
    return session.scalars(query.order_by(RegisterState.id.desc())).all()


def add(session: Session, row: Register, kind: str, content: Mapping[str, Any], person_id: int | None) -> int:
    """Write a new entry; gives its number. A new system opens a review. Raises ``RegisterRefused``."""
    _hold(session, row)
    if KINDS[kind].single and any(entry.kind == kind for entry in entries(session, row.id)):
        raise RegisterRefused("single")
    number = _written(session, row.id, kind, content, person_id)
    _edited(row, person_id)
    if kind == "system":
        said = {"reason": "system", "about": content.get("name", ""), "system": number, "opened_on": today()}
        _written(session, row.id, "review", said, person_id)
    session.flush()
    return number


def change(
    session: Session, row: Register, entry: Entry, content: Mapping[str, Any], person_id: int | None
) -> None:  # fmt: skip
    """Have an entry say something else; saying the same changes nothing. Raises ``RegisterRefused``."""
    _hold(session, row)
    state = _open_state(session, row, entry)
    if state.content == dict(content):
        return
    fields = sorted(key for key in {**state.content, **content} if state.content.get(key) != content.get(key))
    _ended(session, state, person_id)
    session.add(RegisterState(entry_id=entry.id, since=state.until, content=dict(content), person_id=person_id))
    _edited(row, person_id)
    record(session, "register.changed", target(row.id), person_id, kind=entry.kind, entry=entry.id, fields=fields)
    session.flush()


def remove(session: Session, row: Register, entry: Entry, person_id: int | None) -> None:
    """Take an entry away; what it said stays in its states. Raises ``RegisterRefused``."""
    _hold(session, row)
    state = _open_state(session, row, entry)
    if any(names(other, entry.id) for other in entries(session, row.id) if other.kind != "review"):
        raise RegisterRefused("used")
    _ended(session, state, person_id)
    _edited(row, person_id)
    record(session, "register.removed", target(row.id), person_id, kind=entry.kind, entry=entry.id)
    session.flush()


def names(entry: Entry, number: int) -> bool:
    """Whether an entry names another one."""
    for field in KINDS[entry.kind].fields:
        said = entry.content.get(field.key)
        if (field.kind == "entry" and said == number) or (field.kind == "entries" and number in (said or ())):
            return True
    return False


def open_review(session: Session, register_id: int, content: Mapping[str, Any], person_id: int | None) -> None:
    """A review that opens by itself: whoever caused it did not edit the register."""
    _written(session, register_id, "review", {**content, "opened_on": today()}, person_id)


def today() -> str:
    """The day as lived in France, ISO."""
    return utcnow().astimezone(ZONE).date().isoformat()


def _written(
    session: Session, register_id: int, kind: str, content: Mapping[str, Any], person_id: int | None
) -> int:  # fmt: skip
    entry = RegisterEntry(register_id=register_id, kind=kind)
    session.add(entry)
    session.flush()
    session.add(RegisterState(entry_id=entry.id, content=dict(content), person_id=person_id))
    session.flush()
    record(session, "register.added", target(register_id), person_id, kind=kind, entry=entry.id)
    return entry.id


def _hold(session: Session, row: Register) -> None:
    """Keep others from writing in the register, or signing it, until the commit."""
    session.refresh(row, with_for_update=True)  # who edited it last may have changed since it was read


def _open_state(session: Session, row: Register, entry: Entry) -> RegisterState:
    """What the entry says, when it is what was read. Raises ``RegisterRefused``."""
    query = select(RegisterState).join(RegisterEntry).where(RegisterEntry.register_id == row.id)
    query = query.where(RegisterState.entry_id == entry.id, RegisterState.until.is_(None))
    state = session.scalars(query.execution_options(populate_existing=True)).first()
    if state is None:
        raise RegisterRefused("gone")
    if state.id != entry.state_id:
        raise RegisterRefused("stale")
    return state


def _ended(session: Session, state: RegisterState, person_id: int | None) -> None:
    state.until, state.ended_by = utcnow(), person_id
    session.flush()  # before another opens: one alone is open at a time


def _edited(row: Register, person_id: int | None) -> None:
    row.edited_by, row.edited_at = person_id, utcnow()
