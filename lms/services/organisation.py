"""The organisation as it is now, and the part of it that somebody with the HR role sees."""

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, HrScope, Person, Unit
from lms.tables import Scope

#: A person is an agent once a key that the settings believe says so, or somebody did.
HELD = ("sure", "confirmed")


def scope_of(session: Session, person: Person) -> Scope:
    """What that person may see as HR: the units opened to them; without any, everything or their platform's people."""
    opened = select(Unit.path).join(HrScope, HrScope.unit_id == Unit.id).where(HrScope.person_id == person.id)
    paths = tuple(session.scalars(opened.order_by(Unit.path)))
    tops = tuple(path for path in paths if not any(path != other and path.startswith(other) for other in paths))
    if tops:
        return Scope(tops)
    return Scope(None, person.platform_id)


def units_in(scope: Scope) -> ColumnElement[bool]:
    """Whether a ``Unit`` is in that part of the organisation."""
    if scope.paths is None:
        return true() if scope.platform_id is None else false()
    return or_(*(Unit.path.startswith(path, autoescape=True) for path in scope.paths))


def agents_in(scope: Scope) -> ColumnElement[bool]:
    """Whether an ``Agent`` is of that part of the organisation, or one of the platform's people."""
    if scope.paths is not None:
        return Agent.unit_id.in_(select(Unit.id).where(units_in(scope)))
    if scope.platform_id is None:
        return true()
    theirs = select(AgentMatch.agent_id).join(Person, Person.id == AgentMatch.person_id)
    return Agent.id.in_(theirs.where(AgentMatch.state.in_(HELD), Person.platform_id == scope.platform_id))


def sees(scope: Scope, unit: Unit | None) -> bool:
    """Whether that unit, or with None the whole institution, is in that part."""
    if unit is None or scope.paths is None:
        return scope.whole
    return any(unit.path.startswith(path) for path in scope.paths)
