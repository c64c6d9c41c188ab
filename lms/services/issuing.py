"""Issuing certificates: one transaction gives the number, the status entry, the files and the journal line."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from certificates.award import Rule
from certificates.codes import new_code
from certificates.format import FORMATS
from certificates.model import Issuer, ModuleResult, Record
from certificates.names import NameRefused, holder_name
from certificates.sign.did import did_web
from certificates.sign.keys import Keys
from certificates.status import ENTRIES, Purpose, StatusError, empty, random_index, status_list_credential, with_set
from curricula.model import Track
from lms.config import Config
from lms.models import (
    Attempt,
    AuditEntry,
    Certificate,
    CertificateFile,
    Enrolment,
    Exemption,
    IssuerDocument,
    Person,
    StatusList,
    utcnow,
)
from lms.models.upsert import insert_or_find
from lms.services.learning import track_progress
from lms.services.results import award_rule, decision, issued_certificate

#: A signed list older than this is signed again; it is valid for seven days.
RESIGN_AFTER = timedelta(days=1)
PURPOSES: tuple[Purpose, ...] = ("revocation",)
_NUMBER_LOCK = 7250132


class NotIssued(Exception):
    """No certificate can be issued now. ``reason``: ``not_earned``, ``name_missing`` or ``name_<why refused>``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Authority:
    """Who issues, and with which keys; held by workers only."""

    config: Config
    keys: Keys

    @property
    def issuer(self) -> Issuer:
        """The institution as printed on certificates."""
        config = self.config
        name = {"fr": config.issuer_name_fr, "en": config.issuer_name_en}
        return Issuer(self.keys.did, name, config.base_url, config.issuer_fictitious)


def open_authority(config: Config, now: datetime | None = None) -> Authority:
    """The issuing authority of this installation; its keys are made at first start."""
    passphrase = config.secret_key.encode()
    return Authority(config, Keys.open(config.keys, passphrase, did_web(config.base_url), now or utcnow()))


def publish(session: Session, authority: Authority, now: datetime | None = None) -> None:
    """Publish the DID document, and sign again the status lists that grow old."""
    now = now or utcnow()
    document = authority.keys.did_document()
    # Several workers may start at once on an empty database.
    row = insert_or_find(
        session, IssuerDocument, {"did": authority.keys.did}, {"document": document, "updated_at": now}
    )
    if row.document != document:
        row.document, row.updated_at = document, now
    for status_list in session.scalars(select(StatusList)):
        if _grown_old(status_list, authority, now):
            sign_lists(session, authority, status_list, now)
    session.flush()


def _grown_old(row: StatusList, authority: Authority, now: datetime) -> bool:
    """Whether a list must be signed again: it ages, or the service has changed its address."""
    addresses = {purpose: list_url(authority.config, purpose, row.id) for purpose in PURPOSES}
    known = {purpose: signed["id"] for purpose, signed in row.signed.items()}
    return row.signed_at is None or now - row.signed_at > RESIGN_AFTER or known != addresses


def sign_lists(session: Session, authority: Authority, row: StatusList, now: datetime) -> None:
    """Sign a list from what the certificates are today."""
    held = session.execute(
        select(Certificate.status_index, Certificate.status).where(Certificate.status_list_id == row.id)
    ).all()
    meaning: dict[Purpose, set[str]] = {"revocation": {"revoked", "replaced", "suspended"}}
    signed: dict[str, Any] = {}
    for purpose in PURPOSES:
        bits = with_set(empty(), [index for index, status in held if status in meaning[purpose]])
        url = list_url(authority.config, purpose, row.id)
        signed[purpose] = status_list_credential(purpose, bits, url, authority.keys.did, authority.keys, now)
    row.signed, row.signed_at = signed, now


def list_url(config: Config, purpose: str, number: int) -> str:
    """The address of a status list."""
    return f"{config.base_url}/status/{purpose}-{number}"


def issue(session: Session, authority: Authority, row: Enrolment, track: Track) -> Certificate:
    """The certificate the enrolment has earned, issued now unless it was before.

    Everything is in the caller's transaction: of concurrent issuers one commits and the others find its
    certificate; after a crash nothing is orphaned. Raises ``NotIssued``.
    """
    known = issued_certificate(session, row.person_id, track.key)
    if known is not None:
        return known
    rule = award_rule(track)
    award = decision(track, track_progress(session, row, track))
    if rule is None or award is None or not award.earned:
        raise NotIssued("not_earned")
    person = session.get_one(Person, row.person_id)
    holder = _holder(person)
    _one_at_a_time(session)
    known = issued_certificate(session, row.person_id, track.key)
    if known is not None:
        return known
    now = utcnow().replace(microsecond=0)
    status_list, index = _status_entry(session, authority, now)
    record = _record(session, authority, row, track, rule, award.modules, holder, status_list.id, index, now)
    certificate = Certificate(
        id=record.id, person_id=person.id, enrolment_id=row.id, award_key=track.key, cycle=1,
        number=record.number, code=record.code, record=record.to_dict(), status_list_id=status_list.id,
        status_index=index, issued_at=record.issued_at, valid_until=record.valid_until,
    )  # fmt: skip
    session.add(certificate)
    session.flush()
    for form in FORMATS.values():
        content = form.render(record, authority.keys)
        digest = hashlib.sha256(content).hexdigest()
        session.add(CertificateFile(certificate_id=record.id, format=form.key, content=content, sha256=digest))
    session.add(AuditEntry(person_id=person.id, action="certificate_issued", target=record.number, at=now))
    session.flush()
    return certificate


def _holder(person: Person) -> str:
    name = person.certificate_name or person.display_name
    if not name:
        raise NotIssued("name_missing")
    try:
        return holder_name(name)
    except NameRefused as error:
        raise NotIssued(f"name_{error.reason}") from error


def _one_at_a_time(session: Session) -> None:
    # Numbers and status entries are given one issuer at a time. SQLite's writer already is alone.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"select pg_advisory_xact_lock({_NUMBER_LOCK})"))


def _status_entry(session: Session, authority: Authority, now: datetime) -> tuple[StatusList, int]:
    row = session.scalars(select(StatusList).order_by(StatusList.id.desc()).limit(1)).first()
    if row is not None:
        taken = set(session.scalars(select(Certificate.status_index).where(Certificate.status_list_id == row.id)))
        try:
            return row, random_index(taken)
        except StatusError:
            pass  # half full: a new list, so that an entry still tells little about its holder
    row = StatusList()
    session.add(row)
    session.flush()
    sign_lists(session, authority, row, now)
    return row, random_index(())


def _record(
    session: Session,
    authority: Authority,
    row: Enrolment,
    track: Track,
    rule: Rule,
    keys: tuple[str, ...],
    holder: str,
    list_id: int,
    index: int,
    now: datetime,
) -> Record:
    assert track.certificate is not None
    assert 0 <= index < ENTRIES
    bases = {key: _basis(session, row, key) for key in keys}
    person = session.get_one(Person, row.person_id)
    followed = [track.module(key) for key in keys if not bases[key].exempt]
    # The digest of what is stored of each basis proves later what the award rests on.
    digests = [hashlib.sha256(basis.facts.encode()).hexdigest() for basis in bases.values()]
    return Record(
        id=uuid4(),
        code=new_code(),
        number=_next_number(session, now),
        kind=rule.kind,
        holder=holder,
        language="en" if person.language == "en" else "fr",
        title=track.certificate.title,
        track=track.key,
        track_title=track.title,
        track_version=row.track_version,
        modules=tuple(_module_result(track, key, basis) for key, basis in bases.items()),
        minutes=sum(module.duration_minutes for module in followed if module),
        threshold=rule.threshold,
        issued_at=now,
        valid_until=_months_later(now, rule.valid_months) if rule.valid_months else None,
        issuer=authority.issuer,
        base_url=authority.config.base_url,
        subject=f"urn:uuid:{uuid4()}",
        status_list_url=list_url(authority.config, "revocation", list_id),
        status_index=index,
        evidence=(row.track_digest, *digests),
    )


@dataclass(frozen=True)
class _Basis:
    """What a module's part of an award rests on: its score, its moment, and what is stored of it, as text."""

    score: Fraction
    moment: datetime
    facts: str
    exempt: bool


def _basis(session: Session, row: Enrolment, module_key: str) -> _Basis:
    """The best attempt at a module, the first of those; the exemption of the placement test where that is better."""
    attempts = select(Attempt).filter_by(enrolment_id=row.id, module_key=module_key)
    found = []
    for attempt in session.scalars(attempts.where(Attempt.submitted_at.is_not(None)).order_by(Attempt.number)):
        if attempt.score is not None and attempt.submitted_at is not None:
            facts = f"{attempt.id} {attempt.track_version} {attempt.seed} {attempt.score} {attempt.submitted_at}"
            found.append(_Basis(attempt.score, attempt.submitted_at, facts, exempt=False))
    exemption = session.scalars(select(Exemption).filter_by(enrolment_id=row.id, module_key=module_key)).first()
    if exemption is not None:
        facts = f"{exemption.placement_id} {row.track_version} {exemption.score} {exemption.granted_at}"
        found.append(_Basis(exemption.score, exemption.granted_at, facts, exempt=True))
    return max(found, key=lambda basis: basis.score)


def _module_result(track: Track, key: str, basis: _Basis) -> ModuleResult:
    module = track.module(key)
    assert module is not None
    return ModuleResult(module.code, module.title, basis.score, basis.moment.astimezone(UTC).date())


def _next_number(session: Session, now: datetime) -> str:
    prefix = f"MPIA-{now.year}-"
    last = session.scalar(select(func.max(Certificate.number)).where(Certificate.number.like(prefix + "%")))
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06}"


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day that many months later, or the last day of a shorter month."""
    years, month = divmod(moment.month - 1 + months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=moment.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=moment.year + years, month=month + 1)
