"""What the public may learn of a certificate: its facts, its state today, and whether a file is the one issued."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certificates.codes import read_code
from certificates.model import Record
from certificates.sign.did import did_web
from certificates.verify import Check, Verdict, verify
from lms.models import Certificate, CertificateFile, IssuerDocument, StatusList, SupersededFile, utcnow


@dataclass(frozen=True)
class Standing:
    """A certificate as it stands today. ``state`` is one of valid, expired, revoked, suspended, replaced."""

    row: Certificate
    record: Record
    state: str
    #: format key → (size in bytes, SHA-256)
    files: Mapping[str, tuple[int, str]]
    #: The one it replaces or renews, the one that takes its place, the one that renews it.
    previous: Certificate | None = None
    replaced_by: Certificate | None = None
    renewed_by: Certificate | None = None


def find(session: Session, typed: str) -> Standing | None:
    """The certificate of a code, however it was typed; None when there is none."""
    try:
        code = read_code(typed)
    except ValueError:
        return None
    return _standing(session, session.scalars(select(Certificate).filter_by(code=code)).first())


def find_by_id(session: Session, identity: UUID) -> Standing | None:
    """The certificate of that credential identifier."""
    return _standing(session, session.get(Certificate, identity))


def file(session: Session, identity: UUID, form: str) -> CertificateFile | None:
    """One stored form of a certificate."""
    return session.scalars(select(CertificateFile).filter_by(certificate_id=identity, format=form)).first()


def did_document(session: Session, base_url: str) -> dict[str, Any] | None:
    """The issuer's DID document as last published by a worker."""
    row = session.get(IssuerDocument, did_web(base_url))
    return row.document if row else None


def status_list(session: Session, purpose: str, number: int) -> dict[str, Any] | None:
    """A signed status list as last published."""
    row = session.get(StatusList, number)
    return row.signed.get(purpose) if row else None


def judge(session: Session, data: bytes, base_url: str) -> tuple[Verdict, Standing | None]:
    """The verdict on a file, and the certificate it claims to be when we know it.

    Raises ``certificates.verify.Unreadable``. The lists are the published ones, so that the page and the
    offline command give the same answer.
    """
    document = did_document(session, base_url)
    lists = [signed for row in session.scalars(select(StatusList)) for signed in row.signed.values()]
    verdict = verify(data, did_document=document, status_list=lists, now=utcnow())
    known = None
    if verdict.claim is not None:
        known = _standing(session, session.get(Certificate, verdict.claim.id))
    if verdict.record is None:
        return _as_issued(session, verdict, known)
    return verdict, known


def _as_issued(session: Session, verdict: Verdict, known: Standing | None) -> tuple[Verdict, Standing | None]:
    """What the register adds on a file whose signature is no longer believed, when it is the very one we issued."""
    replaced = session.scalars(select(SupersededFile).filter_by(sha256=verdict.sha256)).first()
    if replaced is not None:
        checks = (Check("seal" if verdict.form == "pdf" else "signature", None, "compromised"),)
        known = _standing(session, session.get(Certificate, replaced.certificate_id))
        return replace(verdict, state="unverifiable", checks=checks), known
    kept = session.scalars(select(CertificateFile).filter_by(sha256=verdict.sha256)).first()
    if kept is not None and verdict.checks[-1].detail == "withdrawn":
        known = _standing(session, session.get(Certificate, kept.certificate_id))
        if known is not None and known.state == "expired":  # its key left with the last that was valid
            return replace(verdict, state="expired", record=known.record), known
    return verdict, known


def state_at(row: Certificate, now: datetime) -> str:
    """The state of a certificate: what was decided, then the calendar; ``certificates.verify`` tells files the same."""
    if row.status != "valid":
        return row.status
    return "expired" if row.valid_until is not None and row.valid_until <= now else "valid"


def standing_of(session: Session, row: Certificate) -> Standing:
    """A certificate as it stands now, with those it follows and that follow it."""
    found = _standing(session, row)
    assert found is not None
    return found


def listed(row: Certificate, now: datetime) -> Standing:
    """A certificate as a list shows it: without its files, nor those it follows and that follow it; no query."""
    return Standing(row, Record.from_dict(row.record), state_at(row, now), {})


def _standing(session: Session, row: Certificate | None) -> Standing | None:
    if row is None:
        return None
    sizes = session.execute(
        select(CertificateFile.format, func.length(CertificateFile.content), CertificateFile.sha256).where(
            CertificateFile.certificate_id == row.id
        )
    )
    files = {form: (size, digest) for form, size, digest in sizes}
    after = session.scalars(select(Certificate).filter_by(previous_id=row.id)).all()
    return Standing(
        row, Record.from_dict(row.record), state_at(row, utcnow()), files,
        previous=session.get(Certificate, row.previous_id) if row.previous_id else None,
        replaced_by=next((each for each in after if each.cycle == row.cycle), None),
        renewed_by=next((each for each in after if each.cycle != row.cycle), None),
    )  # fmt: skip
