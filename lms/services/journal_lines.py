"""Reading the journal of certificates and keys: who did what, and how far its chain was found intact."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from certificates.codes import read_code
from lms.models import AuditEntry, AuditHead, AuditLink, Certificate, Person

#: Lines of a page.
PAGE = 100

About = Literal["", "certificates", "keys"]


@dataclass(frozen=True)
class JournalLine:
    """A line: ``position`` is its place in the chain, None while it waits; ``who`` the person, None for nobody."""

    id: int
    at: datetime
    action: str
    target: str
    details: dict[str, Any]
    who: Person | None
    position: int | None


def lines(session: Session, about: About, named: str = "", before: int | None = None) -> list[JournalLine]:
    """The last lines about certificates, keys or both, one more than a page when there are more.

    ``named`` narrows them to one certificate (its number or code) or one key; ``before`` is the line to go on from.
    """
    wanted = [_about(about)]
    if named:
        wanted.append(AuditEntry.target.in_(_targets(session, named)))
    if before is not None:
        wanted.append(AuditEntry.id < before)
    return _last(session, wanted, PAGE + 1)


def done_to(session: Session, target: str, action: str, limit: int) -> list[JournalLine]:
    """The last lines about one thing, by the name the journal gives it, whose action begins so."""
    return _last(session, [AuditEntry.target == target, AuditEntry.action.startswith(action, autoescape=True)], limit)


def head(session: Session) -> AuditHead | None:
    """The end of the chain and the finding of its last check; None before the worker chained a line."""
    return session.scalars(select(AuditHead)).first()


def _last(session: Session, wanted: list[ColumnElement[bool]], limit: int) -> list[JournalLine]:
    query = (
        select(AuditEntry, Person, AuditLink.position)
        .outerjoin(Person, Person.id == AuditEntry.person_id)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(*wanted)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [
        JournalLine(row.id, row.at, row.action, row.target, row.details, who, position)
        for row, who, position in session.execute(query)
    ]


def _about(about: About) -> ColumnElement[bool]:
    certificates = AuditEntry.action.startswith("certificate", autoescape=True)
    keys = or_(AuditEntry.action.startswith("key"), AuditEntry.target.startswith("key:"))
    return {"certificates": certificates, "keys": keys}.get(about, or_(certificates, keys))


def _targets(session: Session, named: str) -> list[str]:
    """How lines name what was typed."""
    typed = named.strip()
    found = [typed, typed.upper(), f"key:{typed}"]
    try:
        code = read_code(typed)
    except ValueError:
        return found
    number = session.scalar(select(Certificate.number).filter_by(code=code))
    return [*found, number] if number else found
