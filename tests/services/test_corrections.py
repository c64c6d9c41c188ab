"""Another name on a certificate: decided by who may, issued as the edition that replaces it, both linked."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import AuditEntry, Certificate, CertificateWord, Correction, OutboxJob, Person, utcnow
from lms.services import certificate_life as life
from lms.services import corrections, verification
from lms.services.authority import Authority, open_authority
from lms.services.certificate_life import LifeRefused
from lms.services.privacy import erase
from lms.services.results import issued_certificate
from lms.worker import Worker
from tests.issued_in_test import act, issue, states
from tests.learner_in_test import TRACK, count, together

NAME = "Ada de Martinville"


@pytest.fixture
def authority(config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    return issue(session, authority)


@pytest.fixture
def worker(app: Flask, issued: Certificate) -> Worker:
    return Worker(app)


def refusal(session: Session, row: Certificate, name: str = NAME, words: str = "") -> str:
    with pytest.raises(LifeRefused) as refused:
        corrections.ask(session, row, name, words, utcnow())
    session.rollback()
    return refused.value.reason


def test_asked_and_accepted_another_edition_replaces_it(session: Session, issued: Certificate, worker: Worker) -> None:
    life.share(session, issued, True, utcnow())
    life.show_name(session, issued, False, utcnow())
    token = issued.share_token
    asked = corrections.ask(session, issued, f"  {NAME}", "My name at birth.", utcnow())
    session.commit()
    assert (asked.name, states(session, issued)) == (NAME, {"valid"})
    corrections.accept(session, asked, act("", ""), utcnow())
    session.commit()
    worker.drain()
    session.expire_all()
    new = issued_certificate(session, issued.person_id, TRACK.key)
    assert new is not None
    assert (new.record["holder"], new.cycle, new.edition, new.previous_id) == (NAME, 1, 2, issued.id)
    assert new.valid_until == issued.valid_until
    assert (asked.state, issued.status) == ("done", "replaced")
    assert states(session, issued) == {"replaced"}
    assert states(session, new) == {"valid"}
    assert (new.name_public, new.share_token, issued.share_token) == (False, token, None)
    old, following = (verification.standing_of(session, row) for row in (issued, new))
    assert (old.replaced_by, old.renewed_by, following.previous) == (new, None, issued)
    same = {key: new.record[key] for key in ("modules", "title", "threshold", "minutes", "evidence", "track_version")}
    assert same == {key: issued.record[key] for key in same}
    assert session.get_one(Person, issued.person_id).certificate_name == NAME
    actions = [row.action for row in life.events(session, issued)]
    assert actions == ["shared", "name_hidden", "correction_asked", "correction_accepted", "replaced"]
    line = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_replaced")).one()
    assert (line.target, line.details["by"]) == (issued.number, new.number)
    assert NAME not in str([vars(entry) for entry in session.scalars(sa.select(AuditEntry))])


def test_replaced_it_changes_no_more(session: Session, issued: Certificate, worker: Worker) -> None:
    corrections.correct(session, issued, NAME, act("", ""), utcnow())
    session.commit()
    worker.drain()
    session.expire_all()
    with pytest.raises(LifeRefused, match="state"):
        life.change(session, issued, "revoked", act("error"), utcnow())
    assert refusal(session, issued, "Another Name") == "state"


def test_refused_it_says_why_and_nothing_changes(session: Session, issued: Certificate, worker: Worker) -> None:
    asked = corrections.ask(session, issued, NAME, "", utcnow())
    with pytest.raises(LifeRefused, match="words"):
        corrections.refuse(session, asked, act("", " "), utcnow())
    corrections.refuse(session, asked, act("", "Your identity card says otherwise."), utcnow())
    session.commit()
    worker.drain()
    assert (asked.state, asked.answer) == ("refused", "Your identity card says otherwise.")
    assert states(session, issued) == {"valid"}
    assert count(session, Certificate) == 1
    for again in (corrections.accept, corrections.refuse):
        with pytest.raises(LifeRefused, match="answered"):
            again(session, asked, act("", "x"), utcnow())
    corrections.ask(session, issued, NAME, "It was renewed since.", utcnow())


def test_what_cannot_be_asked_is_said(session: Session, issued: Certificate) -> None:
    assert refusal(session, issued, str(issued.record["holder"])) == "same"
    assert refusal(session, issued, "阿達") == "name_script"
    assert refusal(session, issued, "Ada\u202eMartin").startswith("name_")
    assert refusal(session, issued, "").startswith("name_")
    assert refusal(session, issued, NAME, "x" * 2001) == "words"
    corrections.ask(session, issued, NAME, "", utcnow())
    session.commit()
    assert refusal(session, issued, "Another Name") == "pending"
    issued.valid_until = utcnow() - timedelta(days=1)
    session.commit()
    assert refusal(session, issued) == "expired"


def test_of_a_holder_who_is_erased_no_name_is_written_again(
    session: Session, issued: Certificate, worker: Worker
) -> None:
    number = issued.person_id
    assert erase(session, session.get_one(Person, number))
    session.commit()
    with pytest.raises(LifeRefused, match="erased"):
        corrections.correct(session, issued, NAME, act("", ""), utcnow())
    session.rollback()
    worker.drain()
    session.expire_all()
    assert session.get_one(Person, number).certificate_name is None
    assert count(session, CertificateWord) == 0
    assert count(session, Certificate) == 1


def test_of_two_asked_at_once_one_is_kept(app: Flask, session: Session, issued: Certificate) -> None:
    number = issued.id

    def ask(own: Session) -> str:
        try:
            corrections.ask(own, own.get_one(Certificate, number), NAME, "", utcnow())
        except LifeRefused as refused:
            own.rollback()
            return refused.reason
        own.commit()
        return "kept"

    session.rollback()
    assert sorted(together(app, [ask, ask, ask])) == ["kept", "pending", "pending"]
    assert count(session, Correction) == 1


def test_revoked_meanwhile_it_stays_revoked(session: Session, issued: Certificate, worker: Worker) -> None:
    corrections.correct(session, issued, NAME, act("", ""), utcnow())
    life.change(session, issued, "revoked", act("fraud"), utcnow())
    session.commit()
    worker.drain()
    session.expire_all()
    assert states(session, issued) == {"revoked"}
    assert count(session, Certificate) == 1
    assert session.scalars(sa.select(Correction)).one().state == "void"


def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_does_it_once(
    session: Session, issued: Certificate, worker: Worker, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = corrections.correct(session, issued, NAME, act("", ""), utcnow())
    session.commit()

    def killed(*_given: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(corrections, "promise_lists", killed)  # the last thing it does
        with pytest.raises(KeyboardInterrupt):
            corrections.replace(session, authority, asked.id, utcnow())
    session.rollback()
    assert (count(session, Certificate), issued.status, asked.state) == (1, "valid", "accepted")
    for _ in range(2):  # killed after the commit, it is done again: nothing is
        session.execute(sa.update(OutboxJob).values(status="pending", due_at=utcnow(), leased_until=None))
        session.commit()
        worker.drain()
    session.expire_all()
    numbers = session.scalars(sa.select(Certificate.number).order_by(Certificate.number)).all()
    assert [number[-1] for number in numbers] == ["1", "2"]
    assert states(session, issued) == {"replaced"}
