"""What is held about a person: given back whole, or erased under a stated policy (RGPD, articles 15, 17 and 20).

Erasing removes everything but what a certificate needs to stay verifiable: the certificate as issued, which belongs to
its holder and proves something to others, and what was decided about it since. Who holds none leaves no row at all.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.models import (
    Accommodation,
    Agent,
    AgentMatch,
    AgentState,
    Answer,
    Appeal,
    Attempt,
    AuditEntry,
    BankUpload,
    Certificate,
    CertificateEvent,
    Context,
    Correction,
    CourseGroup,
    Deliberation,
    Deposit,
    Enrolment,
    ErasureRequest,
    Exemption,
    ExportRun,
    Grading,
    GroupMember,
    HrScope,
    ImportFile,
    IssuingRow,
    JuryMember,
    LessonProgress,
    LocalAccount,
    Marking,
    Membership,
    OidcIdentity,
    Participation,
    Pause,
    Person,
    Placement,
    PracticeRound,
    Reminder,
    ResourceLink,
    SavedExport,
    WebSession,
)
from lms.models.base import Base, table_of
from lms.models.signing import Signer
from lms.services import certificate_words
from lms.services.authorship import forget, written
from lms.services.factors import held as held_factors
from lms.services.figures import touch
from lms.services.organisation import HELD

_PERSON = table_of(Person)
#: How long a request stays open, in seconds.
OPEN = 3600


@dataclass(frozen=True)
class Request:
    """An administrator of a platform asking about one of its people, in one session alone."""

    platform_id: int
    #: LTI ``sub`` of that person.
    about: str
    #: ``web_session.token_hash`` of the session that asks.
    session_hash: str


@dataclass(frozen=True)
class Held:
    """What is held about a person, in numbers."""

    enrolments: int
    attempts: int
    courses: int
    certificates: int


def sign_request(secret: str, asked: Request) -> str:
    """The request as it stands in the address of its page."""
    return _serializer(secret).dumps([asked.platform_id, asked.about, asked.session_hash])


def read_request(secret: str, signed: str) -> Request | None:
    """The request of an address; None when it is not one of ours, or was made more than ``OPEN`` ago."""
    with suppress(BadSignature, ValueError, TypeError):
        return Request(*_serializer(secret).loads(signed, max_age=OPEN))
    return None


def person_of(session: Session, platform_id: int | None, subject: str) -> Person | None:
    """The person a platform knows by that id (LTI ``sub``)."""
    return session.scalars(select(Person).filter_by(platform_id=platform_id, subject=subject)).first()


def held(session: Session, person_id: int) -> Held:
    """How much there is about a person."""
    everything = taken_out(session, session.get_one(Person, person_id))
    return Held(*(len(everything[name]) for name in ("enrolments", "attempts", "courses", "certificates")))


def taken_out(session: Session, person: Person) -> dict[str, Any]:
    """Everything held about a person, as JSON can say it: times in ISO 8601 UTC, scores as exact fractions.

    Files handed in are named, with their digest; their contents stay where their owner downloads them.
    """
    mine = select(Enrolment.id).where(Enrolment.person_id == person.id)
    attempts = session.scalars(select(Attempt).where(Attempt.enrolment_id.in_(mine)).order_by(Attempt.started_at))
    files = session.scalars(select(Deposit).join(Attempt).where(Attempt.enrolment_id.in_(mine)))
    answers = session.scalars(select(Answer).join(Attempt).where(Attempt.enrolment_id.in_(mine)))
    judged = select(Attempt.id).where(Attempt.enrolment_id.in_(mine))
    markings = session.scalars(select(Marking).where(Marking.attempt_id.in_(judged), Marking.done_at.is_not(None)))
    appeals = session.scalars(select(Appeal).where(Appeal.attempt_id.in_(judged)))
    courses = session.execute(
        select(Membership, Context.title).join(Context).where(Membership.person_id == person.id).order_by(Membership.id)
    )
    scores = session.execute(
        select(Participation, ResourceLink.title)
        .join(ResourceLink)
        .where(Participation.person_id == person.id)
        .order_by(Participation.id)
    )
    held = select(AgentMatch.agent_id).where(AgentMatch.person_id == person.id, AgentMatch.state.in_(HELD))
    groups = select(CourseGroup).join(GroupMember).join(Membership, Membership.id == GroupMember.membership_id)
    matches = session.scalars(select(AgentMatch).where(AgentMatch.person_id == person.id).order_by(AgentMatch.id))
    lessons = session.scalars(select(LessonProgress).where(LessonProgress.enrolment_id.in_(mine)))
    return {
        "person": _row(person, leave=("platform_id",)),
        "courses": [{"title": title, **_row(row, leave=("person_id",))} for row, title in courses],
        "enrolments": _rows(session.scalars(select(Enrolment).where(Enrolment.person_id == person.id))),
        "lessons": _rows(lessons),
        "attempts": _rows(attempts),
        "answers": _rows(answers),
        "pauses": _rows(session.scalars(select(Pause).join(Attempt).where(Attempt.enrolment_id.in_(mine)))),
        "accommodation": [
            _row(row, leave=("granted_by",))
            for row in session.scalars(select(Accommodation).filter_by(person_id=person.id))
        ],
        "files": [_row(file, leave=("content",)) for file in files],
        "practice": _rows(session.scalars(select(PracticeRound).where(PracticeRound.enrolment_id.in_(mine)))),
        "placements": _rows(session.scalars(select(Placement).where(Placement.enrolment_id.in_(mine)))),
        "exemptions": _rows(session.scalars(select(Exemption).where(Exemption.enrolment_id.in_(mine)))),
        "results": [
            _row(row, leave=("by_id",))
            for row in session.scalars(select(Grading).where(Grading.attempt_id.in_(judged)))
        ],
        "jury": [
            _row(row, leave=("member_id",))
            for row in session.scalars(select(Deliberation).where(Deliberation.attempt_id.in_(judged)))
        ],
        "markings": [_row(row, leave=("marker_id",)) for row in markings],
        "appeals": [_row(row, leave=("decided_by",)) for row in appeals],
        "scores_sent": [{"activity": title, **_row(row, leave=("person_id",))} for row, title in scores],
        "certificates": _rows(session.scalars(select(Certificate).where(Certificate.person_id == person.id))),
        "certificate_events": [
            _row(row, leave=("person_id",)) for row in _of_certificates(session, CertificateEvent, person)
        ],
        "names_asked": [_row(row, leave=("decided_by",)) for row in _of_certificates(session, Correction, person)],
        "exports": _rows(session.scalars(select(ExportRun).filter_by(person_id=person.id))),
        "exports_saved": _rows(session.scalars(select(SavedExport).filter_by(person_id=person.id))),
        "second_factors": [_plained(each) for each in held_factors(session, person.id)],
        "reminders": _rows(_of_certificates(session, Reminder, person)),
        "account": [
            _row(row, leave=("password_hash",))
            for row in session.scalars(select(LocalAccount).filter_by(person_id=person.id))
        ],
        "sessions": [
            _row(row, leave=("token_hash",))
            for row in session.scalars(select(WebSession).filter_by(person_id=person.id))
        ],
        "groups": _rows(session.scalars(groups.where(Membership.person_id == person.id))),
        "hr_scopes": _rows(session.scalars(select(HrScope).filter_by(person_id=person.id))),
        "erasures_asked": [
            _row(row, leave=("decided_by",))
            for row in session.scalars(select(ErasureRequest).filter_by(person_id=person.id))
        ],
        "human_resources": _rows(session.scalars(select(Agent).where(Agent.id.in_(held)))),
        "human_resources_states": _rows(session.scalars(select(AgentState).where(AgentState.agent_id.in_(held)))),
        "agent_matches": [_row(row, leave=("decided_by",)) for row in matches],
        "files_sent": [
            _row(row, leave=("content", "report", "result", "found"))
            for model in (ImportFile, BankUpload)
            for row in session.scalars(select(model).where(model.person_id == person.id))
        ],
        "issuing": _rows(session.scalars(select(IssuingRow).where(IssuingRow.person_id == person.id))),
        "juries": _rows(session.scalars(select(JuryMember).where(JuryMember.person_id == person.id))),
        "identities": _rows(session.scalars(select(OidcIdentity).where(OidcIdentity.person_id == person.id))),
        "journal": _rows(session.scalars(select(AuditEntry).where(AuditEntry.person_id == person.id))),
        "studio": {name: [_plained(row) for row in rows] for name, rows in written(session, person.id).items()},
    }


def erase(session: Session, person: Person) -> bool:
    """Erase a person; True when certificates stay, without any way from them to what is gone.

    What they print is kept as issued, and their history with it; the public page no longer shows the name, sharing
    links are closed, names asked for and reminders go. What the person wrote in the studio stays, and is nobody's.
    """
    forget(session, person.id)
    touch(session, person_id=person.id)
    kept = session.scalars(select(Certificate).where(Certificate.person_id == person.id)).all()
    if not kept:
        session.delete(person)
        session.flush()
        return False
    for certificate in kept:
        certificate.name_public = False
        certificate.enrolment_id = certificate.share_token = None
    certificate_words.forget(session, kept)
    session.flush()
    held = [certificate.id for certificate in kept]
    for of_certificate in (Correction, Reminder):
        session.execute(delete(of_certificate).where(of_certificate.certificate_id.in_(held)))
    _let_go(session, person.id)
    person.subject = f"erased-{person.id}"
    person.email = None if person.platform_id is not None else person.subject
    person.given_name = person.family_name = person.full_name = ""
    person.sourced_id = person.agent_key = person.certificate_name = person.legacy_subject = person.language = None
    session.flush()
    return True


def _let_go(session: Session, person_id: int) -> None:
    """Do what the database does when a person's row goes, though the row stays: rows go, signatures are nobody's.

    Told by the tables themselves, so that one made later is not forgotten. Certificates and their history stay.
    """
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is not _PERSON or table.name in {"certificate", "certificate_event"}:
                continue
            mine = key.parent == person_id
            going = key.ondelete == "CASCADE"
            session.execute(
                delete(table).where(mine) if going else update(table).where(mine).values({key.parent: None})
            )
    session.expire_all()


def _of_certificates(session: Session, model: type[Any], person: Person) -> Sequence[Any]:
    mine = select(Certificate.id).where(Certificate.person_id == person.id)
    return session.scalars(select(model).where(model.certificate_id.in_(mine)).order_by(model.id)).all()


def _rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: Any, leave: tuple[str, ...] = ()) -> dict[str, Any]:
    names = (column.key for column in row.__mapper__.column_attrs)
    return {name: _plain(getattr(row, name)) for name in names if name not in leave}


def _plained(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (Fraction, UUID)) else value


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="privacy request", signer=Signer)
