"""Awards of one person: what was done in every track is gathered, decided and issued; nothing issued changes."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from certificates.award import Refresher
from certificates.model import Record, printed_fields
from certificates.needs import Accepted, Passed, SomeOf
from certificates.rules import rules
from curricula.model import Track
from lms.config import Config
from lms.models import AuditEntry, Certificate, CertificateFile, Enrolment, OutboxJob, ResourceLink, utcnow
from lms.services import attempts, awards, learning
from lms.services.attempts import AttemptRefused
from lms.services.authority import Authority, open_authority
from lms.services.authority import publish as publish_keys
from lms.services.issuing import NotIssued, issue
from lms.services.library import Library
from lms.worker import Worker
from tests.awards_in_test import LABEL, before_a_jury, decides, follows, health, labelled, passes, published
from tests.learner_in_test import TRACK, answer, course, data, joins, learner, module, statements, take


@pytest.fixture
def authority(app: Flask, config: Config, session: Session) -> Authority:
    made = open_authority(config)
    publish_keys(session, made)
    return made


@pytest.fixture
def track(session: Session) -> Track:
    return published(session, labelled())


@pytest.fixture
def row(session: Session, track: Track) -> Enrolment:
    return follows(session, learner(session).person_id, track)


@pytest.fixture
def link(session: Session, row: Enrolment) -> ResourceLink:
    made = course(session, track_key="chiefs")
    joins(session, row.person_id, made)
    return made


def label(session: Session, row: Enrolment, track: Track) -> awards.Award:
    found = awards.award(session, row.person_id, track, LABEL)
    assert found is not None
    return found


def promised(session: Session) -> set[str]:
    session.expire_all()
    return set(session.scalars(sa.select(OutboxJob.key).filter_by(kind="issue_certificate", status="pending")))


def missing(session: Session, row: Enrolment, track: Track) -> list[type]:
    return [type(each.need) for each in label(session, row, track).decision.missing]


def test_the_label_comes_by_itself_once_the_jury_has_decided(
    app: Flask, session: Session, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    assert missing(session, row, track) == [Passed, Passed, SomeOf, Accepted]
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    assert missing(session, row, track) == [Accepted]
    assert promised(session) == set()
    decides(session, jury, attempt, track)
    assert promised(session) == {f"enrolment:{row.id}:{LABEL}"}
    session.commit()
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    session.expire_all()
    made = session.scalars(sa.select(Certificate)).one()
    assert (made.award_key, made.cycle, made.edition) == (LABEL, 1, 1)
    record = Record.from_dict(made.record)
    assert (record.kind, record.title["fr"]) == ("label", "Manager Public IA")
    assert [each.code for each in record.modules] == ["C1", "C2", "C5", "C3"]
    assert record.modules[-1].score == Fraction(9, 10)
    assert record.minutes == 100 + 100 + 60 + 120
    assert record.valid_until is not None
    # The revision whose rule was applied, four attempts, then the decision of the jury.
    assert record.evidence[0] == track.digest
    stored = {each.kind: each.stored for each in label(session, row, track).decision.evidence}
    assert hashlib.sha256(stored["jury"].encode()).hexdigest() in record.evidence
    assert len(record.evidence) == 1 + 3 + 1
    assert promised(session) == set()


def test_a_refused_work_earns_nothing(session: Session, row: Enrolment, track: Track, link: ResourceLink) -> None:
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track, "refused", Fraction(1, 10))
    assert missing(session, row, track) == [Accepted]
    assert promised(session) == set()


def test_the_certificate_of_another_track_gives_its_mention_and_the_label(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    assert missing(session, row, track) == [SomeOf]
    other = published(session, health())
    mine = follows(session, row.person_id, other)
    passes(session, mine, other, "h1")
    assert promised(session) == {f"enrolment:{mine.id}"}, "the certificate first"
    held = issue(session, authority, mine, other)
    assert promised(session) == {f"enrolment:{mine.id}", f"enrolment:{row.id}:{LABEL}"}, "in the same transaction"
    session.commit()
    made = issue(session, authority, row, track, LABEL)
    session.commit()
    assert made.record["mention"] == {"fr": "Santé", "en": "Health"}
    for language, mention in made.record["mention"].items():
        printed = {each.name_key: each.value for each in printed_fields(Record.from_dict(made.record), language)}
        assert printed["mention"] == mention
    files = {file.format: file.content for file in session.scalars(sa.select(CertificateFile).filter_by(
        certificate_id=made.id))}  # fmt: skip
    assert '"Santé"' in files["jsonld"].decode()
    way = label(session, row, track).decision.conditions[2]
    assert [each.reference for each in way.evidence] == [held.number]
    # What it rests on stops being valid: what was issued stays, and says so.
    held.status = "revoked"
    session.commit()
    again = label(session, row, track)
    assert (again.decision.earned, again.issued, issue(session, authority, row, track, LABEL)) == (False, made, made)


def test_a_module_of_another_track_completes_the_label_at_once(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    mine = learning.enrolment(session, row.person_id, TRACK.key)
    assert mine is not None
    take(session, mine, module("d2"))
    assert promised(session) == {f"enrolment:{row.id}:{LABEL}"}
    record = issue(session, authority, row, track, LABEL).record
    assert [each["code"] for each in record["modules"]] == ["C1", "C2", "D2", "C3"]
    assert record["minutes"] == 320 + module("d2").duration_minutes


def test_a_rule_that_changes_changes_nothing_issued(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    made = issue(session, authority, row, track, LABEL)
    session.commit()
    before = (dict(made.record), made.status, made.valid_until)
    assert track.label is not None
    harder = replace(track.label, modules=("c1", "c2", "c4"), valid_months=1)
    after = published(session, replace(track, version="2026.2", label=harder))
    row.track_version, row.track_digest = after.version, after.digest
    session.commit()
    now = label(session, row, after)
    assert not now.decision.earned
    assert now.issued is not None
    assert (now.issued.record, now.issued.status, now.issued.valid_until) == before
    assert issue(session, authority, row, after, LABEL).id == made.id
    assert made.record["track_version"] == "2026.1"
    assert made.record["evidence"][0] == track.digest
    other = follows(session, learner(session, 2).person_id, after)
    passes(session, other, after, "c1", "c2", "c5")
    assert label(session, other, after).decision.rule.valid_months == 1


def test_a_label_is_renewed_once_its_refresher_was_passed_since(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    first = issue(session, authority, row, track, LABEL)
    session.commit()
    renewal = label(session, row, track).renewal
    assert renewal is not None
    assert [type(each.need).__name__ for each in renewal.missing] == ["Refreshed"]
    for cycle in (2, 3, 0):
        with pytest.raises(NotIssued, match="not_earned"):
            issue(session, authority, row, track, LABEL, cycle)
    first.issued_at = first.issued_at.replace(year=first.issued_at.year - 1)
    session.commit()
    passes(session, row, track, "c4")
    with pytest.raises(NotIssued, match="not_yet"):
        issue(session, authority, row, track, LABEL, 2)
    first.valid_until = utcnow() + timedelta(days=100)
    first.status = "suspended"
    with pytest.raises(NotIssued, match="not_valid"):
        issue(session, authority, row, track, LABEL, 2)
    first.status = "valid"
    second = issue(session, authority, row, track, LABEL, 2)
    session.commit()
    assert (second.cycle, second.edition, second.previous_id, second.award_key) == (2, 1, first.id, LABEL)
    assert issue(session, authority, row, track, LABEL, 2).id == second.id, "once"
    assert issue(session, authority, row, track, LABEL).id == second.id, "the last one"
    assert issue(session, authority, row, track, LABEL, 1).id == first.id
    assert "C4" in [each["code"] for each in second.record["modules"]]
    told = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_renewed")).one()
    assert (told.target, told.person_id, told.details) == (first.number, row.person_id, {"by": second.number})
    assert promised(session) == {f"enrolment:{row.id}:{LABEL}"}


def test_whatever_ends_is_renewed_by_its_modules_where_no_refresher_is_said() -> None:
    told = labelled()
    assert told.label is not None
    plain = replace(told, label=replace(told.label, refresher=None))
    (rule,) = (each for each in rules(plain) if each.kind == "label")
    lasting = {part.key: part.duration_minutes for part in plain.modules}
    assert rule.refresher == Refresher({f"chiefs/{key}": lasting[key] for key in ("c1", "c2")}, 200, late=True)
    (endless,) = (
        each
        for each in rules(replace(plain, label=replace(plain.label, valid_months=None)))
        if each.kind == "label"
    )  # fmt: skip
    assert endless.refresher is None


def test_a_refresher_passed_before_is_passed_again(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2", "c5", "c4")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    c1, c4 = track.modules[0], track.modules[3]
    assert awards.renewing_since(session, row.person_id, track, c4) is None, "nothing to renew"
    with pytest.raises(AttemptRefused, match="passed"):
        attempts.start(session, row, c4)
    made = issue(session, authority, row, track, LABEL)
    session.commit()
    since = awards.renewing_since(session, row.person_id, track, c4)
    assert since == made.issued_at + timedelta(seconds=1)
    assert awards.renewing_since(session, row.person_id, track, c1) is None
    assert c4.quiz is not None
    ready = made.issued_at + timedelta(minutes=c4.quiz.cooldown_minutes + 1)
    again = attempts.start(session, row, c4, since=since, now=ready)
    answer(session, again, c4)
    attempts.submit(session, again, track, c4, now=ready)
    session.commit()
    assert awards.renewing_since(session, row.person_id, track, c4) is None, "it is passed"
    renewal = label(session, row, track).renewal
    assert renewal is not None
    assert renewal.earned


def test_a_statement_is_issued_on_demand_once_every_lesson_is_read(
    app: Flask, session: Session, authority: Authority, row: Enrolment, track: Track
) -> None:
    part = track.modules[0]
    for lesson in part.lessons[:-1]:
        learning.read_lesson(session, row, part, lesson)
    with pytest.raises(NotIssued, match="not_earned"):
        issue(session, authority, row, track, "chiefs/c1")
    learning.read_lesson(session, row, part, part.lessons[-1])
    session.commit()
    assert promised(session) == set(), "it comes to whoever asks"
    awards.ask(session, row, "chiefs/c1")
    session.commit()
    found = awards.awards(session, row.person_id, track)
    assert awards.asked(session, row, found) == {"chiefs/c1"}
    session.commit()
    Worker(app).drain()
    session.expire_all()
    made = session.scalars(sa.select(Certificate)).one()
    record = Record.from_dict(made.record)
    assert (made.award_key, record.kind, record.title) == ("chiefs/c1", "attendance", part.title)
    assert record.minutes == min(part.duration_minutes, sum(lesson.minutes for lesson in part.lessons))
    assert [(each.code, each.score) for each in record.modules] == [("C1", 1)]
    assert record.valid_until is None
    assert "threshold" not in {each.name_key for each in printed_fields(record, "fr")}


def test_what_the_track_does_not_give_is_not_issued(
    session: Session, authority: Authority, row: Enrolment, track: Track
) -> None:
    for key in (None, "health-in-test", "chiefs/nowhere", "decideurs/d1"):
        with pytest.raises(NotIssued, match="not_earned"):
            issue(session, authority, row, track, key)


def test_facts_are_those_of_the_person_alone(session: Session, row: Enrolment, track: Track) -> None:
    other = follows(session, learner(session, 2).person_id, track)
    passes(session, other, track, "c1", "c2", "c5")
    assert missing(session, row, track) == [Passed, Passed, SomeOf, Accepted]


def test_deciding_costs_the_same_whatever_was_done(
    session: Session, authority: Authority, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    def cost() -> int:
        session.expire_all()
        person_id = row.person_id
        with statements() as heard:
            awards.awards(session, person_id, track)
        return len(data(heard))

    fresh = cost()
    assert fresh == 4
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    issue(session, authority, row, track, LABEL)
    learning.read_lesson(session, row, track.modules[0], track.modules[0].lessons[0])
    session.commit()
    assert cost() == fresh


def test_a_name_given_later_promises_every_award(
    session: Session, row: Enrolment, track: Track, link: ResourceLink
) -> None:
    passes(session, row, track, "c1", "c2", "c5")
    jury, attempt = before_a_jury(session, row, track, link)
    decides(session, jury, attempt, track)
    session.execute(sa.delete(OutboxJob))
    awards.promise_earned(session, row.person_id, Library(session))
    assert promised(session) == {f"enrolment:{row.id}:{LABEL}"}
