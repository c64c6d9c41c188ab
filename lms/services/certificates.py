"""The register of certificates: one transaction gives the number, the status entry, the files and the journal line."""

import hashlib
from datetime import datetime
from itertools import count
from uuid import uuid4

from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import Session

from certificates.codes import new_code
from certificates.format import FORMATS
from certificates.model import Facts, Record
from certificates.status import is_full, random_index
from lms.models import Certificate, CertificateFile, CertificateYear, StatusList, utcnow
from lms.services import certificate_words
from lms.services.audit import record as note
from lms.services.authority import Authority, list_url, sign_lists
from lms.services.events import certificate_changed
from lms.services.figures import touch

_NUMBER_LOCK = 7250132


def one_at_a_time(session: Session) -> None:
    """Wait for whoever issues now: numbers and status entries are given one issuer at a time, until the commit."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite's writer already is alone
        session.execute(text(f"select pg_advisory_xact_lock({_NUMBER_LOCK})"))


def enter(
    session: Session,
    authority: Authority,
    facts: Facts,
    person_id: int,
    award_key: str,
    now: datetime,
    *,
    enrolment_id: int | None = None,
    cycle: int = 1,
    edition: int = 1,
    previous: Certificate | None = None,
) -> Certificate:
    """A new certificate with its files, in the caller's transaction, after :func:`one_at_a_time`.

    ``previous`` is the one it replaces or renews. Raises ``RenderError`` or ``NameRefused`` when it cannot be drawn,
    ``SealUnavailable`` when what seals or timestamps it does not answer.
    """
    now = now.replace(microsecond=0)
    status_list, index = _status_entry(session, authority, now)
    record = Record(
        **vars(facts),
        id=uuid4(),
        code=new_code(),
        number=_next_number(session, now),
        issued_at=now,
        issuer=authority.issuer,
        base_url=authority.config.base_url,
        subject=f"urn:uuid:{uuid4()}",
        status_list_url=list_url(authority.config, "revocation", status_list.id),
        status_index=index,
        suspension_list_url=list_url(authority.config, "suspension", status_list.id),
        replacement_list_url=list_url(authority.config, "refresh", status_list.id),
    )
    certificate = Certificate(
        id=record.id, person_id=person_id, enrolment_id=enrolment_id, award_key=award_key, cycle=cycle,
        edition=edition, previous_id=previous.id if previous else None, number=record.number, code=record.code,
        record=record.to_dict(), status_list_id=status_list.id, status_index=index, issued_at=record.issued_at,
        valid_until=record.valid_until,
    )  # fmt: skip
    session.add(certificate)
    certificate_words.keep(session, [certificate])
    for form, content in signed_files(authority, certificate, record).items():
        digest = hashlib.sha256(content).hexdigest()
        session.add(CertificateFile(certificate_id=record.id, format=form, content=content, sha256=digest))
    session.flush()
    note(session, "certificate_issued", record.number, person_id)
    certificate_changed(session, certificate, "issued", now)
    touch(session, person_id=person_id)
    return certificate


def signed_files(authority: Authority, certificate: Certificate, record: Record) -> dict[str, bytes]:
    """Every form of a certificate, signed with the keys of today, which are noted. Raises as :func:`enter` does."""
    keys = authority.keys  # the same for all, whatever happens to them meanwhile
    keys.seal.may_seal(utcnow())  # before anything is drawn: all that waits for another seal asks by the hour
    certificate.signed_with = " ".join(sorted(keys.in_use))
    return {form.key: form.render(record, keys) for form in FORMATS.values()}


def _status_entry(session: Session, authority: Authority, now: datetime) -> tuple[StatusList, int]:
    row = session.scalars(select(StatusList).order_by(StatusList.id.desc()).limit(1)).first()
    if row is None or is_full(_used(session, row)):
        row = StatusList()
        session.add(row)
        session.flush()
        sign_lists(session, authority, row, now)
    taken = exists().where(Certificate.status_list_id == row.id)
    return row, random_index(lambda index: bool(session.scalar(select(taken.where(Certificate.status_index == index)))))


def _used(session: Session, row: StatusList) -> int:
    return session.scalar(select(func.count()).select_from(Certificate).filter_by(status_list_id=row.id)) or 0


def _next_number(session: Session, now: datetime) -> str:
    """The next number of the year, of six figures or more: one by one, after :func:`one_at_a_time`."""
    given = session.get(CertificateYear, now.year, populate_existing=True)
    if given is None:
        given = CertificateYear(year=now.year, last=_largest(session, now.year))
        session.add(given)
    following = (f"{_prefix(now.year)}{last:06}" for last in count(given.last + 1))
    # During an upgrade the release before goes on giving numbers, and counts nothing here.
    number = next(each for each in following if not session.scalar(select(exists().where(Certificate.number == each))))
    given.last = int(number.removeprefix(_prefix(now.year)))
    return number


def _largest(session: Session, year: int) -> int:
    """The largest number that the releases before gave in a year, 0 for none: read once, for it reads them all."""
    prefix = _prefix(year)
    numbers = select(Certificate.number).where(Certificate.number.like(prefix + "%"))
    last = session.scalar(numbers.order_by(func.length(Certificate.number).desc(), Certificate.number.desc()).limit(1))
    return int(last.removeprefix(prefix)) if last else 0


def _prefix(year: int) -> str:
    return f"MPIA-{year}-"
