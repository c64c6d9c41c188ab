"""Certificates as issued, what happened to them since, and the status lists that tell it."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Guid, Id, utcnow
from lms.models.people import Person


class Certificate(Base):
    """A certificate as issued, from one immutable record; unique per person, award, cycle and edition."""

    __tablename__ = "certificate"
    __table_args__ = (
        UniqueConstraint("person_id", "award_key", "cycle", "edition"),
        UniqueConstraint("status_list_id", "status_index"),
        CheckConstraint("status in ('valid', 'suspended', 'revoked', 'replaced')", name="status_known"),
        # Which end soon, and which ended long ago.
        Index(None, "valid_until", "id"),
        # The last ones issued first; what took the place of one.
        Index(None, "issued_at", "number"),
        Index("ix_certificate_previous", "previous_id", sqlite_where=text("previous_id is not null"),
              postgresql_where=text("previous_id is not null")),
        Index("ix_certificate_wordless", "id", sqlite_where=text("words_kept is null"),
              postgresql_where=text("words_kept is null")),
    )  # fmt: skip

    id: Mapped[Guid]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolment.id", ondelete="SET NULL"))
    #: Track key for a certificate; 1 for the first cycle, more after renewals.
    award_key: Mapped[str] = mapped_column(String(100))
    cycle: Mapped[int] = mapped_column(default=1)
    #: 1 as first issued in its cycle, more when corrected: the one before is then ``replaced``.
    edition: Mapped[int] = mapped_column(default=1)
    #: The certificate this one replaces, or renews.
    previous_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("certificate.id", ondelete="RESTRICT"))
    number: Mapped[str] = mapped_column(String(40), unique=True)
    #: Public verification code: 128 random bits.
    code: Mapped[str] = mapped_column(String(40), unique=True)
    #: The facts printed everywhere, as ``certificates.model.Record.to_dict`` gives them.
    record: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(10), default="valid")
    #: Why, as ``lms.services.certificate_life.REASONS`` has it, and since when; none while valid.
    status_reason: Mapped[str | None] = mapped_column(String(500))
    status_at: Mapped[datetime | None]
    status_list_id: Mapped[int] = mapped_column(ForeignKey("status_list.id", ondelete="RESTRICT"))
    status_index: Mapped[int]
    #: Identifiers of the keys its files are signed with, in alphabetical order; empty where that was not noted yet.
    signed_with: Mapped[str] = mapped_column(String(300), default="", server_default="", index=True)
    issued_at: Mapped[datetime] = mapped_column(default=utcnow)
    valid_until: Mapped[datetime | None]
    #: Whether the holder lets the verification page show the name.
    name_public: Mapped[bool] = mapped_column(default=True)
    #: What the address of the sharing link ends with, while the holder shares; public by nature, like ``code``.
    share_token: Mapped[str | None] = mapped_column(String(60), unique=True)
    #: True once its words are kept (``CertificateWord``), or were and went; None where an earlier release wrote it.
    words_kept: Mapped[bool | None]

    person: Mapped[Person] = relationship()


class CertificateWord(Base):
    """A word that a certificate is found by, folded: one of its holder's name, or its number."""

    __tablename__ = "certificate_word"

    #: Compared by its bytes, so that what begins in a way stands together in the index.
    word: Mapped[str] = mapped_column(
        String(120).with_variant(String(120, collation="C"), "postgresql"), primary_key=True
    )
    certificate_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("certificate.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class CertificateYear(Base):
    """The last number given in a year: numbers are texts, which do not say which of them is the largest."""

    __tablename__ = "certificate_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class CertificateEvent(Base):
    """Something that was done to a certificate after its issue, and by whom; rows are only added.

    ``action``: ``suspended`` · ``reinstated`` · ``revoked`` · ``replaced`` · ``name_hidden`` · ``name_shown`` ·
    ``shared`` · ``unshared`` · ``correction_asked`` · ``correction_accepted`` · ``correction_refused``.
    """

    __tablename__ = "certificate_event"

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    action: Mapped[str] = mapped_column(String(30))
    #: A key of ``lms.services.certificate_life.REASONS``, and the words of who decided, for the record.
    reason: Mapped[str | None] = mapped_column(String(30))
    words: Mapped[str | None] = mapped_column(String(2000))
    #: Who, and in what capacity: ``holder``, ``trainer`` or ``administrator``.
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    capacity: Mapped[str] = mapped_column(String(20))


class Correction(Base):
    """Another name asked for a certificate; accepted, a worker issues the edition that replaces it.

    ``state``: ``open`` · ``accepted`` and not issued yet · ``done`` · ``refused`` · ``void`` when the certificate could
    no longer be corrected by then.
    """

    __tablename__ = "certificate_correction"
    __table_args__ = (
        CheckConstraint("state in ('open', 'accepted', 'done', 'refused', 'void')", name="state_known"),
        # One at a time: whoever asks first is answered first.
        Index(
            "uq_certificate_correction_pending", "certificate_id", unique=True,
            sqlite_where=text("state in ('open', 'accepted')"),
            postgresql_where=text("state in ('open', 'accepted')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    #: Why it is asked, and the answer.
    words: Mapped[str] = mapped_column(String(2000), default="")
    answer: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    capacity: Mapped[str | None] = mapped_column(String(20))

    certificate: Mapped[Certificate] = relationship()


class Reminder(Base):
    """One reminder that a certificate ends; ``step``: ``six_months``, ``one_month`` or ``expired``."""

    __tablename__ = "certificate_reminder"
    __table_args__ = (UniqueConstraint("certificate_id", "step"),)

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: When it was given to the mail server, noted before it is; none when it is shown here only.
    sent_at: Mapped[datetime | None]

    certificate: Mapped[Certificate] = relationship()


class CertificateFile(Base):
    """One form of a certificate, made once and kept byte for byte (``certificates.formats`` key)."""

    __tablename__ = "certificate_file"
    __table_args__ = (UniqueConstraint("certificate_id", "format"),)

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"))
    format: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes]
    #: SHA-256 of ``content``, hexadecimal.
    sha256: Mapped[str] = mapped_column(String(64), index=True)


class SupersededFile(Base):
    """What remains of a file whose key was compromised, and that was signed again: who brings it is told so."""

    __tablename__ = "superseded_file"

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"), index=True)
    format: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    #: The key it was signed with.
    key_id: Mapped[str] = mapped_column(String(60))
    replaced_at: Mapped[datetime] = mapped_column(default=utcnow)


class StatusList(Base):
    """The entries of a Bitstring status list, and the credentials last signed for them, by purpose."""

    __tablename__ = "status_list"

    id: Mapped[Id]
    #: Purpose (revocation, suspension, refresh) → signed list credential.
    signed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    signed_at: Mapped[datetime | None]


class IssuerDocument(Base):
    """The issuer's DID document as the keys last gave it: what serves it never needs to hold a key."""

    __tablename__ = "issuer_document"

    did: Mapped[str] = mapped_column(String(300), primary_key=True)
    document: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)
