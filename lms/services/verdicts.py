"""The verdict on a code or a file, for programs; and the line of the journal that says a certificate was checked."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.answer import answer
from certificates.verify import Check, Verdict
from lms.models import Certificate, utcnow
from lms.services import verification
from lms.services.audit import record
from lms.services.verification import Standing

#: What is answered, and the number of the certificate it is about, if it is one of the register.
Told = tuple[dict[str, Any], str | None]


def of_code(session: Session, typed: str, base_url: str) -> Told:
    """What the register says today of the certificate of a code, however it was typed; « unknown » without one."""
    found = verification.find(session, typed)
    if found is None:
        return answer("unknown", utcnow()), None
    told = answer(
        found.state, utcnow(), found.record, _checks(found), holder_hidden=not found.row.name_public,
        issued_sha256=found.files.get("pdf", (0, None))[1], pages=_pages(session, found, base_url),
    )  # fmt: skip
    return told, found.record.number


def of_file(session: Session, data: bytes, base_url: str) -> Told:
    """What a file is worth today. Raises ``certificates.verify.Unreadable``."""
    verdict, known = verification.judge(session, data, base_url)
    told = answer(
        file_state(verdict, known), utcnow(), verdict.record, verdict.checks, verdict=verdict,
        issued_sha256=known.files.get(verdict.form, (0, None))[1] if known else None,
        pages=_pages(session, known, base_url) if known else None,
    )  # fmt: skip
    return told, known.record.number if known else None


def file_state(verdict: Verdict, known: Standing | None) -> str:
    """The state of a file: what its signature and the lists say, and what the register says of the first ones issued.

    Those name one list, which cannot say more than « revoked ».
    """
    if verdict.state == "revoked" and known is not None and known.state in {"replaced", "suspended"}:
        return known.state
    return verdict.state


def journal(session: Session, number: str | None, state: str) -> None:
    """Write that a certificate was checked, and what was answered; never by whom. Nothing for what is not ours."""
    if number is not None:
        record(session, "certificate_verified", number, state=state)


def _checks(found: Standing) -> Iterator[Check]:
    status = found.row.status
    revoked = status in {"revoked", "replaced"}
    yield Check("period", found.state != "expired", "expired" if found.state == "expired" else "")
    yield Check("revocation", not revoked, status if revoked else "")
    yield Check("suspension", status != "suspended", "suspension" if status == "suspended" else "")


def _pages(session: Session, found: Standing, base_url: str) -> dict[str, str]:
    """The official page, and those of the certificates that took its place or follow it."""
    row = found.row
    pages = {"page": f"{base_url}/verify/{row.code}"}
    query = select(Certificate.cycle, Certificate.code).where(Certificate.previous_id == row.id)
    for cycle, code in session.execute(query.order_by(Certificate.cycle, Certificate.edition)):
        pages["replaced_by" if cycle == row.cycle else "renewed_by"] = f"{base_url}/verify/{code}"
    return pages
