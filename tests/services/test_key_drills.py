"""Drills: keys are rotated, retired, compromised, and every certificate still says what it said."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from certificates.formats import RenderError
from certificates.model import Record
from certificates.sign import keyring
from certificates.sign.keys import KeysError
from certificates.sign.seals import SealUnavailable
from lms.config import Config
from lms.models import (
    AuditEntry,
    Certificate,
    CertificateFile,
    Enrolment,
    IssuerDocument,
    OutboxJob,
    StatusList,
    SupersededFile,
    utcnow,
)
from lms.services import key_care, signing_again, verification
from lms.services.authority import Authority, open_authority, publish
from lms.services.issuing import issue
from lms.worker import Worker
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner
from tests.page_in_test import filled


@pytest.fixture
def keys_dir(keys_dir: Path, tmp_path: Path) -> Path:
    """Keys of its own for each drill; the others' stay as they are."""
    if keys_dir.exists():
        shutil.copytree(keys_dir, tmp_path / "own-keys")
    return tmp_path / "own-keys"


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    return award(session, authority, 1)


def award(session: Session, authority: Authority, number: int) -> Certificate:
    row: Enrolment = learner(session, number)
    earn(session, row)
    publish(session, authority)
    made = issue(session, authority, row, TRACK)
    session.commit()
    return made


def files(session: Session, certificate: Certificate) -> dict[str, bytes]:
    session.expire_all()
    rows = session.scalars(sa.select(CertificateFile).filter_by(certificate_id=certificate.id))
    return {file.format: file.content for file in rows}


def states(session: Session, contents: dict[str, bytes]) -> set[str]:
    return {verification.judge(session, content, BASE_URL)[0].state for content in contents.values()}


def asserting(session: Session) -> set[str]:
    session.expire_all()
    (row,) = session.scalars(sa.select(IssuerDocument))
    return {method.split("#")[1] for method in row.document["assertionMethod"]}


def test_rotation_breaks_no_certificate_and_other_workers_see_it(
    session: Session, config: Config, authority: Authority, issued: Certificate
) -> None:
    other_worker = open_authority(config)
    assert other_worker.keys.in_use == ("ed-2026-1", "rs256-2026-1", "seal-2026-1")
    key_care.rotate(session, authority)
    session.commit()
    assert other_worker.keys.in_use == ("ed-2026-2", "rs256-2026-2", "seal-2026-2")
    later = award(session, other_worker, 2)
    assert (issued.signed_with, later.signed_with) == (
        "ed-2026-1 rs256-2026-1 seal-2026-1", "ed-2026-2 rs256-2026-2 seal-2026-2",
    )  # fmt: skip
    assert states(session, files(session, issued)) == states(session, files(session, later)) == {"valid"}
    lines = session.scalars(sa.select(AuditEntry.target).filter_by(action="keys_rotated").order_by(AuditEntry.target))
    assert list(lines) == ["key:ed-2026-2", "key:es256-2026-2", "key:rs256-2026-2", "key:seal-2026-2"]


def test_a_retired_key_is_believed_until_the_last_certificate_it_signed_has_ended(
    session: Session, authority: Authority, issued: Certificate
) -> None:
    before = files(session, issued)
    key_care.retire(session, authority, "ed-2026-1")
    assert issued.valid_until is not None
    publish(session, authority, issued.valid_until - timedelta(days=1))
    assert "ed-2026-1" in asserting(session)
    publish(session, authority, issued.valid_until + timedelta(days=1))
    session.commit()
    assert "ed-2026-1" not in asserting(session)
    assert "seal-2026-1" in asserting(session), "it still signs"
    verdict, _ = verification.judge(session, before["jsonld"], BASE_URL)
    assert (verdict.state, verdict.checks[-1].detail) == ("unverifiable", "withdrawn")
    issued.valid_until = utcnow() - timedelta(seconds=1)
    session.commit()
    verdict, known = verification.judge(session, before["jsonld"], BASE_URL)
    assert (verdict.state, known.row.id if known else None) == ("expired", issued.id), "ours, and merely old"
    issued.valid_until, issued.status = None, "valid"
    publish(session, authority, utcnow() + timedelta(days=3650))
    assert "ed-2026-1" in asserting(session), "what never ends is believed for ever"


@pytest.mark.parametrize("key_id", ["ed-2026-1", "rs256-2026-1", "seal-2026-1"])
def test_after_a_compromise_everything_is_signed_again(
    app: Flask, session: Session, authority: Authority, client: FlaskClient, issued: Certificate, key_id: str
) -> None:
    identity = (issued.id, issued.code, issued.number, dict(issued.record), issued.status_index)
    old, old_lists = files(session, issued), session.scalars(sa.select(StatusList)).one().signed
    worker = Worker(app)
    assert key_care.compromise(session, authority, key_id) == 1
    session.commit()
    assert key_id not in asserting(session)
    form = {"ed": "jsonld", "rs256": "jwt", "seal": "pdf"}[key_id.split("-", maxsplit=1)[0]]
    assert verification.judge(session, old[form], BASE_URL)[0].state == "unverifiable", "at once"
    session.commit()

    worker.drain()
    new = files(session, issued)
    assert states(session, new) == {"valid"}
    assert identity == (issued.id, issued.code, issued.number, issued.record, issued.status_index)
    assert key_id not in issued.signed_with.split()
    assert signing_again.left(session, key_id) == 0
    lists = session.scalars(sa.select(StatusList)).one().signed
    assert (lists == old_lists) is (form != "jsonld")
    verdict, known = verification.judge(session, old[form], BASE_URL)
    assert (verdict.state, verdict.checks[0].detail, verdict.record) == ("unverifiable", "compromised", None)
    assert known is not None
    assert known.row.id == issued.id
    session.commit()
    page = upload(client, old[form])
    assert "compromise" in page
    assert f"/verify/{issued.code}" in page
    (line,) = session.scalars(sa.select(AuditEntry).filter_by(action="keys_compromised"))
    assert (line.target, line.details) == (f"key:{key_id}", {"certificates": 1})


def upload(client: FlaskClient, content: bytes) -> str:
    """The page that answers who brings a file."""
    fields = filled(client.get("/verify").text, "file")
    return client.post("/verify", data={**fields, "file": (BytesIO(content), "file")}).text


def test_signing_again_goes_on_where_it_was(
    app: Flask, session: Session, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [award(session, authority, number) for number in range(3)]
    key_care.compromise(session, authority, "seal-2026-1")
    session.commit()
    real, calls = key_care.signed_files, list[int]()

    def failing(*arguments: Any) -> dict[str, bytes]:
        calls.append(1)
        if len(calls) == 2:
            raise SealUnavailable("nobody answers")
        return real(*arguments)

    monkeypatch.setattr(key_care, "signed_files", failing)
    worker = Worker(app)
    worker.drain()
    session.expire_all()
    assert signing_again.left(session, "seal-2026-1") == 2
    job = session.scalars(sa.select(OutboxJob).filter_by(kind="sign_again")).one()
    assert (job.status, job.cause) == ("pending", "seal")
    job.due_at = utcnow()
    session.commit()
    worker.drain()
    assert [states(session, files(session, certificate)) for certificate in made] == [{"valid"}] * 3
    assert len(calls) == 4, "the first is not done twice"
    assert session.scalars(sa.select(OutboxJob.status).filter_by(kind="sign_again")).one() == "done"
    old = session.scalars(sa.select(SupersededFile)).all()
    assert {(row.format, row.key_id) for row in old} == {("pdf", "seal-2026-1")}
    assert len(old) == 3


def test_one_that_cannot_be_drawn_again_stops_no_other_and_is_told(
    app: Flask, session: Session, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [award(session, authority, number) for number in range(2)]
    key_care.compromise(session, authority, "seal-2026-1")
    session.commit()
    real = key_care.signed_files

    def failing(authority: Authority, certificate: Certificate, record: Record) -> dict[str, bytes]:
        if certificate.number == made[0].number:
            raise RenderError("no")
        return real(authority, certificate, record)

    monkeypatch.setattr(key_care, "signed_files", failing)
    Worker(app).drain()
    session.expire_all()
    job = session.scalars(sa.select(OutboxJob).filter_by(kind="sign_again")).one()
    assert job.status == "failed"
    assert made[0].number in (job.last_error or "")
    assert states(session, files(session, made[1])) == {"valid"}


def test_one_signed_while_its_key_was_withdrawn_is_found(
    app: Flask, session: Session, config: Config, authority: Authority
) -> None:
    late = open_authority(config)
    key_care.compromise(session, authority, "ed-2026-1")
    session.commit()
    late._seen = keyring.version(config.keys)  # it took its keys just before
    row = learner(session, 7)
    earn(session, row)
    made = issue(session, late, row, TRACK)
    session.commit()
    assert "ed-2026-1" in made.signed_with
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    assert states(session, files(session, made)) == {"valid"}


def test_certificates_of_before_keys_were_noted_are_signed_again_too(
    app: Flask, session: Session, authority: Authority, issued: Certificate
) -> None:
    issued.signed_with = ""
    session.commit()
    assert key_care.compromise(session, authority, "rs256-2026-1") == 1
    session.commit()
    Worker(app).drain()
    assert states(session, files(session, issued)) == {"valid"}


def test_no_secret_reaches_the_database(
    session: Session, config: Config, authority: Authority, issued: Certificate
) -> None:
    key_care.rotate(session, authority)
    session.commit()
    dump = json.dumps(
        [[str(value) for value in row] for table in sa.inspect(session.get_bind()).get_table_names()
         if table in {"issuer_document", "status_list", "certificate", "audit_entry", "certificate_file"}
         for row in session.execute(sa.text(f"select * from {table}"))]
    )  # fmt: skip
    assert "PRIVATE KEY" not in dump
    assert config.secret_key not in dump
    for pem in Path(config.keys).glob("*.pem"):
        assert pem.read_text().splitlines()[1] not in dump


def test_a_seal_that_does_not_open_stops_the_worker_with_a_reason(app: Flask, config: Config, tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="missing file"):
        open_authority(replace(config, seal_pkcs12=tmp_path / "nowhere.p12"))
