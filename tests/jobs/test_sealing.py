"""Sealed and timestamped by whom the settings name; when they do not answer nothing is half issued, and it waits."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.sign.keys import KeysError
from lms.config import Config, ConfigError, load_config
from lms.models import Certificate, CertificateFile, OutboxJob, utcnow
from lms.services import bulk_issuing, certificates, corrections, verification
from lms.services.authority import open_authority
from lms.services.library import Library
from lms.services.sealing import timestamps_of
from lms.worker import Worker
from tests.authorities_in_test import Authorities
from tests.conftest import BASE_URL
from tests.issued_in_test import act, issue
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, earn, learner

PASSPHRASE = "a passphrase for the seal"


@pytest.fixture
def authorities(tmp_path: Path) -> Iterator[Authorities]:
    (tmp_path / "authorities").mkdir()
    made = Authorities(tmp_path / "authorities")
    with made.served() as made.url:
        yield made


@pytest.fixture
def config(config: Config, authorities: Authorities, tmp_path: Path) -> Config:
    """An RSA seal in a PKCS#12 file, timestamped."""
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    return replace(
        config, seal_pkcs12=authorities.pkcs12("rsa", PASSPHRASE), seal_passphrase_file=tmp_path / "passphrase",
        seal_level="T", tsa_url=f"{authorities.url}/tsa", tsa_root=authorities.folder / "root.pem",
        allowed_private_hosts=("127.0.0.1",), keys_dir=tmp_path / "own-keys",
    )  # fmt: skip


def test_nothing_is_issued_until_the_timestamp_can_be_had(
    app: Flask, session: Session, config: Config, authorities: Authorities
) -> None:
    worker = Worker(app)
    worker.upkeep()
    earn(session, learner(session))
    session.commit()
    authorities.answers = False
    worker.drain()
    session.expire_all()
    job = session.scalars(sa.select(OutboxJob).filter_by(kind="issue_certificate")).one()
    assert (job.status, job.cause) == ("pending", "seal")
    assert "503" in (job.last_error or "")
    assert session.scalars(sa.select(Certificate)).all() == []

    authorities.answers = True
    job.due_at = utcnow()
    session.commit()
    worker.drain()
    session.expire_all()
    certificate = session.scalars(sa.select(Certificate)).one()
    assert certificate.number.endswith("-000001"), "no number was lost"
    assert {key.split("-")[0] for key in certificate.signed_with.split()} == {"ed", "rs256", "seal", "tsa"}
    for content in session.scalars(sa.select(CertificateFile.content)):
        verdict, _ = verification.judge(session, content, BASE_URL)
        assert verdict.state == "valid"
        if verdict.form == "pdf":
            assert verdict.stamped_at is not None
            assert abs(utcnow() - verdict.stamped_at) < timedelta(minutes=5)


def test_a_seal_whose_certificate_has_ended_seals_nothing_until_there_is_another(
    app: Flask, session: Session, config: Config, authorities: Authorities, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities.lasts = timedelta(days=-1)
    app.extensions["mpia"] = replace(config, seal_pkcs12=authorities.pkcs12("p256", PASSPHRASE), seal_level="B")
    authorities.lasts = timedelta(days=900)
    earn(session, learner(session))
    session.commit()
    worker = Worker(app)
    worker.upkeep()
    with monkeypatch.context() as nothing_is_drawn:
        nothing_is_drawn.setattr(certificates, "FORMATS", {})
        worker.drain()
    session.expire_all()
    job = session.scalars(sa.select(OutboxJob).filter_by(kind="issue_certificate")).one()
    assert (job.status, job.cause, job.tries) == ("pending", "seal", 0), "however long it lasts"
    assert "the certificates of the seal ended on" in (job.last_error or "")
    assert session.scalars(sa.select(Certificate)).all() == []
    assert -2 * 86_400 < left(app) < -86_400 + 60

    app.extensions["mpia"] = config
    job.due_at = utcnow()
    session.commit()
    following = Worker(app)
    following.upkeep()
    following.drain()
    session.expire_all()
    assert session.scalars(sa.select(Certificate)).one().number.endswith("-000001")
    assert 899 * 86_400 < left(app) <= 900 * 86_400


def test_runs_and_corrections_wait_for_the_seal_too(
    app: Flask, session: Session, config: Config, authorities: Authorities
) -> None:
    worker = Worker(app)
    worker.upkeep()
    asked = corrections.ask(session, issue(session, open_authority(config)), "Ada de Martinville", "", utcnow())
    corrections.accept(session, asked, act("", ""), utcnow())
    place = class_of(session, 2)
    run = bulk_issuing.ask(session, place, TRACK, Library(session), asked.certificate.person_id).id
    session.commit()
    authorities.answers = False
    worker.drain()
    session.expire_all()
    jobs = session.scalars(sa.select(OutboxJob).where(OutboxJob.kind.in_(("issue_run", "correct_certificate")))).all()
    assert [(job.status, job.cause) for job in jobs] == [("pending", "seal")] * 2
    assert bulk_issuing.counts(session, run) == {"waiting": 2}

    authorities.answers = True
    for job in jobs:
        job.due_at = utcnow()
    session.commit()
    worker.drain()
    session.expire_all()
    assert bulk_issuing.counts(session, run) == {"issued": 2}
    assert [each.status for each in session.scalars(sa.select(Certificate).order_by(Certificate.number))] == [
        "replaced", "valid", "valid", "valid",
    ]  # fmt: skip


def left(app: Flask) -> float:
    """For how many seconds the seal that signs is valid yet, as supervision reads it."""
    found = re.search(r"^mpia_seal_left_seconds (\S+)$", app.test_client().get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_a_private_authority_that_is_not_allowed_is_not_called(config: Config, authorities: Authorities) -> None:
    timestamps = timestamps_of(replace(config, allowed_private_hosts=()))
    assert timestamps is not None
    with pytest.raises(Exception, match="https"):
        timestamps.ask(timestamps.url, b"", "application/timestamp-query")
    assert authorities.asked == []


def test_what_the_settings_name_must_be_there(config: Config, tmp_path: Path) -> None:
    for wrong in (
        {"tsa_root": tmp_path / "nothing.pem"},
        {"seal_passphrase_file": tmp_path / "nothing"},
        {"seal_pkcs12": tmp_path / "passphrase"},
    ):
        with pytest.raises(KeysError) as refused:
            open_authority(replace(config, **wrong))
        assert PASSPHRASE not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SEAL_LEVEL": "T"}, "LMS_TSA_URL"),
        ({"SEAL_LEVEL": "X"}, "B, T or LT"),
        ({"SEAL_PKCS11": "/lib/module.so"}, "LMS_SEAL_PIN_FILE"),
        ({"SEAL_PKCS11": "/lib/module.so", "SEAL_PKCS12": "/seal.p12"}, "Keep one"),
    ],
)
def test_settings_that_do_not_hold_together_are_refused(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config({"LMS_DATA_DIR": str(tmp_path), **{f"LMS_{name}": value for name, value in settings.items()}})


def test_the_passphrase_of_the_seal_is_not_shown(config: Config) -> None:
    shown = replace(config, seal_passphrase=PASSPHRASE).shown()
    assert PASSPHRASE not in "".join(shown.values())
