"""What a nation's pages read does not grow with its agents: from sums, from an index, so far and no further."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms import i18n
from lms.models import Agent, AgentMatch, Certificate, OutboxJob, StatusList, db, utcnow
from lms.services import bounded, certificate_search, deliveries, figures, headcounts, match_review, population
from lms.services.certificate_search import Asked
from lms.services.deliveries import Filter
from lms.services.figure_facts import WHOLE
from lms.services.headcounts import heads, parts
from lms.services.organisation import Scope, ministries
from lms.services.units import move_unit
from lms.services.verification import listed, standing_of
from tests.certificates.certificate_samples import make_record
from tests.figures_in_test import agent_in, organisation, person_of
from tests.learner_in_test import data, statements


@contextmanager
def few(monkeypatch: pytest.MonkeyPatch, most: int) -> Iterator[None]:
    """Rows are counted up to that many."""
    with monkeypatch.context() as patch:
        patch.setattr(bounded, "COUNTED", most)
        patch.setattr(i18n, "COUNTED", most)
        yield


def plans(session: Session, work: Callable[[], Any]) -> list[str]:
    """How the database would run each statement of some work, were its tables large."""
    heard = list[tuple[str, Any]]()

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        heard.append((statement, values))

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    try:
        work()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", hear)
    connection, told = session.connection(), "explain query plan "
    if connection.dialect.name == "postgresql":  # a handful of rows is read whole, and put in order, unless told
        told = "explain "
        for way in ("seqscan", "sort", "bitmapscan", "hashagg", "hashjoin", "mergejoin"):
            connection.exec_driver_sql(f"set local enable_{way} = off")
    found = []
    for statement, values in heard:
        rows = connection.exec_driver_sql(told + statement, values)
        found.append("\n".join(" ".join(map(str, row)) for row in rows))
    session.rollback()
    return found


def test_agents_are_those_of_the_sums_and_of_who_changed_since(session: Session) -> None:
    top, one, two, _other = organisation(session)
    for unit in (top, one, one, two, None):
        agent_in(session, unit)
    leaver, outside = agent_in(session, two), agent_in(session, one, population=False)
    figures.refresh_all(session)
    numbers = [top.id, one.id, two.id, WHOLE]

    def seen() -> list[tuple[int, ...]]:
        counts, late = heads(session, numbers)
        assert not late
        return [tuple(counts[each]) for each in numbers]

    assert seen() == [(6, 5), (5, 4), (2, 2), (7, 6)]
    leaver.left_at, outside.population = utcnow(), True
    fresh = agent_in(session, two)
    figures.touch(session, agents=[leaver.id, outside.id, fresh.id, fresh.id])
    assert seen() == [(6, 6), (5, 5), (2, 2), (7, 7)], "nobody has counted them yet"
    move_unit(session, two, top)
    assert seen() == [(6, 6), (3, 3), (2, 2), (7, 7)], "with all under it"
    figures.refresh_all(session)
    assert seen() == [(6, 6), (3, 3), (2, 2), (7, 7)]


def test_where_too_many_changed_it_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headcounts, "MOST_TOUCHED", 2)
    (unit,) = organisation(session, (None,))
    rows = [agent_in(session, unit) for _ in range(3)]
    figures.touch(session, agents=[row.id for row in rows[:2]])
    assert [part.agents for part in parts(session, Scope(), unit)[0]] == [2]
    assert not parts(session, Scope(), unit)[1]
    figures.touch(session, agents=[rows[2].id])
    assert parts(session, Scope(), unit)[1]
    figures.refresh_all(session)
    found, late = parts(session, Scope(), unit)
    assert (found[0].agents, late) == (3, False)


def test_no_page_of_the_organisation_reads_every_agent(session: Session) -> None:
    units = organisation(session)
    for unit in units:
        agent_in(session, unit, corps="Attaché")
    figures.refresh_all(session)
    with statements() as heard:
        parts(session, Scope(), None)
        heads(session, [WHOLE])
    assert len(data(heard)) == 3
    for plan in plans(session, lambda: heads(session, [WHOLE, units[0].id])):
        assert "SCAN agent\n" not in f"{plan}\n"
        assert "Seq Scan on agent" not in plan
    (corps,) = plans(session, lambda: population.known_corps(session))
    assert "ix_agent_corps_here" in corps


def test_values_are_found_one_after_the_other(session: Session) -> None:
    for corps, ministry in (("B", "Santé"), ("A", ""), ("", "Justice"), ("B", "Justice"), ("C", "")):
        agent_in(session, None, corps=corps).ministry = ministry
    session.query(Agent).filter_by(corps="C").one().left_at = utcnow()
    session.flush()
    assert population.known_corps(session) == ["A", "B"]
    assert ministries(session, Scope()) == ["Justice", "Santé"]


def test_matches_come_by_pages_each_after_the_last(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_review, "PAGE", 2)
    for state in ("doubtful", "sure", "confirmed"):
        for _ in range(5):
            person_of(session, agent_in(session, None), state)
    session.commit()
    for state in ("doubtful", "sure", "confirmed"):
        seen, after, pages = list[AgentMatch](), 0, 0
        while pages == 0 or after:
            found, last = match_review.pairs(session, Scope(), state, after)
            seen, after, pages = [*seen, *(each.match for each in found)], last or 0, pages + 1
        assert (pages, len(seen), len({each.id for each in seen})) == (3, 5, 5)
        assert {each.state for each in seen} == {state}
        moments = [each.decided_at for each in seen]
        assert state == "doubtful" or moments == sorted(moments, reverse=True)
    with few(monkeypatch, 3):
        assert match_review.waiting(session, Scope()) == 4
        assert i18n.counted(4) == "plus de 3"
    assert match_review.waiting(session, Scope()) == 5


@pytest.mark.parametrize(("state", "index"), [("doubtful", "ix_agent_match_doubtful"),
                                              ("sure", "ix_agent_match_decided")])  # fmt: skip
def test_a_page_of_matches_is_read_in_the_order_of_an_index(session: Session, state: str, index: str) -> None:
    row = person_of(session, agent_in(session, None), state)
    session.commit()
    after = session.query(AgentMatch.id).filter_by(person_id=row.id).scalar()
    session.expire_all()
    plan = plans(session, lambda: match_review.pairs(session, Scope(), state, after))[-1]
    assert index in plan
    assert "TEMP B-TREE" not in plan


def jobs(session: Session, *rows: tuple[str, str | None]) -> None:
    start = utcnow() - timedelta(days=1)
    for place, (status, cause) in enumerate(rows):
        made = start + timedelta(minutes=place)
        session.add(
            OutboxJob(
                kind="test", key=f"k{place}", status=status, cause=cause, created_at=made,
                last_error=f"{cause} {place}" if cause else None,
            )
        )  # fmt: skip
    session.commit()


def test_deliveries_are_counted_so_far(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    late, away = ("pending", None), ("failed", "away")
    jobs(session, away, late, ("pending", "full"), away, late, *[("done", None)] * 5)
    assert deliveries.counts(session) == {"pending": 3, "failed": 2, "done": 5}
    assert deliveries.causes(session) == [("away", "away 0", 2), ("full", "full 2", 1)]
    with few(monkeypatch, 1):
        assert deliveries.counts(session) == {"pending": 2, "failed": 2, "done": 2}
        assert deliveries.causes(session) == [("away", "away 0", 2), ("full", "full 2", 1)]
    monkeypatch.setattr(deliveries, "PAGE", 2)
    first = deliveries.waiting(session, Filter())
    assert [row.status for row in first] == ["failed", "pending", "pending"], "the oldest first, whatever their state"
    rest = deliveries.waiting(session, Filter(), (first[1].created_at, first[1].id))
    assert [(row.status, row.cause) for row in rest] == [("pending", "full"), ("failed", "away"), ("pending", None)]


def test_deliveries_not_done_are_found_in_an_index(session: Session) -> None:
    jobs(session, ("pending", None), ("failed", "away"), ("done", None))
    after = (utcnow() - timedelta(days=2), 1)
    for work in (
        lambda: deliveries.waiting(session, Filter(), after),
        lambda: deliveries.oldest(session),
    ):
        (plan,) = plans(session, work)
        assert "ix_outbox_job_undone" in plan
    of_cause = plans(session, lambda: deliveries.causes(session))
    assert len(of_cause) == 2
    assert all("ix_outbox_job_cause" in plan for plan in of_cause)


def certificates(session: Session, number: int) -> list[Certificate]:
    lists, rows, start = StatusList(signed={}), list[Certificate](), utcnow() - timedelta(days=number + 1)
    session.add(lists)
    session.flush()
    for place in range(number):
        rows.append(
            Certificate(
                person_id=person_of(session, None).id, award_key="decideurs", number=f"MPIA-2026-{place:06}",
                code=f"code-{place}", record=make_record().to_dict(), status_list_id=lists.id, status_index=place,
                issued_at=start + timedelta(days=place),
            )
        )  # fmt: skip
    session.add_all(rows)
    session.commit()
    return rows


def test_the_register_lists_the_last_ones_and_counts_so_far(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_search, "PAGE", 2)
    rows, everyone = certificates(session, 5), sa.true()
    found, count = certificate_search.search(session, everyone, Asked(), utcnow())
    assert ([row.number for row in found], count) == ([rows[4].number, rows[3].number], 5)
    with few(monkeypatch, 3):
        assert certificate_search.search(session, everyone, Asked(), utcnow())[1] == 4
    assert certificate_search.search(session, everyone, Asked(words=rows[0].number), utcnow()) == ([rows[0]], 1)
    with statements() as heard:
        shown = [listed(row, utcnow()) for row in found]
    assert [each.state for each in shown] == ["valid", "valid"]
    assert not data(heard), "a list asks nothing for each of its rows"


def test_certificates_are_found_in_an_index(session: Session) -> None:
    row = certificates(session, 1)[0]
    plan = plans(session, lambda: certificate_search.search(session, sa.true(), Asked(), utcnow()))[0]
    assert "ix_certificate_issued_at_number" in plan
    plan = plans(session, lambda: standing_of(session, row))[-1]
    assert "ix_certificate_previous" in plan
