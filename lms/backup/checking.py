"""Asks a restored service whether it is the one it was: its journal, its keys, its certificates."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from cryptography.fernet import InvalidToken
from sqlalchemy.orm import Session

from certificates.sign import keyring
from certificates.sign.did import did_web
from certificates.sign.keyring import KeysError, Ring
from certificates.sign.keys import published
from certificates.verify import Unreadable, verify
from lms.config import Config
from lms.lti.keys import ToolKeys
from lms.models import Certificate, CertificateFile, utcnow
from lms.services import chain_check, verification
from lms.services.extractions import still_picture

#: Of each set of keys, how many of the last certificates are verified.
_OF_EACH = 3


@dataclass
class Findings:
    """What was looked at, and each thing that is not as it should be, in a sentence. ``keys`` are those found here."""

    lines: int = 0
    certificates: int = 0
    keys: int = 0
    faults: list[str] = field(default_factory=list)


def check(config: Config, base_url: str) -> Findings:
    """Look at the service of ``config``; ``base_url`` is the address under which its certificates were issued."""
    found = Findings()
    engine = sa.create_engine(config.database, poolclass=sa.NullPool)
    with still_picture(engine) as session:
        ring = _ring(config, found)
        did = published(ring, did_web(base_url)) if ring.entries else verification.did_document(session, base_url)
        report = chain_check.check(session, did or {})
        found.lines = report.lines
        if not report.intact:
            found.faults.append(
                f"The journal's chain is broken ({report.count}), as it was when the backup was made: lms audit verify."
            )
        try:
            ToolKeys(config.secret_key).signing(session)
        except InvalidToken:
            found.faults.append("LMS_SECRET_KEY does not open the LTI keys: give the service the one it had.")
        except LookupError:  # none yet: the first start makes one
            pass
        for identity, content in _last(session, ring, utcnow()):
            found.certificates += 1
            if not _verifies(content, did or {}):
                found.faults.append(f"The certificate {identity} does not verify with the keys that are here.")
    return found


def _ring(config: Config, found: Findings) -> Ring:
    """The signing keys that are here, each opened."""
    try:
        ring = keyring.read(config.keys)
        for entry in ring.entries:
            if entry.kept == "here":
                keyring.load(config.keys, entry, config.secret_key.encode())
                found.keys += 1
    except KeysError as error:
        found.faults.append(f"The signing keys in {config.keys} do not open: {error}.")
        return Ring()
    return ring


def _last(session: Session, ring: Ring, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The last valid certificates that rest on each set of keys, none of them withdrawn, as credentials."""
    withdrawn = {entry.id for entry in ring.entries if entry.revoked}
    valid = Certificate.valid_until.is_(None) | (Certificate.valid_until > now)
    for keys in session.scalars(sa.select(Certificate.signed_with).distinct()).all():
        if withdrawn & set(keys.split()):
            continue
        query = sa.select(Certificate.number, CertificateFile.content).join_from(Certificate, CertificateFile)
        query = query.where(Certificate.signed_with == keys, CertificateFile.format == "jsonld", valid)
        for row in session.execute(query.order_by(Certificate.issued_at.desc()).limit(_OF_EACH)):
            yield row.number, row.content


def _verifies(content: bytes, did: dict[str, object]) -> bool:
    """Whether its signature holds; its state of the day needs lists that a worker signs again first."""
    try:
        return verify(content, did_document=did, status_list=[], now=utcnow()).record is not None
    except Unreadable:
        return False
