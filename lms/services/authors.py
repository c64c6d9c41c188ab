"""Who shares the studio: the institutions that write tracks, and the people given a role in it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from lms.models import Institution, Person, StudioRole
from lms.models.upsert import insert_new
from lms.services.audit import record


class NameTaken(ValueError):
    """An institution has that name already."""


def people_of(session: Session, email: str) -> list[Person]:
    """The people of an e-mail address: the local account first, then those who came from a platform."""
    query = select(Person).where(func.lower(Person.email) == email.strip().lower())
    query = query.options(joinedload(Person.platform)).order_by(Person.platform_id.is_not(None), Person.id)
    return list(session.scalars(query))


def roles_given(session: Session) -> Sequence[StudioRole]:
    """Every role given in the studio, with its person, their platform and the institution."""
    query = (
        select(StudioRole)
        .join(StudioRole.person)
        .options(
            joinedload(StudioRole.person).joinedload(Person.platform),
            joinedload(StudioRole.institution),
        )
    )
    return session.scalars(query.order_by(Person.email, Person.id, StudioRole.track_key, StudioRole.id)).all()


def revoke(session: Session, rows: Iterable[StudioRole], by: int | None = None) -> None:
    """Take roles back; sessions already open lose them at the next request."""
    for row in rows:
        reach = {"track": row.track_key, "institution": row.institution_id}
        record(session, "studio_role_revoked", f"person:{row.person_id}", by, role=row.role, **reach)
        session.delete(row)
    session.flush()


def institutions(session: Session) -> Sequence[Institution]:
    """The institutions beside this one, by name."""
    return session.scalars(select(Institution).order_by(Institution.name)).all()


def add_institution(session: Session, name: str, by: int | None = None) -> Institution:
    """Let one more institution write tracks. Raises ``NameTaken``."""
    name = name.strip()
    _free(session, name)
    number = insert_new(session, Institution, {"name": name}, {})
    if number is None:  # added at the same moment
        raise NameTaken(name)
    row = session.get_one(Institution, number)
    record(session, "institution_added", f"institution:{row.id}", by)
    return row


def rename_institution(session: Session, row: Institution, name: str, by: int | None = None) -> None:
    """Give an institution another name. Raises ``NameTaken``."""
    name = name.strip()
    if name != row.name:
        _free(session, name, row.id)
        row.name = name
        session.flush()
        record(session, "institution_renamed", f"institution:{row.id}", by)


def _free(session: Session, name: str, own: int = 0) -> None:
    """Refuse a name another institution has; in Python, for SQLite folds no accented letter."""
    if any(row.name.casefold() == name.casefold() and row.id != own for row in institutions(session)):
        raise NameTaken(name)
