"""Issuing: one certificate for what was earned, the same facts everywhere, nothing half done."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates import format as formats
from certificates.formats import RenderError
from certificates.model import Record, printed_fields
from certificates.status import ENTRIES, is_full
from certificates.verify import verify
from lms.config import Config
from lms.models import (
    AuditEntry,
    Certificate,
    CertificateFile,
    Enrolment,
    IssuerDocument,
    Person,
    StatusList,
    utcnow,
)
from lms.services import certificates, issuing
from lms.services.authority import Authority, open_authority, publish
from lms.services.issuing import NotIssued, issue
from tests.learner_in_test import TRACK, earn, learner, module, take, together


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def row(session: Session) -> Enrolment:
    """Someone who has earned the certificate."""
    made = learner(session)
    earn(session, made)
    return made


@pytest.fixture
def issued(session: Session, authority: Authority, row: Enrolment) -> Certificate:
    publish(session, authority)
    made = issue(session, authority, row, TRACK)
    session.commit()
    return made


def stored(session: Session, certificate: Certificate) -> dict[str, bytes]:
    rows = session.scalars(sa.select(CertificateFile).filter_by(certificate_id=certificate.id))
    return {file.format: file.content for file in rows}


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_a_certificate_is_issued_once(session: Session, authority: Authority, issued: Certificate) -> None:
    row = session.scalars(sa.select(Enrolment)).one()
    assert issue(session, authority, row, TRACK).id == issued.id
    assert count(session, Certificate) == 1
    assert count(session, CertificateFile) == len(formats.FORMATS)
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.target, entry.person_id) == ("certificate_issued", issued.number, row.person_id)


def test_twenty_issuers_at_once_make_one_certificate_each_holder(
    app: Flask, session: Session, authority: Authority
) -> None:
    rows = [learner(session, number) for number in range(4)]
    for row in rows:
        earn(session, row)
    year = utcnow().year

    def one(number: int) -> Callable[[Session], tuple[int, UUID]]:
        def work(own: Session) -> tuple[int, UUID]:
            row = own.get_one(Enrolment, rows[number % 4].id)
            made = issue(own, authority, row, TRACK)
            own.commit()
            return row.id, made.id

        return work

    given = set(together(app, [one(number) for number in range(20)]))
    certificates = session.scalars(sa.select(Certificate).order_by(Certificate.number)).all()
    assert given == {(made.enrolment_id, made.id) for made in certificates}
    assert [made.number for made in certificates] == [f"MPIA-{year}-{place:06}" for place in range(1, 5)]
    assert len({made.status_index for made in certificates}) == len({made.code for made in certificates}) == 4
    assert count(session, StatusList) == 1
    assert count(session, CertificateFile) == 4 * len(formats.FORMATS)


def test_what_is_not_earned_is_not_issued(session: Session, authority: Authority) -> None:
    row = learner(session)
    take(session, row, module("d1"))
    with pytest.raises(NotIssued, match="not_earned"):
        issue(session, authority, row, TRACK)
    with pytest.raises(NotIssued, match="not_earned"):
        issue(session, authority, row, replace(TRACK, certificate=None))
    assert count(session, Certificate) == 0


@pytest.mark.parametrize("form", ["pdf", "jsonld", "jwt"])
def test_nothing_is_left_of_what_could_not_be_made(
    session: Session, authority: Authority, row: Enrolment, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def fail(_record: Any, _keys: Any) -> bytes:
        raise RenderError("no room on the page")

    with monkeypatch.context() as patch:
        broken = {**formats.FORMATS, form: replace(formats.FORMATS[form], render=fail)}
        patch.setattr(certificates, "FORMATS", broken)
        with pytest.raises(RenderError):
            issue(session, authority, row, TRACK)
    session.rollback()
    for model in (Certificate, CertificateFile, StatusList, AuditEntry):
        assert count(session, model) == 0, model
    made = issue(session, authority, row, TRACK)
    assert made.number.endswith("-000001"), "the number of what failed is not lost"


def test_numbers_go_on_and_begin_again_with_the_year(
    session: Session, authority: Authority, issued: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = issued.issued_at.year
    for number, (moment, expected) in enumerate(
        [(utcnow(), f"MPIA-{year}-000002"), (utcnow().replace(year=year + 1, day=1), f"MPIA-{year + 1}-000001")]
    ):
        row = learner(session, f"next {number}")
        earn(session, row)
        with monkeypatch.context() as patch:
            patch.setattr(issuing, "utcnow", lambda moment=moment: moment)
            assert issue(session, authority, row, TRACK).number == expected


def test_a_list_half_full_gives_way_to_another(
    session: Session, authority: Authority, issued: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "is_full", lambda used: is_full(ENTRIES // 2 - 1 + used))
    row = learner(session, "next")
    earn(session, row)
    made = issue(session, authority, row, TRACK)
    assert made.status_list_id != issued.status_list_id
    assert made.record["status_list_url"].endswith(f"revocation-{made.status_list_id}")
    assert count(session, StatusList) == 2


# Names


@pytest.mark.parametrize("more", [{"given_name": "", "family_name": "", "full_name": ""}, {"certificate_name": None}])
def test_no_certificate_before_a_name_is_confirmed(
    session: Session, authority: Authority, more: dict[str, str | None]
) -> None:
    row = learner(session, **more)
    earn(session, row)
    with pytest.raises(NotIssued, match="name_unconfirmed"):
        issue(session, authority, row, TRACK)
    session.get_one(Person, row.person_id).certificate_name = "Zoé Lefèvre"
    assert issue(session, authority, row, TRACK).record["holder"] == "Zoé Lefèvre"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Ada\u202eMartin", "name_invisible"),
        ("Ada\x07Martin", "name_control"),
        ("A" * 181, "name_long"),
        ("阿達", "name_script"),
        (" \u00a0 ", "name_empty"),
    ],
)
def test_a_name_that_cannot_be_printed_is_refused_and_why(
    session: Session, authority: Authority, row: Enrolment, name: str, why: str
) -> None:
    session.get_one(Person, row.person_id).certificate_name = name
    with pytest.raises(NotIssued) as refusal:
        issue(session, authority, row, TRACK)
    assert refusal.value.reason == why
    assert count(session, Certificate) == 0


def test_the_name_its_holder_chose_is_printed(session: Session, authority: Authority, row: Enrolment) -> None:
    session.get_one(Person, row.person_id).certificate_name = "Ada d’Aubigné"
    assert issue(session, authority, row, TRACK).record["holder"] == "Ada d’Aubigné"


# Validity


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
        ((2028, 2, 29), 48, (2032, 2, 29)),
        ((2026, 12, 31), 2, (2027, 2, 28)),
        ((2026, 12, 15), 1, (2027, 1, 15)),
        ((2026, 3, 31), 1, (2026, 4, 30)),
        ((2026, 11, 30), 36, (2029, 11, 30)),
        ((2026, 6, 1), 6, (2026, 12, 1)),
        ((2026, 5, 28), 9, (2027, 2, 28)),
    ],
)
def test_months_of_validity_end_on_the_same_day_or_the_last(
    day: tuple[int, int, int], months: int, expected: tuple[int, int, int]
) -> None:
    moment = datetime(*day, 14, 30, 5, tzinfo=UTC)
    assert issuing._months_later(moment, months) == datetime(*expected, 14, 30, 5, tzinfo=UTC)


def test_a_certificate_is_valid_as_long_as_its_track_says(
    session: Session, authority: Authority, row: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2028, 2, 29, 9, 0, 0, 654321, tzinfo=UTC)
    monkeypatch.setattr(issuing, "utcnow", lambda: moment)
    assert TRACK.certificate is not None
    assert TRACK.certificate.valid_months == 36
    made = issue(session, authority, row, TRACK)
    assert made.issued_at == moment.replace(microsecond=0)
    assert made.valid_until == datetime(2031, 2, 28, 9, tzinfo=UTC)


def test_a_certificate_without_limit_has_no_end(session: Session, authority: Authority, row: Enrolment) -> None:
    assert TRACK.certificate is not None
    endless = replace(TRACK, certificate=replace(TRACK.certificate, valid_months=None))
    made = issue(session, authority, row, endless)
    assert made.valid_until is None
    assert Record.from_dict(made.record).valid_until is None


# The record


def test_every_form_says_what_the_record_says(session: Session, authority: Authority, issued: Certificate) -> None:
    record = Record.from_dict(issued.record)
    document = session.scalars(sa.select(IssuerDocument)).one().document
    lists = [signed for row in session.scalars(sa.select(StatusList)) for signed in row.signed.values()]
    files = stored(session, issued)
    assert set(files) == {"pdf", "jsonld", "jwt", "png", "svg"}
    for form, content in files.items():
        verdict = verify(content, did_document=document, status_list=lists, now=utcnow())
        assert verdict.state == "valid", (form, verdict.checks)
        assert verdict.fields(record.language) == printed_fields(record, record.language), form


def test_the_record_states_what_was_done(session: Session, issued: Certificate) -> None:
    record = Record.from_dict(issued.record)
    assert (record.holder, record.track, record.track_version) == ("Ada Martin 1", TRACK.key, TRACK.version)
    assert [part.code for part in record.modules] == ["D1", "D2"]
    assert [part.score for part in record.modules] == [1, 1]
    assert record.minutes == module("d1").duration_minutes + module("d2").duration_minutes
    assert record.evidence[0] == TRACK.digest
    assert len(record.evidence) == 3
    columns = (issued.id, issued.number, issued.code, issued.status_index, issued.issued_at, issued.valid_until)
    assert columns == (
        record.id, record.number, record.code, record.status_index, record.issued_at, record.valid_until,
    )  # fmt: skip


def test_the_files_are_the_ones_whose_digest_is_kept(session: Session, issued: Certificate) -> None:
    for file in session.scalars(sa.select(CertificateFile)):
        assert file.sha256 == hashlib.sha256(file.content).hexdigest()


def test_what_is_issued_never_changes(session: Session, authority: Authority, issued: Certificate) -> None:
    """Neither another name, nor another result, nor new content."""
    before, files = json.dumps(issued.record), stored(session, issued)
    row = session.scalars(sa.select(Enrolment)).one()
    person = session.get_one(Person, row.person_id)
    person.certificate_name, person.full_name, person.language = "Someone Else", "Someone Else", "en"
    row.track_version = "2099.1"
    session.commit()
    again = issue(session, authority, row, replace(TRACK, version="2099.1"))
    publish(session, authority, utcnow() + timedelta(days=3))
    session.commit()
    session.expire_all()
    assert again.id == issued.id
    assert json.dumps(again.record) == before
    assert stored(session, again) == files


# What is published


def test_the_did_document_is_published(session: Session, authority: Authority) -> None:
    publish(session, authority)
    session.commit()
    row = session.scalars(sa.select(IssuerDocument)).one()
    assert (row.did, row.document) == (authority.keys.did, authority.keys.did_document())
    assert row.did == "did:web:localhost%3A8000"


def test_a_document_that_changed_is_published_again(session: Session, authority: Authority) -> None:
    now = utcnow()
    publish(session, authority, now)
    row = session.scalars(sa.select(IssuerDocument)).one()
    publish(session, authority, now + timedelta(hours=1))
    assert row.updated_at == now
    row.document = {"id": "an old one"}
    session.commit()
    publish(session, authority, now + timedelta(hours=2))
    session.commit()
    session.refresh(row)
    assert (row.document, row.updated_at) == (authority.keys.did_document(), now + timedelta(hours=2))


def test_workers_that_start_at_once_publish_one_document(app: Flask, session: Session, authority: Authority) -> None:
    def start(own: Session) -> None:
        publish(own, authority)
        own.commit()

    together(app, [start] * 6)
    assert count(session, IssuerDocument) == 1


def test_the_status_list_is_signed_at_once_and_again_after_a_day(
    session: Session, authority: Authority, issued: Certificate
) -> None:
    row = session.scalars(sa.select(StatusList)).one()
    assert row.signed_at == issued.issued_at
    first = row.signed["revocation"]
    assert first["id"] == "http://localhost:8000/status/revocation-1"
    publish(session, authority, issued.issued_at + timedelta(hours=23))
    assert row.signed["revocation"] == first
    later = issued.issued_at + timedelta(days=1, seconds=1)
    publish(session, authority, later)
    session.commit()
    session.refresh(row)
    assert row.signed_at == later
    assert row.signed["revocation"]["proof"] != first["proof"]


@pytest.mark.parametrize("status", ["revoked", "suspended", "replaced", "valid"])
def test_the_list_says_what_became_of_a_certificate(
    session: Session, authority: Authority, issued: Certificate, status: str
) -> None:
    issued.status = status
    session.commit()
    now = utcnow() + timedelta(days=2)
    publish(session, authority, now)
    lists = [signed for row in session.scalars(sa.select(StatusList)) for signed in row.signed.values()]
    document = authority.keys.did_document()
    for content in stored(session, issued).values():
        assert verify(content, did_document=document, status_list=lists, now=now).state == status
