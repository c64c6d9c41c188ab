"""What is held about a person: given back whole, or erased under a stated policy (RGPD, articles 15, 17 and 20).

Erasing removes everything but what a certificate needs to stay verifiable: the certificate as issued, which belongs to
its holder and proves something to others, and what was decided about it since. Who holds none leaves no row at all.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.models import (
    Accommodation,
    Agent,
    AgentMatch,
    AgentState,
    Appeal,
    Attempt,
    AuditEntry,
    BankUpload,
    Certificate,
    CertificateEvent,
    Context,
    Correction,
    CourseGroup,
    Deposit,
    Enrolment,
    ErasureRequest,
    Exemption,
    ExportRun,
    GroupMember,
    HrScope,
    ImportFile,
    IssuingRow,
    JuryMember,
    LessonProgress,
    LocalAccount,
    Membership,
    OidcIdentity,
    Participation,
    Pause,
    Person,
    PracticeRound,
    Reminder,
    ResourceLink,
    SavedExport,
    WalletOffer,
    WebSession,
    utcnow,
)
from lms.models.base import Base, table_of
from lms.models.signing import Signer
from lms.services import certificate_words
from lms.services.assessed_copy import assessed
from lms.services.authorship import forget, written
from lms.services.factors import held as held_factors
from lms.services.figures import touch
from lms.services.literacy_people import said_of
from lms.services.organisation import HELD
from lms.services.people import hold_person
from lms.services.plain_rows import plain, plain_row, plain_rows

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


def hand_over(secret: str, signed: str, old_hash: str, new_hash: str) -> str:
    """The request for the session that goes on in another tab; as it stands where ``old_hash`` did not make it."""
    asked = read_request(secret, signed)
    if asked is None or asked.session_hash != old_hash:
        return signed
    return sign_request(secret, replace(asked, session_hash=new_hash))


def person_of(session: Session, platform_id: int | None, subject: str) -> Person | None:
    """The person a platform knows by that id (LTI ``sub``)."""
    return session.scalars(select(Person).filter_by(platform_id=platform_id, subject=subject)).first()


def held(session: Session, person_id: int) -> Held:
    """How much there is about a person."""
    everything = taken_out(session, session.get_one(Person, person_id))
    return Held(*(len(everything[name]) for name in ("enrolments", "attempts", "courses", "certificates")))


def taken_out(session: Session, person: Person) -> dict[str, Any]:
    """Everything held about a person, as JSON can say it; of assessments, what may be seen (``assessed_copy``).

    Files handed in are named, with their digest; their contents stay where their owner downloads them.
    """
    mine = select(Enrolment.id).where(Enrolment.person_id == person.id)
    files = session.scalars(select(Deposit).join(Attempt).where(Attempt.enrolment_id.in_(mine)))
    judged = select(Attempt.id).where(Attempt.enrolment_id.in_(mine))
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
    numbers = session.scalars(select(Agent.number).where(Agent.id.in_(held))).all()
    lessons = session.scalars(select(LessonProgress).where(LessonProgress.enrolment_id.in_(mine)))
    return {
        "person": plain_row(person, leave=("platform_id",)),
        "courses": [{"title": title, **plain_row(row, leave=("person_id",))} for row, title in courses],
        "enrolments": plain_rows(session.scalars(select(Enrolment).where(Enrolment.person_id == person.id))),
        "lessons": plain_rows(lessons),
        **assessed(session, mine, utcnow()),
        "pauses": plain_rows(session.scalars(select(Pause).join(Attempt).where(Attempt.enrolment_id.in_(mine)))),
        "accommodation": [
            plain_row(row, leave=("granted_by",))
            for row in session.scalars(select(Accommodation).filter_by(person_id=person.id))
        ],
        "files": [plain_row(file, leave=("content",)) for file in files],
        "practice": plain_rows(session.scalars(select(PracticeRound).where(PracticeRound.enrolment_id.in_(mine)))),
        "exemptions": plain_rows(session.scalars(select(Exemption).where(Exemption.enrolment_id.in_(mine)))),
        "appeals": [plain_row(row, leave=("decided_by",)) for row in appeals],
        "scores_sent": [{"activity": title, **plain_row(row, leave=("person_id",))} for row, title in scores],
        "certificates": plain_rows(session.scalars(select(Certificate).where(Certificate.person_id == person.id))),
        "certificate_events": [
            plain_row(row, leave=("person_id",)) for row in _of_certificates(session, CertificateEvent, person)
        ],
        "names_asked": [plain_row(row, leave=("decided_by",)) for row in _of_certificates(session, Correction, person)],
        "exports": plain_rows(session.scalars(select(ExportRun).filter_by(person_id=person.id))),
        "exports_saved": plain_rows(session.scalars(select(SavedExport).filter_by(person_id=person.id))),
        "second_factors": [_plained(each) for each in held_factors(session, person.id)],
        "reminders": plain_rows(_of_certificates(session, Reminder, person)),
        "account": [
            plain_row(row, leave=("password_hash",))
            for row in session.scalars(select(LocalAccount).filter_by(person_id=person.id))
        ],
        "sessions": [
            plain_row(row, leave=("token_hash",))
            for row in session.scalars(select(WebSession).filter_by(person_id=person.id))
        ],
        "groups": plain_rows(session.scalars(groups.where(Membership.person_id == person.id))),
        "hr_scopes": plain_rows(session.scalars(select(HrScope).filter_by(person_id=person.id))),
        "erasures_asked": [
            plain_row(row, leave=("decided_by",))
            for row in session.scalars(select(ErasureRequest).filter_by(person_id=person.id))
        ],
        "human_resources": plain_rows(session.scalars(select(Agent).where(Agent.id.in_(held)))),
        "human_resources_states": plain_rows(session.scalars(select(AgentState).where(AgentState.agent_id.in_(held)))),
        "ai_literacy": [_plained(said) for said in said_of(session, set(numbers))],
        "agent_matches": [plain_row(row, leave=("decided_by",)) for row in matches],
        "files_sent": [
            plain_row(row, leave=("content", "report", "result", "found"))
            for model in (ImportFile, BankUpload)
            for row in session.scalars(select(model).where(model.person_id == person.id))
        ],
        "issuing": plain_rows(session.scalars(select(IssuingRow).where(IssuingRow.person_id == person.id))),
        "juries": plain_rows(session.scalars(select(JuryMember).where(JuryMember.person_id == person.id))),
        "identities": plain_rows(session.scalars(select(OidcIdentity).where(OidcIdentity.person_id == person.id))),
        "journal": plain_rows(session.scalars(select(AuditEntry).where(AuditEntry.person_id == person.id))),
        "studio": {name: [_plained(row) for row in rows] for name, rows in written(session, person.id).items()},
    }


def erase(session: Session, person: Person) -> bool:
    """Erase a person; True when certificates stay, without any way from them to what is gone.

    What they print is kept as issued, and their history with it; the public page no longer shows the name, sharing
    links are closed, names asked for, reminders and offers to wallets go. What the person wrote in the studio stays,
    and is nobody's.
    """
    # A certificate that a worker is issuing to them holds this row until it is there to be found below; one that is
    # issued later finds what it would rest on gone.
    hold_person(session, person.id)
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
    for of_certificate in (Correction, Reminder, WalletOffer):  # what a wallet has not collected bears the name
        session.execute(delete(of_certificate).where(of_certificate.certificate_id.in_(held)))
    _let_go(session, person.id)
    person.subject = person.erased_subject
    person.email = None if person.platform_id is not None else person.subject
    person.given_name = person.family_name = person.full_name = ""
    person.sourced_id = person.agent_key = person.certificate_name = person.legacy_subject = person.language = None
    # How large they read says something of their sight: as whoever never chose.
    person.text_size = person.text_space = "m"
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


def _plained(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="privacy request", signer=Signer)
