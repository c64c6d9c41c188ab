"""What is done to a certificate after its issue: register, files and lists agree, nothing is undone."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.model import Record
from certificates.status import PURPOSES, entry_is_set
from certificates.verify import verify
from lms.config import Config
from lms.models import AuditEntry, Certificate, CertificateEvent, Membership, OutboxJob, StatusList, utcnow
from lms.services import certificate_life as life
from lms.services import verification
from lms.services.authority import Authority, open_authority, publish
from lms.services.certificate_life import LifeRefused
from lms.worker import Worker
from tests.conftest import BASE_URL
from tests.issued_in_test import act, content, issue, states
from tests.learner_in_test import course, joins, together


@pytest.fixture
def authority(config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    return issue(session, authority)


@pytest.fixture
def worker(app: Flask, issued: Certificate) -> Worker:
    return Worker(app)


def set_in(session: Session, row: Certificate) -> set[str]:
    """The purposes whose published list has the entry of a certificate."""
    session.expire_all()
    lists = session.get_one(StatusList, row.status_list_id).signed
    return {
        purpose
        for purpose in PURPOSES
        if entry_is_set(
            lists[purpose],
            {
                "statusListCredential": lists[purpose]["id"],
                "statusPurpose": purpose,
                "statusListIndex": row.status_index,
            },
            utcnow(),
        )
    }


def test_suspended_then_reinstated_it_is_valid_again(session: Session, issued: Certificate, worker: Worker) -> None:
    assert states(session, issued) == {"valid"}
    life.change(session, issued, "suspended", act("inquiry"), utcnow())
    session.commit()
    worker.drain()
    assert set_in(session, issued) == {"suspension"}
    assert states(session, issued) == {"suspended"}
    life.change(session, issued, "reinstated", act("cleared"), utcnow())
    session.commit()
    worker.drain()
    assert set_in(session, issued) == set()
    assert states(session, issued) == {"valid"}
    assert [row.action for row in life.events(session, issued)] == ["suspended", "reinstated"]
    assert issued.status_reason is None


def test_revoked_it_stays_so(session: Session, issued: Certificate, worker: Worker) -> None:
    life.change(session, issued, "suspended", act("inquiry"), utcnow())
    life.change(session, issued, "revoked", act("fraud", "Somebody else sat the exam."), utcnow())
    session.commit()
    worker.drain()
    assert set_in(session, issued) == {"revocation"}
    assert states(session, issued) == {"revoked"}
    for action, reason in (("reinstated", "cleared"), ("suspended", "inquiry"), ("revoked", "error")):
        with pytest.raises(LifeRefused, match="state"):
            life.change(session, issued, action, act(reason), utcnow())  # type: ignore[arg-type]
    assert issued.status == "revoked"


def test_the_page_tells_it_at_once_and_the_list_within_five_minutes(
    session: Session, issued: Certificate, worker: Worker
) -> None:
    before = verification.status_list(session, "revocation", issued.status_list_id)
    life.change(session, issued, "revoked", act("error"), utcnow())
    session.commit()
    found = verification.find(session, issued.code)
    assert found is not None
    assert found.state == "revoked"
    job = session.scalars(sa.select(OutboxJob).filter_by(kind="sign_status_lists")).one()
    assert job.due_at <= utcnow()
    session.rollback()
    worker.drain()
    session.expire_all()
    after = verification.status_list(session, "revocation", issued.status_list_id)
    assert before is not None
    assert after is not None
    assert before["credentialSubject"]["encodedList"] != after["credentialSubject"]["encodedList"]


def test_a_worker_that_dies_before_signing_signs_after(session: Session, issued: Certificate, app: Flask) -> None:
    life.change(session, issued, "revoked", act("error"), utcnow())
    session.commit()  # and the machine stops here
    assert set_in(session, issued) == set()
    session.rollback()
    for _ in range(2):  # done twice it says the same
        Worker(app).drain()
        session.execute(sa.update(OutboxJob).values(status="pending", due_at=utcnow()))
        session.commit()
        assert set_in(session, issued) == {"revocation"}
        session.rollback()


def test_an_act_that_is_rolled_back_leaves_nothing(session: Session, issued: Certificate) -> None:
    life.change(session, issued, "revoked", act("error"), utcnow())
    session.rollback()
    assert issued.status == "valid"
    assert life.events(session, issued) == []
    assert session.scalars(sa.select(OutboxJob).filter_by(kind="sign_status_lists")).all() == []


@pytest.mark.parametrize(
    ("action", "reason", "words", "why"),
    [
        ("revoked", "inquiry", "x", "reason"),
        ("revoked", "", "x", "reason"),
        ("suspended", "fraud", "x", "reason"),
        ("revoked", "fraud", "", "words"),
        ("revoked", "fraud", "  \n ", "words"),
        ("revoked", "fraud", "x" * 2001, "words"),
        ("reinstated", "cleared", "x", "state"),
    ],
)
def test_an_act_says_why(session: Session, issued: Certificate, action: str, reason: str, words: str, why: str) -> None:
    with pytest.raises(LifeRefused) as refused:
        life.change(session, issued, action, act(reason, words), utcnow())  # type: ignore[arg-type]
    assert refused.value.reason == why
    session.rollback()
    assert issued.status == "valid"


def test_the_journal_names_nobody(session: Session, issued: Certificate) -> None:
    by = issued.person_id
    life.change(session, issued, "revoked", act("fraud", "Ada Martin let another pass.", person_id=by), utcnow())
    session.commit()
    line = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_revoked")).one()
    assert (line.target, line.person_id) == (issued.number, by)
    assert line.details == {"reason": "fraud", "capacity": "administrator"}
    event = session.scalars(sa.select(CertificateEvent)).one()
    assert (event.reason, event.words) == ("fraud", "Ada Martin let another pass.")


def test_of_two_at_once_both_are_told_and_revoking_wins(
    app: Flask, session: Session, issued: Certificate, worker: Worker
) -> None:
    number = issued.id

    def suspend(own: Session) -> str:
        try:
            life.change(own, own.get_one(Certificate, number), "suspended", act("inquiry"), utcnow())
        except LifeRefused as refused:
            own.rollback()
            return refused.reason
        own.commit()
        return "done"

    def revoke(own: Session) -> str:
        life.change(own, own.get_one(Certificate, number), "revoked", act("error"), utcnow())
        own.commit()
        return "done"

    session.rollback()
    suspended, revoked = together(app, [suspend, revoke])
    session.expire_all()
    assert revoked == "done"
    assert suspended in {"done", "state"}
    assert issued.status == "revoked"
    session.rollback()
    worker.drain()
    assert states(session, issued) == {"revoked"}


def test_one_issued_without_those_lists_stays_as_it_was(
    session: Session, issued: Certificate, authority: Authority
) -> None:
    old = {
        key: value for key, value in issued.record.items() if not key.endswith(("suspension_list_url", "ment_list_url"))
    }
    assert Record.from_dict(old).replacement_list_url is None
    for record in (old, {**old, "suspension_list_url": None}):
        issued.record, issued.status = record, "valid"
        session.commit()
        life.change(session, issued, "suspended", act("inquiry"), utcnow())
        publish(session, authority, utcnow() + timedelta(days=2))
        session.commit()
        lists = session.get_one(StatusList, issued.status_list_id).signed
        entry = {"statusListIndex": issued.status_index}
        told = {
            purpose: entry_is_set(
                lists[purpose], {**entry, "statusListCredential": lists[purpose]["id"], "statusPurpose": purpose},
                utcnow() + timedelta(days=3),
            )
            for purpose in PURPOSES
        }  # fmt: skip
        assert told == {"revocation": True, "suspension": False, "refresh": False}


def test_without_one_of_its_lists_nothing_is_called_valid(session: Session, issued: Certificate) -> None:
    lists = session.get_one(StatusList, issued.status_list_id).signed
    document = verification.did_document(session, BASE_URL)
    assert document is not None
    data = content(session, issued)
    for missing in PURPOSES:
        some = [signed for purpose, signed in lists.items() if purpose != missing]
        verdict = verify(data, did_document=document, status_list=some, now=utcnow())
        assert verdict.state == "unverifiable"
    stale = verify(data, did_document=document, status_list=lists.values(), now=utcnow() + timedelta(days=8))
    assert stale.state == "unverifiable"
    assert verify(data, did_document=document, status_list=lists.values(), now=utcnow()).state == "valid"


def test_suspended_and_past_its_end_page_and_file_say_suspended(
    session: Session, issued: Certificate, worker: Worker
) -> None:
    life.change(session, issued, "suspended", act("inquiry"), utcnow())
    session.commit()
    worker.drain()
    session.expire_all()
    assert issued.valid_until is not None
    later = issued.valid_until + timedelta(days=1)
    assert verification.state_at(issued, later) == "suspended"


def test_a_sharing_link_closed_is_another_one_when_opened_again(session: Session, issued: Certificate) -> None:
    assert life.shared(session, "") is None
    life.share(session, issued, True, utcnow())
    first = issued.share_token
    assert first is not None
    assert life.shared(session, first) is issued
    life.share(session, issued, True, utcnow())
    assert issued.share_token == first
    life.share(session, issued, False, utcnow())
    assert life.shared(session, first) is None
    life.share(session, issued, True, utcnow())
    assert issued.share_token not in {None, first}
    assert [row.action for row in life.events(session, issued)] == ["shared", "unshared", "shared"]


def test_a_trainer_has_the_learners_of_their_courses_alone(
    session: Session, authority: Authority, issued: Certificate
) -> None:
    other = issue(session, authority, 2)
    trainer = issue(session, authority, 3)  # a person like another
    here, elsewhere = course(session, 1), course(session, 2)
    joins(session, issued.person_id, here)
    joins(session, other.person_id, elsewhere)
    joins(session, trainer.person_id, here, role="trainer")
    found = session.scalars(sa.select(Certificate).where(life.trained_by(trainer.person_id))).all()
    assert [row.id for row in found] == [issued.id]
    session.execute(sa.update(Membership).where(Membership.person_id == trainer.person_id).values(left_at=utcnow()))
    assert session.scalars(sa.select(Certificate).where(life.trained_by(trainer.person_id))).all() == []


def test_a_trainer_has_those_who_came_in_the_tracks_of_the_course_alone(
    session: Session, authority: Authority, issued: Certificate
) -> None:
    trainer, place = issue(session, authority, 3), course(session, 1)
    joins(session, issued.person_id, place)
    joins(session, trainer.person_id, place, role="trainer")
    mine = sa.select(Certificate.id).where(life.trained_by(trainer.person_id))
    for key in (issued.award_key, f"{place.track_key}/d1", "a-label"):  # labels have keys of their own
        issued.award_key = key
        assert session.scalars(mine).all() == [issued.id]
    place.track_key = "another"
    assert session.scalars(mine).all() == []
    place.track_key = None  # a course that names no track may have any
    assert session.scalars(mine).all() == [issued.id]
    # Enrolled by the roster, which any teacher of the platform may fill.
    session.execute(sa.update(Membership).filter_by(person_id=issued.person_id).values(first_seen_at=None))
    assert session.scalars(mine).all() == []
