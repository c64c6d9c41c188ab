"""The journal chained: any change to it is found, and nothing that happens in life is taken for one."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lms.config import Config
from lms.models import AuditEntry, AuditHead, AuditLink, AuditPerson, OutboxJob, Person, db, utcnow
from lms.services import audit, chain
from lms.services.authority import Authority, open_authority
from lms.services.chain_check import Report, check
from lms.services.chain_head import NotAHead, read_head
from lms.services.privacy import erase
from lms.worker import Worker
from tests.learner_in_test import together

LINES = 12


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def people(session: Session) -> list[int]:
    made = [Person(subject=f"p{number}", email=f"p{number}@example.org") for number in range(3)]
    session.add_all(made)
    session.commit()
    return [person.id for person in made]


@pytest.fixture
def chained(session: Session, authority: Authority, people: list[int]) -> Authority:
    """A journal of some lines an hour old, chained."""
    for number in range(LINES):
        who = people[number % 3] if number % 4 else None
        audit.record(session, "certificate_verified", f"MPIA-2026-{number:06}", who, state="valid", n=number)
    session.execute(sa.update(AuditEntry).values(at=utcnow() - timedelta(hours=1)))
    session.commit()
    everything(session, authority)
    return authority


def everything(session: Session, authority: Authority) -> None:
    last: int | None = 0
    while last is not None:
        last = chain.chain(session, authority.keys, after=last)
        session.commit()


def checked(session: Session, authority: Authority, *heads: Any) -> Report:
    session.expire_all()
    return check(session, authority.keys.did_document(), heads)


def kinds(report: Report) -> set[str]:
    return {fault.kind for fault in report.faults}


def head(session: Session) -> dict[str, Any]:
    found = session.scalars(sa.select(AuditHead)).one().signed
    assert found is not None
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def test_every_line_is_chained_once_in_order(session: Session, chained: Authority) -> None:
    report = checked(session, chained)
    assert (report.intact, report.lines, report.waiting) == (True, LINES, 0)
    assert session.scalars(sa.select(AuditLink.entry_id).order_by(AuditLink.position)).all() == sorted(
        session.scalars(sa.select(AuditEntry.id))
    )
    assert chain.chain(session, chained.keys, after=0) is None
    assert head(session)["hash"] == report.last


def test_new_lines_wait_then_follow(session: Session, chained: Authority) -> None:
    audit.record(session, "launch", "decideurs")
    session.commit()
    assert (checked(session, chained).waiting, checked(session, chained).intact) == (1, True)
    assert chain.chain(session, chained.keys) is not None
    session.commit()
    report = checked(session, chained)
    assert (report.lines, report.waiting, report.intact) == (LINES + 1, 0, True)


def test_the_erased_leave_the_chain_whole(session: Session, chained: Authority, people: list[int]) -> None:
    before = set(session.scalars(sa.select(AuditPerson.who)))
    assert erase(session, session.get_one(Person, people[1])) is False
    session.commit()
    assert checked(session, chained).intact
    gone = before - set(session.scalars(sa.select(AuditPerson.who)))
    assert len(gone) == 1, "what the chain called them is found nowhere but in the chain"


def test_a_name_taken_off_a_line_by_hand_is_no_erasure(session: Session, chained: Authority, people: list[int]) -> None:
    session.execute(sa.update(AuditEntry).where(AuditEntry.person_id == people[1]).values(person_id=None))
    assert kinds(checked(session, chained)) == {"altered"}


def test_people_exchanged_together_with_their_tokens_are_found(
    session: Session, chained: Authority, people: list[int]
) -> None:
    first, second = (session.get_one(AuditPerson, number) for number in people[1:])
    first.token, second.token = second.token, first.token
    swapped = {people[1]: people[2], people[2]: people[1]}
    for entry in session.scalars(sa.select(AuditEntry).where(AuditEntry.person_id.in_(swapped))):
        entry.person_id = swapped[entry.person_id or 0]
    session.flush()
    assert not checked(session, chained).intact


# A change made in SQL

ENTRY, LINK = AuditEntry.__table__, AuditLink.__table__


def alter(column: str, value: Callable[[int], Any]) -> Callable[[Session, int, int], None]:
    def change(session: Session, number: int, _other: int) -> None:
        session.execute(sa.update(ENTRY).where(ENTRY.c.id == number).values({column: value(number)}))

    return change


def remove(session: Session, number: int, _other: int) -> None:
    session.execute(sa.delete(ENTRY).where(ENTRY.c.id == number))


def unlink(session: Session, number: int, _other: int) -> None:
    session.execute(sa.delete(LINK).where(LINK.c.entry_id == number))


def remove_with_its_link(session: Session, number: int, other: int) -> None:
    remove(session, number, other)
    unlink(session, number, other)


def exchange(session: Session, number: int, other: int) -> None:
    """Two lines change places in the chain."""
    for before, after in ((number, -1), (other, number), (-1, other)):
        session.execute(sa.update(LINK).where(LINK.c.entry_id == before).values(entry_id=after))


def exchange_contents(session: Session, number: int, other: int) -> None:
    rows = {row.id: row for row in session.execute(sa.select(ENTRY).where(ENTRY.c.id.in_([number, other])))}
    for mine, theirs in ((number, other), (other, number)):
        said = {name: getattr(rows[theirs], name) for name in ("at", "action", "target", "details", "person_id")}
        session.execute(sa.update(ENTRY).where(ENTRY.c.id == mine).values(said))


def insert(session: Session, number: int, _other: int) -> None:
    at = session.scalar(sa.select(ENTRY.c.at).where(ENTRY.c.id == number))
    session.execute(sa.insert(ENTRY).values(at=at, action="certificate_issued", target="X", details={}))


def rename(session: Session, number: int, _other: int) -> None:
    session.execute(sa.update(LINK).where(LINK.c.entry_id == number).values(who="0" * 64))


def rehash(session: Session, number: int, _other: int) -> None:
    session.execute(sa.update(LINK).where(LINK.c.entry_id == number).values(hash="0" * 64))


CHANGES = {
    "at": alter("at", lambda number: utcnow() - timedelta(minutes=number)),
    "action": alter("action", lambda number: f"other_{number}"),
    "target": alter("target", lambda number: f"MPIA-2027-{number:06}"),
    "details": alter("details", lambda number: {"state": "valid", "n": number + 100}),
    "remove": remove, "unlink": unlink, "remove with its link": remove_with_its_link, "exchange": exchange,
    "exchange contents": exchange_contents, "insert": insert, "rename": rename, "rehash": rehash,
}  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=st.sampled_from(sorted(CHANGES)), place=st.integers(0, LINES - 1), step=st.integers(1, LINES - 1))
def test_any_single_change_is_found(session: Session, chained: Authority, what: str, place: int, step: int) -> None:
    numbers = sorted(session.scalars(sa.select(AuditEntry.id)))
    session.rollback()
    CHANGES[what](session, numbers[place], numbers[(place + step) % LINES])
    report = checked(session, chained)
    session.rollback()
    assert not report.intact, what


def test_a_cut_end_is_shown_by_the_head_kept_elsewhere(session: Session, chained: Authority) -> None:
    kept = head(session)
    end = session.scalars(sa.select(AuditLink).order_by(AuditLink.position.desc()).limit(3)).all()
    for link in end:
        session.execute(sa.delete(ENTRY).where(ENTRY.c.id == link.entry_id))
        session.delete(link)
    session.flush()
    assert "cut" in kinds(checked(session, chained))
    # Whoever holds the database may take its own head away, never sign an earlier one.
    session.execute(sa.update(AuditHead).values(signed=sa.null()))
    assert kinds(checked(session, chained)) == {"head"}
    session.execute(sa.delete(AuditHead))
    assert "cut" in kinds(checked(session, chained, kept))


def test_a_chain_made_again_is_another_one(session: Session, chained: Authority) -> None:
    kept = head(session)
    session.execute(sa.update(AuditEntry).where(AuditEntry.target.endswith("3")).values(target="MPIA-2026-999999"))
    for model in (AuditLink, AuditHead):
        session.execute(sa.delete(model))
    session.commit()
    everything(session, chained)
    assert checked(session, chained).intact, "by itself it is whole"
    assert kinds(checked(session, chained, kept)) == {"rewritten"}


def test_a_line_dated_back_is_told(session: Session, chained: Authority) -> None:
    audit.record(session, "certificate_issued", "MPIA-2020-000001")
    session.execute(sa.update(AuditEntry).where(AuditEntry.target == "MPIA-2020-000001").values(
        at=utcnow() - timedelta(days=400)
    ))  # fmt: skip
    session.commit()
    everything(session, chained)
    assert kinds(checked(session, chained)) == {"backdated"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"position": 3}, "signature"), ({"hash": "0" * 64}, "signature"), ({"at": "2020-01-01"}, "signature"),
        ({"signature": "AAAA"}, "signature"), ({"signature": "é"}, "signature"),
        ({"key": "did:web:elsewhere#ed"}, "key"),
        ({"key": "localhost#rs256"}, "key"), ({"position": True}, "shape"), ({"position": "3"}, "shape"),
        ({"more": 1}, "shape"), ({"kind": "other"}, "shape"), ({"hash": None}, "shape"),
    ],
)  # fmt: skip
def test_a_head_that_is_none_of_ours(session: Session, chained: Authority, change: dict[str, Any], why: str) -> None:
    forged = {**head(session), **change}
    with pytest.raises(NotAHead) as refusal:
        read_head(forged, chained.keys.did_document())
    assert refusal.value.reason == why
    assert kinds(checked(session, chained, forged)) == {"head"}


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"position": 1}])
def test_what_is_no_head_at_all(value: Any) -> None:
    with pytest.raises(NotAHead, match="shape"):
        read_head(value, {})


# In life


def test_many_write_while_several_chain(app: Flask, session: Session, chained: Authority) -> None:
    """Writers never wait for the chain; chainers beside one another chain each line once."""
    stop = threading.Event()

    def writer(number: int) -> Callable[[Session], None]:
        def work(own: Session) -> None:
            for place in range(20):
                audit.record(own, "launch", f"{number}-{place}")
                own.commit()

        return work

    def chainer(own: Session) -> None:
        while not stop.is_set():
            chain.chain(own, chained.keys)
            own.commit()

    def until_written() -> None:
        together(app, [writer(number) for number in range(4)])
        stop.set()

    def chain_beside() -> None:
        with app.app_context():
            chainer(db.session())
            db.session.remove()

    threads = [threading.Thread(target=until_written), *(threading.Thread(target=chain_beside) for _ in range(2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.rollback()
    everything(session, chained)
    report = checked(session, chained)
    assert (report.intact, report.lines) == (True, LINES + 80)


def test_a_worker_that_dies_between_leaves_nothing_half_done(
    session: Session, chained: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    for number in range(5):
        audit.record(session, "launch", str(number))
    session.commit()
    chain.chain(session, chained.keys)
    session.rollback()  # it died before its commit
    assert checked(session, chained).lines == LINES
    while chain.chain(session, chained.keys) is not None:
        session.commit()
    report = checked(session, chained)
    assert (report.intact, report.lines) == (True, LINES + 5)


def test_a_line_committed_late_is_chained_by_the_hourly_round(app: Flask, session: Session, chained: Authority) -> None:
    audit.record(session, "launch", "late")
    session.execute(
        sa.update(AuditEntry).where(AuditEntry.target == "late").values(at=utcnow() - timedelta(minutes=90))
    )
    session.commit()
    assert chain.chain(session, chained.keys) is None
    session.rollback()
    assert kinds(checked(session, chained)) == {"unchained"}
    session.rollback()
    Worker(app).upkeep()
    assert checked(session, chained).intact


def test_what_waits_for_a_worker_that_is_stopped_is_no_fault(session: Session, chained: Authority) -> None:
    audit.record(session, "launch", "while it is stopped")
    audit.record(session, "launch", "and then")
    earlier = sa.update(AuditEntry).where(AuditEntry.action == "launch").values(at=utcnow() - timedelta(minutes=30))
    session.execute(earlier)
    session.commit()
    report = checked(session, chained)
    assert (report.intact, report.waiting) == (True, 2)


def test_the_worker_checks_the_chain_and_keeps_what_it_found(app: Flask, session: Session, chained: Authority) -> None:
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    found = session.scalars(sa.select(AuditHead)).one()
    assert (found.fault, found.checked_to) == (None, found.position)
    session.execute(sa.delete(ENTRY).where(ENTRY.c.target == "MPIA-2026-000004"))
    long_ago = utcnow() - timedelta(days=2)
    session.execute(sa.update(AuditHead).values(checked_at=long_ago))
    session.execute(sa.update(OutboxJob).where(OutboxJob.kind == "check_journal").values(finished_at=long_ago))
    session.commit()
    worker.upkeep()
    worker.drain()
    session.expire_all()
    found = session.scalars(sa.select(AuditHead)).one()
    assert (found.fault, found.fault_at) == ("removed", 5)
