"""Requests to be erased (RGPD, article 17): made by the person, answered by an administrator who is somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.models import Appeal, Attempt, Certificate, Enrolment, ErasureRequest, LocalAccount, Person, Work
from lms.services.audit import record
from lms.services.people import hold_person
from lms.services.privacy import erase

#: Characters of a request's words and of its answer.
WORDS = 2000


class ErasureRefused(Exception):
    """What was asked cannot be done. ``reason``: ``open`` one is already · ``answered`` already · ``own``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Stakes:
    """What an erasure would touch: numbers an administrator weighs, never contents."""

    #: They stay as issued; those still in force among them.
    certificates: int
    in_force: int
    #: Appeals open and works being judged: they would end unanswered.
    under_way: int
    #: Whether the person has an account of this service, which goes too.
    account: bool


def stakes(session: Session, person_id: int, now: datetime) -> Stakes:
    """What erasing that person would touch; four queries."""
    mine = Certificate.person_id == person_id
    ends = or_(Certificate.valid_until.is_(None), Certificate.valid_until >= now)
    standing = (mine, Certificate.status.in_(("valid", "suspended")), ends)
    theirs = select(Attempt.id).join(Attempt.enrolment).where(Enrolment.person_id == person_id)
    under_way = sum(
        session.scalar(select(func.count()).select_from(model).where(model.attempt_id.in_(theirs), waits)) or 0
        for model, waits in ((Appeal, Appeal.state == "open"), (Work, Work.state != "done"))
    )
    return Stakes(
        session.scalar(select(func.count()).select_from(Certificate).where(mine)) or 0,
        session.scalar(select(func.count()).select_from(Certificate).where(*standing)) or 0,
        under_way,
        session.scalar(select(LocalAccount.id).where(LocalAccount.person_id == person_id)) is not None,
    )


def last_of(session: Session, person_id: int) -> ErasureRequest | None:
    """The last request of a person."""
    query = select(ErasureRequest).filter_by(person_id=person_id).order_by(ErasureRequest.id.desc())
    return session.scalars(query.limit(1)).first()


def waiting(session: Session) -> Sequence[ErasureRequest]:
    """The requests to be answered, the oldest first: a month is the time the law gives (RGPD, article 12)."""
    query = select(ErasureRequest).filter_by(state="open").order_by(ErasureRequest.asked_at, ErasureRequest.id)
    return session.scalars(query).all()


def ask(session: Session, person: Person, words: str, now: datetime) -> None:
    """Ask for oneself. Raises ``ErasureRefused``."""
    hold_person(session, person.id)
    if session.scalar(select(ErasureRequest.id).filter_by(person_id=person.id, state="open")) is not None:
        raise ErasureRefused("open")
    session.add(ErasureRequest(person_id=person.id, words=words, asked_at=now))
    session.flush()
    record(session, "erasure_asked", f"person:{person.id}", person.id)


def withdraw(session: Session, person_id: int, now: datetime) -> bool:
    """Take one's open request back; whether there was one."""
    row = session.scalars(select(ErasureRequest).filter_by(person_id=person_id, state="open").with_for_update()).first()
    if row is None:
        return False
    row.state, row.decided_at = "withdrawn", now
    session.flush()
    record(session, "erasure_withdrawn", f"person:{person_id}", person_id)
    return True


def accept(session: Session, number: int, by: int) -> bool:
    """Erase whoever asks; True when certificates stay. Raises ``ErasureRefused``."""
    row = _held(session, number, by)
    person = session.get_one(Person, row.person_id)
    about = person.id
    kept = erase(session, person)
    record(session, "person_erased", f"person:{about}", by, certificates_kept=kept)
    return kept


def refuse(session: Session, number: int, by: int, answer: str, now: datetime) -> None:
    """Say why not; the person reads it. Raises ``ErasureRefused``."""
    row = _held(session, number, by)
    row.state, row.answer, row.decided_at, row.decided_by = "refused", answer, now, by
    session.flush()
    record(session, "erasure_refused", f"person:{row.person_id}", by)


def _held(session: Session, number: int, by: int) -> ErasureRequest:
    row = session.get(ErasureRequest, number, with_for_update=True, populate_existing=True)
    if row is None or row.state != "open":
        raise ErasureRefused("answered")
    if row.person_id == by:
        raise ErasureRefused("own")
    return row
