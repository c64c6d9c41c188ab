"""Each table that names a person is told to them or said why not, and lets go of who is erased."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import (
    AgentMatch,
    AuditEntry,
    AuditPerson,
    Certificate,
    CertificateWord,
    Person,
    WalletOffer,
    db,
    utcnow,
)
from lms.models.base import Base, table_of
from lms.services import audit, certificate_life, chain, corrections, issuing, wallet_offers
from lms.services.authority import Authority, open_authority
from lms.services.matching import match
from lms.services.privacy import erase, taken_out
from tests.conftest import SECRET
from tests.issued_in_test import act, issue
from tests.learner_in_test import TRACK, count, earn, learner
from tests.literacy_in_test import agent, followed, register, unit


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


#: Column that names a person → the part of their copy that tells it.
TOLD = {
    "accommodation.person_id": "accommodation", "agent_match.person_id": "agent_matches",
    "audit_entry.person_id": "journal",
    "bank_upload.person_id": "files_sent", "certificate.person_id": "certificates", "draft_change.person_id": "studio",
    "draft_comment.person_id": "studio", "enrolment.person_id": "enrolments",
    "erasure_request.person_id": "erasures_asked",
    "export_run.person_id": "exports", "hr_scope.person_id": "hr_scopes", "import_file.person_id": "files_sent",
    "issuing_row.person_id": "issuing", "jury_member.person_id": "juries", "local_account.person_id": "account",
    "membership.person_id": "courses", "oidc_identity.person_id": "identities",
    "participation.person_id": "scores_sent",
    "review_task.closed_by": "studio", "review_task.opened_by": "studio", "saved_export.person_id": "exports_saved",
    "studio_role.person_id": "studio", "track_revision.published_by": "studio", "web_session.person_id": "sessions",
}  # fmt: skip
#: Who did something of their office: the journal, which is told, says each of these acts.
IN_THE_JOURNAL = {
    "accommodation.granted_by", "agent_match.decided_by", "api_client.created_by", "appeal.decided_by",
    "baseline.decided_by", "baseline.proposed_by", "certificate_correction.decided_by", "certificate_event.person_id",
    "cost.closed_by", "cost.created_by", "draft.approved_by", "draft.began_by", "draft.sent_by",
    "draft_comment.resolved_by", "draft_piece.edited_by", "erasure_request.decided_by", "grading.by_id",
    "import_run.person_id", "issuing_run.asked_by", "jury.created_by", "literacy_edition.edited_by",
    "literacy_edition.signed_by", "literacy_register.edited_by", "literacy_state.ended_by", "literacy_state.person_id",
    "marking.marker_id", "population.person_id", "regrading.asked_by", "sitting.created_by", "studio_role.granted_by",
}  # fmt: skip
#: The name by which the chain of the journal calls a person: a number of chance, which says nothing.
NOTHING = {"audit_person.person_id"}


def naming() -> dict[str, sa.Column[int]]:
    """Every column that names a person."""
    return {
        f"{table.name}.{key.parent.name}": key.parent
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table is table_of(Person)
    }


def test_every_table_that_names_a_person_is_told_or_said_why(session: Session) -> None:
    assert set(naming()) == {*TOLD, *IN_THE_JOURNAL, *NOTHING}
    person = Person(subject="a", email="a@example.org")
    session.add(person)
    session.flush()
    assert set(TOLD.values()) <= set(taken_out(session, person))


def test_what_a_register_of_ai_literacy_says_of_an_agent_is_in_their_copy_and_names_no_other(session: Session) -> None:
    ministry = unit(session, "M1")
    ada, other = agent(session, "A-1", ministry), agent(session, "B-2", ministry)
    person, colleague = (followed(session, each).person for each in (ada, other))
    register(
        session, ministry,
        remedy=[{"agent": "A-1", "exempt": "Congé de formation"}],
        proof=[{"name": "Atelier", "done_on": "2026-01-05", "agents": ["A-1", "B-2"]}],
        overseer=[{"system": 1, "agent": "B-2", "competence": "Juriste", "authority": "Arrêter"}],
    )  # fmt: skip
    session.commit()
    mine, theirs = taken_out(session, person)["ai_literacy"], taken_out(session, colleague)["ai_literacy"]
    assert [row["kind"] for row in mine] == ["remedy", "proof"]
    assert mine[0]["content"]["exempt"] == "Congé de formation"
    assert "B-2" not in json.dumps(mine)
    assert [row["kind"] for row in theirs] == ["proof", "overseer"]
    assert "A-1" not in json.dumps(theirs)


def test_nothing_but_their_certificates_names_who_was_erased(session: Session, authority: Authority) -> None:
    row = issue(session, authority)
    number = row.person_id
    audit.record(session, "account.signed_in", "account:1", number, kind="app")
    wallet_offers.offer(session, SECRET, row)
    session.commit()
    chain.chain(session, authority.keys)
    session.commit()
    assert session.scalar(sa.select(AuditPerson.person_id).filter_by(person_id=number)) == number
    assert erase(session, session.get_one(Person, number)) is True
    session.commit()
    left = {
        name
        for name, column in naming().items()
        if session.scalar(sa.select(sa.func.count()).select_from(column.table).where(column == number))
    }
    assert "certificate.person_id" in left
    assert left <= {"certificate.person_id", "certificate_event.person_id"}
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry).filter_by(action="account.signed_in")) == 1
    assert session.get_one(Certificate, row.id).record["holder"]
    assert session.scalar(sa.select(sa.func.count()).select_from(WalletOffer)) == 0, "it would give the name yet"


def test_what_stays_of_a_holder_says_nothing_of_their_sight(session: Session, authority: Authority) -> None:
    person = session.get_one(Person, issue(session, authority).person_id)
    number = person.id
    person.text_size, person.text_space, person.legacy_subject = "xl", "l", "old-1"
    session.commit()
    assert erase(session, person) is True
    session.commit()
    session.expire_all()
    nobody = Person(subject=f"erased-{number}", text_size="m", text_space="m")
    of_row = {"id", "platform_id", "created_at", "email"}
    for column in set(table_of(Person).columns.keys()) - of_row:
        assert (getattr(person, column) or None) == getattr(nobody, column), column


def done_after(app: Flask, session: Session, task: Callable[[Session], object]) -> object:
    """What a task gives that another session does: it has to wait until this one commits."""
    began = Event()

    def alone() -> object:
        with app.app_context():
            own = db.session()
            began.set()
            found = task(own)
            own.commit()
            db.session.remove()
            return found

    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(alone)
        began.wait(30)
        with pytest.raises(TimeoutError):
            waits.result(0.5)
        session.commit()
        found = waits.result(30)
    session.expire_all()
    return found


def erased_meanwhile(app: Flask, session: Session, number: int, made: Callable[[], object]) -> None:
    """Erase a person while a worker is about to commit a certificate of theirs."""
    made()
    assert done_after(app, session, lambda own: erase(own, own.get_one(Person, number))) is True


def shown(session: Session, number: int) -> list[bool]:
    """Whether anybody may read the name, certificate by certificate of that person."""
    return [
        row.name_public or row.share_token is not None
        for row in session.scalars(sa.select(Certificate).filter_by(person_id=number))
    ]


def test_a_certificate_issued_while_its_holder_is_erased_says_no_name(
    app: Flask, session: Session, authority: Authority
) -> None:
    row = learner(session)
    earn(session, row)
    session.commit()
    number = row.person_id
    erased_meanwhile(app, session, number, lambda: issuing.issue(session, authority, row, TRACK))
    assert shown(session, number) == [False]
    assert count(session, CertificateWord) == 0
    assert session.get_one(Person, number).certificate_name is None


def test_an_edition_issued_while_its_holder_is_erased_says_no_name(
    app: Flask, session: Session, authority: Authority
) -> None:
    row = issue(session, authority)
    number = row.person_id
    certificate_life.share(session, row, True, utcnow())
    asked = corrections.correct(session, row, "Ada de Martinville", act("", ""), utcnow())
    session.commit()
    wanted = asked.id
    erased_meanwhile(app, session, number, lambda: corrections.replace(session, authority, wanted, utcnow()))
    assert shown(session, number) == [False, False]
    assert count(session, CertificateWord) == 0
    assert session.get_one(Person, number).certificate_name is None


def test_whoever_is_matched_while_they_are_erased_is_brought_back_to_no_agent(
    app: Flask, session: Session, authority: Authority
) -> None:
    number = issue(session, authority).person_id
    session.get_one(Person, number).sourced_id = "A-1"
    agent(session, "A-1", None)
    session.commit()
    assert erase(session, session.get_one(Person, number)) is True
    done_after(app, session, lambda own: match(own, [number]))
    assert count(session, AgentMatch) == 0
