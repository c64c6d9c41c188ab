"""Which part of the organisation each person of HR sees: units opened to them and taken back, journaled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.models import HrScope, LocalAccount, Membership, Person, Unit
from lms.models.upsert import insert_new
from lms.services.audit import record
from lms.services.people import hold_person


class LastUnit(ValueError):
    """Without that unit, an account of the institution would see all of it: this must be said."""


class UnknownCodes(ValueError):
    """Codes of no unit that is there: ``codes``."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = tuple(codes)


@dataclass(frozen=True)
class Seer:
    """Somebody of HR, and the units opened to them; none: everything, or the people of their platform."""

    person: Person
    units: tuple[HrScope, ...]
    #: Whether they have the role, by their account or by their platform's word; without it they see nothing.
    has_role: bool


def seers(session: Session) -> list[Seer]:
    """Everybody who has the HR role or units opened to them, by name; three queries."""
    accounts = session.execute(select(LocalAccount.person_id, LocalAccount.roles)).tuples()
    of_role = {person_id for person_id, roles in accounts if "hr" in roles}
    of_role |= set(session.scalars(select(Membership.person_id).where(Membership.role == "hr").distinct()))
    opened: dict[int, list[HrScope]] = {}
    query = select(HrScope).join(HrScope.unit).options(joinedload(HrScope.unit)).order_by(Unit.name, HrScope.id)
    for row in session.scalars(query):
        opened.setdefault(row.person_id, []).append(row)
    wanted = Person.id.in_(of_role | opened.keys())
    people = session.scalars(select(Person).where(wanted).options(joinedload(Person.platform)))
    found = [Seer(person, tuple(opened.get(person.id, ())), person.id in of_role) for person in people]
    return sorted(found, key=lambda seer: (_name(seer.person).casefold(), seer.person.id))


def units_of(session: Session, codes: Iterable[str]) -> list[Unit]:
    """The units of these codes that are there. Raises ``UnknownCodes``."""
    wanted = list(dict.fromkeys(codes))
    found = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.code.in_(wanted)))}
    there = {code: unit for code, unit in found.items() if unit.closed_at is None}
    if unknown := [code for code in wanted if code not in there]:
        raise UnknownCodes(unknown)
    return [there[code] for code in wanted]


def give(session: Session, person_id: int, units: Iterable[Unit], by: int | None = None) -> int:
    """Open units, with all under them, to a person; gives how many were not. They see nothing beside, from now on."""
    made = 0
    for unit in units:
        if insert_new(session, HrScope, {"person_id": person_id, "unit_id": unit.id}, {}) is not None:
            record(session, "hr.scope_given", f"person:{person_id}", by, unit=unit.id)
            made += 1
    return made


def take_back(session: Session, row: HrScope, by: int | None = None, *, whole: bool = False) -> None:
    """Close a unit to a person. Raises ``LastUnit``, unless ``whole`` says that they may see all from now on."""
    hold_person(session, row.person_id)  # of two units closed at once, the second one is seen to be the last
    if session.scalar(select(HrScope.id).where(HrScope.id == row.id)) is None:
        return  # closed at the same moment
    others = select(HrScope.id).where(HrScope.person_id == row.person_id, HrScope.id != row.id)
    local = select(Person.id).where(Person.id == row.person_id, Person.platform_id.is_(None))
    if not whole and session.scalar(others) is None and session.scalar(local) is not None:
        raise LastUnit
    session.delete(row)
    session.flush()
    record(session, "hr.scope_taken", f"person:{row.person_id}", by, unit=row.unit_id, whole=whole)


def find(session: Session, number: int) -> HrScope | None:
    """The unit opened of that number, with it."""
    return session.get(HrScope, number, options=[joinedload(HrScope.unit)])


def opened_names(session: Session, person_id: int) -> list[str]:
    """The names of the units opened to a person."""
    query: Any = select(Unit.name).join(HrScope, HrScope.unit_id == Unit.id).where(HrScope.person_id == person_id)
    return list(session.scalars(query.order_by(Unit.name)))


def _name(person: Person) -> str:
    return person.display_name or person.email or person.subject
