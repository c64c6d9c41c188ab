"""What the public learns of a certificate: what it is today, and whether a file is the one issued."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from certificates.verify import Unreadable
from lms.config import Config
from lms.models import Certificate, CertificateFile, StatusList, utcnow
from lms.services import issuing, verification
from lms.services.authority import Authority, open_authority, publish, sign_lists
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner

HOLDER = "Ada Lovelace"


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    row = learner(session, full_name=HOLDER)
    earn(session, row)
    publish(session, authority)
    made = issuing.issue(session, authority, row, TRACK)
    session.commit()
    return made


def content(session: Session, form: str) -> bytes:
    return session.scalars(sa.select(CertificateFile.content).filter_by(format=form)).one()


def test_a_code_is_found_however_it_is_typed(session: Session, issued: Certificate) -> None:
    for typed in (issued.code, issued.code.lower(), f" {issued.code} ", issued.code.replace("-", "")):
        found = verification.find(session, typed)
        assert found is not None, typed
        assert found.row.id == issued.id


@pytest.mark.parametrize("typed", ["", "nothing", "0" * 26, "%' or 1=1 --", "é" * 500])
def test_a_code_that_is_none_finds_nothing(session: Session, issued: Certificate, typed: str) -> None:
    assert verification.find(session, typed) is None


def test_an_identifier_finds_its_certificate(session: Session, issued: Certificate) -> None:
    found = verification.find_by_id(session, issued.id)
    assert found is not None
    assert found.record.holder == HOLDER
    assert set(found.files) == {"pdf", "jsonld", "jwt", "png", "svg"}
    assert found.files["pdf"][0] == len(content(session, "pdf"))
    assert verification.find_by_id(session, uuid4()) is None
    assert verification.file(session, issued.id, "pdf") is not None
    assert verification.file(session, issued.id, "exe") is None


@pytest.mark.parametrize("status", ["valid", "revoked", "suspended", "replaced"])
def test_the_register_decides(session: Session, issued: Certificate, status: str) -> None:
    issued.status = status
    session.commit()
    found = verification.find(session, issued.code)
    assert found is not None
    assert found.state == status


def test_a_certificate_ends_at_its_very_second(issued: Certificate) -> None:
    end = issued.valid_until
    assert end is not None
    assert verification.state_at(issued, end - timedelta(seconds=1)) == "valid"
    assert verification.state_at(issued, end) == "expired"
    issued.status = "revoked"
    assert verification.state_at(issued, end) == "revoked", "what was taken back is not merely old"


def test_the_page_says_what_the_register_says(client: FlaskClient, session: Session, issued: Certificate) -> None:
    words = {"valid": "valid", "revoked": "revoked", "suspended": "suspended", "replaced": "replaced"}
    pages = {}
    for status in words:
        issued.status = status
        session.commit()
        answer = client.get(f"/verify/{issued.code}?lang=en")
        assert answer.status_code == 200
        assert HOLDER in answer.text
        pages[status] = answer.text.split('class="verdict', 1)[1][:400]
    issued.status, issued.valid_until = "valid", utcnow() - timedelta(days=1)
    session.commit()
    pages["expired"] = client.get(f"/verify/{issued.code}?lang=en").text.split('class="verdict', 1)[1][:400]
    assert len(set(pages.values())) == 5, "each state is told from the others"
    for status, word in {**words, "expired": "expired"}.items():
        assert word in pages[status].lower(), pages[status]


def test_a_holder_may_keep_the_name_from_the_page(client: FlaskClient, session: Session, issued: Certificate) -> None:
    issued.name_public = False
    session.commit()
    page = client.get(f"/verify/{issued.code}?lang=en")
    assert page.status_code == 200
    assert HOLDER not in page.text
    assert issued.number in page.text


@pytest.mark.parametrize("form", ["pdf", "jsonld", "jwt", "png", "svg"])
def test_the_file_that_was_issued_is_valid(session: Session, issued: Certificate, form: str) -> None:
    verdict, known = verification.judge(session, content(session, form), BASE_URL)
    assert verdict.state == "valid", verdict.checks
    assert known is not None
    assert known.row.id == issued.id
    assert known.files[form][1] == verdict.sha256


def modified(session: Session, form: str) -> bytes:
    data = content(session, form)
    if form == "jsonld":
        assert HOLDER.encode() in data
        return data.replace(HOLDER.encode(), b"Someone Else")
    if form == "pdf":
        return data + b"\n% changed\n"
    head, payload, signature = data.split(b".")
    return b".".join([head, payload, signature[::-1]])


@pytest.mark.parametrize("form", ["pdf", "jsonld", "jwt"])
def test_a_file_that_was_changed_is_not(session: Session, issued: Certificate, form: str) -> None:
    verdict, _known = verification.judge(session, modified(session, form), BASE_URL)
    assert verdict.state == "modified", verdict.checks
    assert verdict.record is None


def test_a_forged_name_leads_to_the_true_one(session: Session, issued: Certificate) -> None:
    verdict, known = verification.judge(session, modified(session, "jsonld"), BASE_URL)
    assert verdict.claim is not None
    assert verdict.claim.holder == "Someone Else"
    assert known is not None
    assert known.record.holder == HOLDER


def test_a_file_of_a_revoked_certificate_is_revoked(
    session: Session, authority: Authority, issued: Certificate
) -> None:
    issued.status = "revoked"
    session.commit()
    sign_lists(session, authority, session.get_one(StatusList, issued.status_list_id), utcnow())
    session.commit()
    for form in ("pdf", "jsonld", "jwt"):
        verdict, known = verification.judge(session, content(session, form), BASE_URL)
        assert verdict.state == "revoked", form
        assert known is not None
        assert known.state == "revoked"


def test_without_published_keys_nothing_is_called_valid(session: Session, issued: Certificate) -> None:
    verdict, _known = verification.judge(session, content(session, "jsonld"), "https://elsewhere.example.org")
    assert verdict.state == "unverifiable"
    assert verification.did_document(session, "https://elsewhere.example.org") is None
    assert verification.status_list(session, "message", issued.status_list_id) is None
    assert verification.status_list(session, "revocation", 999) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"hello", "format"), (b"\x00" * 100, "format"), (b"%PDF-1.7\n", "damaged")],
)
def test_what_is_no_certificate_is_refused(session: Session, issued: Certificate, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        verification.judge(session, data, BASE_URL)
    assert refusal.value.reason == reason
