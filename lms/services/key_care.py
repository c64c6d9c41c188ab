"""Keys of certificates replaced, retired or no longer believed: done, published and written down at once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.model import Record
from certificates.sign import rotation
from certificates.sign.did import did_web
from certificates.sign.keyring import Ring
from lms.models import Certificate, CertificateFile, SupersededFile, utcnow
from lms.services import signing_again
from lms.services.audit import record as note
from lms.services.authority import Authority, publish
from lms.services.certificates import signed_files


def rotate(session: Session, authority: Authority) -> Ring:
    """New keys sign from now on; those before stay believed. Raises ``KeysError``."""
    before = {entry.id for entry in authority.keys.ring.entries}
    ring = rotation.rotate(*_where(authority), utcnow())
    for entry in ring.entries:
        if entry.id not in before:
            note(session, "keys_rotated", f"key:{entry.id}")
    publish(session, authority)
    return ring


def retire(session: Session, authority: Authority, key_id: str) -> Ring:
    """One key signs no more, and stays believed. Raises ``KeysError``."""
    directory, passphrase, did = _where(authority)
    ring = rotation.retire(directory, key_id, passphrase, did, utcnow())
    note(session, "keys_retired", f"key:{key_id}")
    publish(session, authority)
    return ring


def compromise(session: Session, authority: Authority, key_id: str) -> int:
    """One key is no longer believed; what rests on it will be signed again: gives how many. Raises ``KeysError``."""
    directory, passphrase, did = _where(authority)
    rotation.compromise(directory, key_id, passphrase, did, utcnow())
    count = signing_again.left(session, key_id)
    note(session, "keys_compromised", f"key:{key_id}", certificates=count)
    publish(session, authority)
    return count


def resting(session: Session, key_id: str) -> Sequence[UUID]:
    """The certificates that rest on a key, by identifier."""
    wanted = select(Certificate.id).where(Certificate.signed_with.in_(signing_again.signatures(session, key_id)))
    return session.scalars(wanted.order_by(Certificate.id)).all()


def sign_again(session: Session, authority: Authority, identity: UUID, key_id: str) -> bool:
    """Make the files of a certificate again from its record, unless that is done; identifier, code and number stay.

    Raises ``RenderError``, ``NameRefused`` or ``SealUnavailable``.
    """
    certificate = session.get(Certificate, identity, with_for_update=True, populate_existing=True)
    if certificate is None or (certificate.signed_with and key_id not in certificate.signed_with.split()):
        return False
    files = signed_files(authority, certificate, Record.from_dict(certificate.record))
    for stored in session.scalars(select(CertificateFile).filter_by(certificate_id=identity)):
        content = files.pop(stored.format, stored.content)
        digest = hashlib.sha256(content).hexdigest()
        if digest != stored.sha256:
            old = SupersededFile(certificate_id=identity, format=stored.format, sha256=stored.sha256, key_id=key_id)
            session.add(old)
            stored.content, stored.sha256 = content, digest
    for form, content in files.items():  # a form that came since
        digest = hashlib.sha256(content).hexdigest()
        session.add(CertificateFile(certificate_id=identity, format=form, content=content, sha256=digest))
    session.flush()
    return True


def _where(authority: Authority) -> tuple[Path, bytes, str]:
    config = authority.config
    return config.keys, config.secret_key.encode(), did_web(config.base_url)
