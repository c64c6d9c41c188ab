"""What is kept too long goes, in batches and with a log; what others rest on stays as long as they do."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import (
    Agent,
    Answer,
    Appeal,
    Attempt,
    AuditEntry,
    AuditHead,
    AuditLink,
    Certificate,
    Closing,
    ClosingFigure,
    Enrolment,
    ErasureRequest,
    Grading,
    OutboxJob,
    Person,
    PracticeRound,
    PurgeLine,
    Work,
    utcnow,
)
from lms.services import appeals, audit, chain, closings, marking, regrading, retention, works
from lms.services.authority import Authority, open_authority
from lms.services.chain_check import Report, check
from lms.services.chain_head import signed_head
from lms.services.figures import differences, refresh_all
from lms.services.library import Library
from lms.services.marking import MarkingRefused
from lms.services.works import Chosen
from lms.worker import Worker
from tests.figures_in_test import agent_in, certify, follows, organisation, person_of
from tests.figures_in_test import attempt as attempted
from tests.issued_in_test import content, issue, states
from tests.judged_in_test import HALF, hand_in, learner_of, mark, part_of, published, trainer_of
from tests.learner_in_test import TRACK, count, course, learner, module, take, together
from tests.purged_in_test import purged

YEAR = timedelta(days=366)


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


def test_answers_go_and_results_stay(session: Session, authority: Authority) -> None:
    row = learner(session)
    attempt = take(session, row, module("d1"), 5)
    before = (attempt.score, attempt.passed, attempt.marks, attempt.submitted_at)
    assert purged(session, authority, timedelta(days=364)) == {}
    assert purged(session, authority, YEAR)["attempts"] == 1
    assert count(session, Answer) == 0
    assert (attempt.score, attempt.passed, attempt.marks, attempt.submitted_at) == before
    (grading,) = session.scalars(sa.select(Grading))
    assert set(grading.marks) == set(before[2] or {})
    assert all("response" not in mark and "points" in mark for mark in grading.marks.values())
    assert attempt.emptied_at is not None
    assert "attempts" not in purged(session, authority, YEAR)


def test_a_work_without_answers_is_not_looked_at_again(session: Session, authority: Authority) -> None:
    link = course(session)
    with published() as track:
        ana, bruno = (trainer_of(session, link, name) for name in ("Ana", "Bruno"))
        kept, held = (hand_in(session, learner_of(session, link, n), track) for n in (1, 2))
        for attempt in (kept, held):
            mark(session, attempt, track, ana, HALF)
            session.get_one(Work, attempt.id).sampled = True
        before = kept.score
        marking.take(session, held, part_of(track), bruno, utcnow())
        assert purged(session, authority, YEAR)["attempts"] == 2
        assert works.works(session, bruno, Chosen("moderation")).works == []
        for work in (
            lambda: marking.take(session, kept, part_of(track), bruno, utcnow()),
            lambda: marking.finish(session, held, track, part_of(track), bruno, utcnow()),
        ):
            with pytest.raises(MarkingRefused):
                work()
        assert (kept.score, held.score) == (before, before)


def test_a_result_without_answers_is_not_marked_again(session: Session, authority: Authority) -> None:
    row = learner(session)
    attempt = take(session, row, module("d1"), 5)
    purged(session, authority, YEAR)
    part = module("d1")
    wanted = regrading.Wanted(TRACK, part, attempt.questions[0]["key"])
    numbers = regrading.preview(session, wanted, Library(session), utcnow())
    assert numbers["corrected"].total == 0
    assert numbers["withdrawn"].total == 1


def test_an_appeal_under_way_keeps_its_answers(session: Session, authority: Authority) -> None:
    row = learner(session)
    attempt = take(session, row, module("d1"), 5)
    appeals.ask(session, attempt, "La question 2 est ambiguë.", 60, utcnow())
    session.commit()
    long = 20 * YEAR
    taken = purged(session, authority, long)
    assert {"attempts", "completions", "people"}.isdisjoint(taken)
    assert count(session, Answer) > 0
    appeal = session.scalars(sa.select(Appeal)).one()
    appeal.state, appeal.answer, appeal.decided_at = "rejected", "Elle est claire.", utcnow()
    session.commit()
    assert purged(session, authority, YEAR)["attempts"] == 1
    session.refresh(appeal)
    assert (appeal.state, appeal.text, appeal.answer) == ("rejected", "", "")


def test_what_was_begun_and_left_goes_whole(session: Session, authority: Authority) -> None:
    row = learner(session)
    session.add(Attempt(enrolment_id=row.id, module_key="d1", number=1, track_version="1", track_digest=TRACK.digest,
                        seed="s", questions=[]))  # fmt: skip
    session.add(PracticeRound(enrolment_id=row.id, module_key="d1", track_digest=TRACK.digest, seed="s", questions=[]))
    session.commit()
    taken = purged(session, authority, YEAR)
    assert (taken["abandoned"], taken["practice"]) == (1, 1)
    assert count(session, Attempt) == count(session, PracticeRound) == 0


def test_a_person_of_whom_nothing_is_left_goes(session: Session, authority: Authority) -> None:
    row = learner(session)
    take(session, row, module("d1"))
    other = learner(session, 2)
    session.add(ErasureRequest(person_id=other.person_id))
    session.commit()
    assert "completions" not in purged(session, authority, timedelta(days=1824))
    other.last_at = utcnow() + timedelta(days=400)
    session.commit()
    taken = purged(session, authority, timedelta(days=1826))
    assert (taken["completions"], taken["people"]) == (1, 1)
    assert session.scalars(sa.select(Person.id)).all() == [other.person_id]


def test_a_certificate_in_force_is_whole_and_keeps_its_track(session: Session, authority: Authority) -> None:
    made = issue(session, authority)
    made.valid_until = utcnow() + timedelta(days=3000)
    session.commit()
    file = content(session, made)
    taken = purged(session, authority, timedelta(days=2900))
    assert {"completions", "certificates", "people"}.isdisjoint(taken)
    assert (content(session, made), states(session, made)) == (file, {"valid"})
    assert made.enrolment_id is not None


def test_a_certificate_goes_long_after_its_validity(session: Session, authority: Authority) -> None:
    old, new = issue(session, authority), issue(session, authority, 2)
    new.previous_id, old.valid_until = old.id, utcnow() + timedelta(days=30)
    session.commit()
    assert "certificates" not in purged(session, authority, timedelta(days=30 + 1820))
    taken = purged(session, authority, timedelta(days=30 + 1830))
    assert taken["certificates"] == 1
    session.expire_all()
    assert [row.id for row in session.scalars(sa.select(Certificate))] == [new.id]
    assert new.previous_id is None
    new.valid_until = None
    session.commit()
    # Without an end it is kept, and what it rests on with it.
    assert "certificates" not in purged(session, authority, 20 * YEAR)
    assert states(session, new) == {"valid"}


def test_a_certificate_is_not_issued_again_for_having_gone(session: Session, authority: Authority) -> None:
    made = issue(session, authority)
    made.valid_until = utcnow() - timedelta(days=1830)
    session.commit()
    assert "certificates" not in purged(session, authority, timedelta(0))  # its track is still followed


def closed_year(session: Session, authority: Authority) -> tuple[Closing, Person]:
    """An agent trained and certified in autumn 2025, and the closing of its December."""
    units = organisation(session)
    agent = agent_in(session, units[1])
    person = person_of(session, agent)
    autumn = datetime.fromisoformat("2025-10-01T00:00:00+00:00")
    row = follows(session, person, at=autumn, completed_at=autumn + timedelta(days=9))
    attempted(session, row, autumn + timedelta(days=8), passed=True)
    certify(session, person, "decideurs", autumn + timedelta(days=20)).valid_until = autumn + timedelta(days=400)
    refresh_all(session)
    for day in closings.due(session, utcnow()):
        closings.close(session, day)
    session.commit()
    return session.scalars(sa.select(Closing).where(Closing.day == datetime(2025, 12, 31).date())).one(), person  # noqa: DTZ001


def figures_of(session: Session, closing: Closing) -> list[tuple[Any, ...]]:
    table = ClosingFigure.__table__
    query = sa.select(*(column for column in table.c if column.name != "id")).where(table.c.closing_id == closing.id)
    return sorted(tuple(row) for row in session.execute(query))


def test_a_closed_figure_does_not_change(session: Session, authority: Authority) -> None:
    closing, _person = closed_year(session, authority)
    before = figures_of(session, closing)
    assert any(sum(row[-6:]) for row in before)
    late = timedelta(days=12 * 366)
    assert {"completions", "certificates"}.isdisjoint(purged(session, authority, late))  # months are not closed yet
    for day in closings.due(session, utcnow() + late):
        closings.close(session, day)
    session.commit()
    assert {"completions", "certificates"} <= purged(session, authority, late).keys()
    assert count(session, Enrolment) == count(session, Certificate) == 0
    assert figures_of(session, closing) == before
    refresh_all(session)
    assert differences(session) == {}


def test_answers_that_go_change_no_figure(session: Session, authority: Authority) -> None:
    units = organisation(session)
    person = person_of(session, agent_in(session, units[1]))
    row = follows(session, person, at=utcnow())
    attempted(session, row, utcnow(), passed=True)
    refresh_all(session)
    before = sorted(tuple(each) for each in session.execute(sa.text("select * from figure")))
    assert purged(session, authority, YEAR)["attempts"] == 1
    refresh_all(session)
    assert sorted(tuple(each) for each in session.execute(sa.text("select * from figure"))) == before


def test_agents_who_left_go_once_their_months_are_closed(session: Session, authority: Authority) -> None:
    units = organisation(session)
    gone, there = agent_in(session, units[1]), agent_in(session, units[1])
    gone.left_at = utcnow()
    there_id = there.id
    session.commit()
    late = timedelta(days=1830)
    assert "agents" not in purged(session, authority, late)
    for day in closings.due(session, utcnow() + late):
        closings.close(session, day)
    session.commit()
    assert purged(session, authority, late)["agents"] == 1
    assert session.scalars(sa.select(Agent.id)).all() == [there_id]
    refresh_all(session)
    assert differences(session) == {}


def journal(session: Session, authority: Authority, lines: int = 30) -> None:
    """A chained journal, the first half of it six years old."""
    for number in range(lines):
        audit.record(session, "certificate_verified", f"MPIA-{number:06}", state="valid")
    session.flush()
    numbers = session.scalars(sa.select(AuditEntry.id).order_by(AuditEntry.id)).all()
    old = utcnow() - 6 * YEAR
    session.execute(sa.update(AuditEntry).where(AuditEntry.id.in_(numbers[: lines // 2])).values(at=old))
    session.commit()
    last: int | None = 0
    while last is not None:
        last = chain.chain(session, authority.keys, after=last)
        session.commit()


def checked(session: Session, authority: Authority, *heads: Any) -> Report:
    session.expire_all()
    return check(session, authority.keys.did_document(), heads)


def test_the_journal_loses_its_first_lines_and_its_chain_holds(session: Session, authority: Authority) -> None:
    journal(session, authority)
    kept_elsewhere = session.scalars(sa.select(AuditHead)).one().signed
    assert checked(session, authority).intact
    assert purged(session, authority, timedelta(0))["journal"] == 15
    assert count(session, AuditEntry) == count(session, AuditLink) == 15
    report = checked(session, authority, kept_elsewhere)
    assert (report.intact, report.lines) == (True, 30)
    audit.record(session, "launch", "")
    session.commit()
    chain.chain(session, authority.keys)
    session.commit()
    assert checked(session, authority).lines == 31
    # All of it old: the last line stays, for the chain to go on from.
    purged(session, authority, 10 * YEAR)
    assert count(session, AuditLink) == 1
    assert checked(session, authority).intact


def test_a_start_that_we_did_not_sign_hides_nothing(session: Session, authority: Authority) -> None:
    journal(session, authority)
    row = session.scalars(sa.select(AuditLink).filter_by(position=5)).one()
    head = session.scalars(sa.select(AuditHead)).one()
    # Somebody who holds the database removes lines, and puts in place of a start a head that was once signed there.
    head.start = signed_head(authority.keys, 5, row.hash, utcnow())
    first = sa.select(AuditLink.entry_id).where(AuditLink.position <= 5)
    session.execute(sa.delete(AuditEntry).where(AuditEntry.id.in_(first)).execution_options(synchronize_session=False))
    session.execute(sa.delete(AuditLink).where(AuditLink.position <= 5))
    session.commit()
    assert {"start", "removed"} <= {fault.kind for fault in checked(session, authority).faults}
    head.start = None
    session.commit()
    assert not checked(session, authority).intact


def test_a_faulty_journal_is_not_purged(session: Session, authority: Authority) -> None:
    journal(session, authority)
    session.scalars(sa.select(AuditHead)).one().fault = "altered"
    session.commit()
    assert "journal" not in purged(session, authority, timedelta(0))


def test_the_log_says_how_many_and_nobody(session: Session, authority: Authority) -> None:
    for number in range(3):
        take(session, learner(session, number), module("d1"), 5)
    now = utcnow() + YEAR
    assert retention.waiting(session, authority.config, now)["attempts"] == 3
    assert count(session, PurgeLine) == 0
    retention.BATCH, whole = 2, retention.BATCH
    try:
        purged(session, authority, YEAR)
    finally:
        retention.BATCH = whole
    line = next(row for row in retention.log(session) if row.what == "attempts")
    assert (line.count, line.rule) == (3, "keep_attempts_days=365")
    assert {column.name for column in PurgeLine.__table__.columns} == {"id", "day", "what", "rule", "count"}
    assert retention.waiting(session, authority.config, now)["attempts"] == 0


def test_many_workers_purge_once_a_day(app: Flask, session: Session, authority: Authority) -> None:
    now = utcnow()

    def ask(own: Session) -> None:
        retention.promise_due(own, now)
        own.commit()

    together(app, [ask, ask, ask])
    assert count(session, OutboxJob, OutboxJob.kind == "purge") == 1
    session.rollback()
    Worker(app).drain()
    retention.promise_due(session, now)
    session.commit()
    (job,) = session.scalars(sa.select(OutboxJob).filter_by(kind="purge"))
    assert (job.status, job.version) == ("done", 1)
    retention.promise_due(session, now + timedelta(days=1))
    session.commit()
    assert count(session, OutboxJob, OutboxJob.kind == "purge") == 2


def test_two_purges_at_once_count_each_thing_once(app: Flask, session: Session, authority: Authority) -> None:
    for number in range(4):
        take(session, learner(session, number), module("d1"), 5)
    session.rollback()

    def work(own: Session) -> int:
        taken = 0
        for what, number in retention.purge(own, authority.config, authority.keys, utcnow() + YEAR):
            own.commit()
            taken += number if what == "attempts" else 0
        own.commit()
        return taken

    assert sum(together(app, [work, work])) == 4
    assert session.scalars(sa.select(PurgeLine.count).filter_by(what="attempts")).one() == 4
