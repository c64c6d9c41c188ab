"""Certificates issued together: each learner once, whoever dies or asks twice; what cannot be is said, one by one."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates import format as formats
from certificates.formats import RenderError
from lms.config import Config
from lms.models import (
    Certificate,
    CertificateFile,
    Context,
    Enrolment,
    IssuingRow,
    IssuingRun,
    Membership,
    OutboxJob,
    Person,
    StatusList,
    db,
)
from lms.services import bulk_issuing, certificates
from lms.services.authority import Authority, open_authority, publish
from lms.services.bulk_issuing import NothingToIssue
from lms.services.issuing import issue
from lms.services.library import Library
from lms.worker import Worker
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, count, learner, together


@pytest.fixture
def authority(app: Flask, session: Session, config: Config) -> Authority:
    made = open_authority(config)
    publish(session, made)
    session.commit()
    return made


@pytest.fixture
def asker(session: Session) -> int:
    return learner(session, "asks").person_id


def ask(session: Session, place: Context, asker: int) -> int:
    run = bulk_issuing.ask(session, place, TRACK, Library(session), asker).id
    session.commit()
    return run


def finish(session: Session, authority: Authority, run: int) -> Counter[str]:
    while bulk_issuing.step(session, run, authority, Library(session)):
        session.commit()
    session.commit()
    return bulk_issuing.counts(session, run)


def whole(session: Session, wanted: int) -> None:
    """So many certificates, each with its files; numbers follow, no entry is given twice."""
    session.expire_all()
    made = session.scalars(sa.select(Certificate).order_by(Certificate.number)).all()
    assert [int(each.number.split("-")[-1]) for each in made] == list(range(1, wanted + 1))
    assert len({(each.status_list_id, each.status_index) for each in made}) == wanted
    assert count(session, CertificateFile) == wanted * len(formats.FORMATS)
    assert count(session, StatusList) == 1


def test_a_run_issues_to_each_who_earned_it(session: Session, authority: Authority, asker: int) -> None:
    place = class_of(session, 6, earned=4)
    run = ask(session, place, asker)
    assert finish(session, authority, run) == {"issued": 4}
    whole(session, 4)
    found = bulk_issuing.candidates(session, place.id, TRACK, Library(session))
    assert (found.held, found.ready, [each.why for each in found.lacking]) == (4, [], ["not_earned"] * 2)
    assert session.get_one(IssuingRun, run).finished_at is not None
    assert not bulk_issuing.step(session, run, authority, Library(session)), "done again, it finds nothing to do"
    with pytest.raises(NothingToIssue):
        bulk_issuing.ask(session, place, TRACK, Library(session), asker)


def test_why_each_of_the_others_cannot_be_given_one(session: Session, authority: Authority) -> None:
    place = class_of(session, 7, earned=6)
    people = session.scalars(sa.select(Person).order_by(Person.family_name)).all()
    people[1].certificate_name = None
    people[2].certificate_name = "阿達"
    people[3].certificate_name = "Ada\u202eMartin"
    left = session.scalars(sa.select(Membership).filter_by(person_id=people[4].id)).one()
    left.left_at = left.first_seen_at
    never = Person(subject="never", email="never@example.org", full_name="Zoé Jamais", family_name="Zz")
    session.add(never)
    session.flush()
    session.add(Membership(person_id=never.id, context_id=place.id, role="learner"))
    session.commit()
    found = bulk_issuing.candidates(session, place.id, TRACK, Library(session))
    assert [each.person.id for each in found.ready] == [people[0].id, people[5].id]
    why = {each.person.id: (each.why, each.missing) for each in found.lacking}
    assert TRACK.certificate is not None
    codes = tuple(part.code for key in TRACK.certificate.modules if (part := TRACK.module(key)))
    assert why == {
        people[1].id: ("name_unconfirmed", ()), people[2].id: ("name_script", ()), people[3].id: ("name_invisible", ()),
        people[6].id: ("not_earned", codes), never.id: ("never", ()),
    }  # fmt: skip


def test_what_changed_meanwhile_is_told_row_by_row(
    session: Session, authority: Authority, asker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was issued elsewhere, a name was emptied, an enrolment is gone, a page cannot be drawn; the rest goes on."""
    place = class_of(session, 6)
    run = ask(session, place, asker)
    rows = session.scalars(sa.select(Enrolment).where(Enrolment.track_key == TRACK.key).order_by(Enrolment.id)).all()
    rows = [row for row in rows if row.person_id != asker]
    issue(session, authority, rows[0], TRACK)
    person = session.get_one(Person, rows[1].person_id)
    person.certificate_name = None
    session.delete(rows[2])
    session.commit()
    broken = session.get_one(Person, rows[3].person_id).full_name
    real = formats.FORMATS["pdf"].render

    def render(record: Any, keys: Any) -> bytes:
        if record.holder == broken:
            raise RenderError("no room")
        return real(record, keys)

    from dataclasses import replace

    mended = {**formats.FORMATS, "pdf": replace(formats.FORMATS["pdf"], render=render)}
    with monkeypatch.context() as patch:
        patch.setattr(certificates, "FORMATS", mended)
        assert finish(session, authority, run) == {"issued": 2, "held": 1, "refused": 3}
    told = {row.person_id: row.reason for row in bulk_issuing.rows_of(session, run) if row.state == "refused"}
    assert sorted(reason or "" for reason in told.values()) == ["drawing", "gone", "name_unconfirmed"]
    whole(session, 3)
    # What was put right is issued by the next run, and the numbers go on.
    again = ask(session, place, asker)
    assert finish(session, authority, again) == {"issued": 1}
    whole(session, 4)


def test_asked_twice_at_once_it_is_one_run(app: Flask, session: Session, authority: Authority, asker: int) -> None:
    place = class_of(session, 3).id
    session.commit()

    def one(own: Session) -> int:
        run = bulk_issuing.ask(own, own.get_one(Context, place), TRACK, Library(own), asker).id
        own.commit()
        return run

    assert len(set(together(app, [one] * 4))) == 1
    assert count(session, IssuingRow) == 3
    assert count(session, OutboxJob, OutboxJob.kind == "issue_run") == 1


def test_two_workers_at_one_run_issue_nothing_twice(
    app: Flask, session: Session, authority: Authority, asker: int
) -> None:
    run = ask(session, class_of(session, 8), asker)

    def work(own: Session) -> None:
        while bulk_issuing.step(own, run, authority, Library(own)):
            own.commit()
        own.commit()

    together(app, [work] * 3)
    assert bulk_issuing.counts(session, run) == {"issued": 8}
    whole(session, 8)
    assert session.get_one(IssuingRun, run, populate_existing=True).finished_at is not None


def test_the_worker_does_it(app: Flask, session: Session, authority: Authority, asker: int) -> None:
    run = ask(session, class_of(session, 3), asker)
    Worker(app).drain()
    session.expire_all()
    assert bulk_issuing.counts(session, run) == {"issued": 3}
    assert session.scalars(sa.select(OutboxJob.status).filter_by(kind="issue_run")).one() == "done"


def test_of_two_hundred_issuers_one_wins_and_the_others_get_its_certificate(
    app: Flask, session: Session, authority: Authority
) -> None:
    """They ask for the same award, twenty at a time: as many as there are connections."""
    class_of(session, 1)
    row = session.scalars(sa.select(Enrolment)).one().id
    session.commit()

    def one(own: Session) -> UUID:
        made = issue(own, authority, own.get_one(Enrolment, row), TRACK).id
        own.commit()
        return made

    given: list[UUID] = []
    work: list[Callable[[Session], UUID]] = [one] * 10
    for _ in range(20):
        given += together(app, work)
    assert (len(given), len(set(given))) == (200, 1)
    whole(session, 1)
    db.session.rollback()
