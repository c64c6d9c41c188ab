"""A report for last December says today what it said then; other days are computed from states and dates."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from lms.models import (
    AgentState,
    Baseline,
    BudgetLine,
    BudgetYear,
    Certificate,
    Closing,
    Enrolment,
    OutboxJob,
    Unit,
    UnitState,
    utcnow,
)
from lms.services import closings
from lms.services.dashboards import Asked, board
from lms.services.figure_facts import WHOLE
from lms.services.figures import refresh_all
from lms.services.organisation import Scope
from lms.services.sources import Cut, Kept, source
from tests.figures_in_test import START, agent_in, certify, follows, organisation, person_of

DECEMBER = date(2025, 12, 31)
AUTUMN = datetime(2025, 10, 1, tzinfo=UTC)


def a_year(session: Session) -> list[Unit]:
    """Twelve agents of a service, ten trained in autumn 2025, six certified; a budget and its path."""
    units = organisation(session)
    for place in range(12):
        person = person_of(session, agent_in(session, units[1]))
        follows(session, person, at=AUTUMN, completed_at=AUTUMN + timedelta(days=9) if place < 10 else None)
        if place < 6:
            certify(session, person, "decideurs", AUTUMN + timedelta(days=20))
    line = BudgetLine(code="124/02", unit_id=units[1].id)
    session.add(line)
    session.flush()
    session.add(BudgetYear(line_id=line.id, year=2025, since=START, ae_opened=13_000, ai_ae=2_900, ai_cp=2_320))
    session.add(Baseline(unit_id=units[1].id, reference_year=2024, base=10_000, ai_base=200, state="approved",
                         decided_at=START))  # fmt: skip
    refresh_all(session)
    return units


def said(session: Session, unit: int, day: date) -> tuple[Any, ...]:
    """What the dashboard of a unit says of a day."""
    found = board(session, Scope(), Asked(unit, day=day), date(2026, 11, 26), 5)
    top = source(session, Scope(), day).units(WHOLE)
    return (
        found.total,
        found.in_year,
        found.by_category,
        found.money,
        found.trajectory,
        found.judged,
        [one.name for one in top],
    )


def everything_changes(session: Session, units: list[Unit]) -> None:
    """Agents move and leave, a unit is renamed and moved, certificates revoked, budgets and paths put right."""
    now = utcnow()
    session.execute(update(AgentState).values(since=now, unit_id=units[3].id, category="C"))
    session.execute(update(UnitState).values(since=now, name="Renamed"))
    session.execute(update(Unit).values(name="Renamed", parent_id=None))
    session.execute(update(Certificate).values(status="revoked", status_at=AUTUMN))
    session.execute(delete(Enrolment))
    session.execute(update(BudgetYear).values(ae_opened=1, ai_cp=7))
    session.execute(update(Baseline).values(base=3, state="refused"))
    refresh_all(session)
    session.expire_all()


def test_last_december_says_what_it_said_then(session: Session) -> None:
    units = a_year(session)
    closings.close(session, DECEMBER)
    before = said(session, units[1].id, DECEMBER)
    assert before[0].counts["completed"] == 10
    assert before[0].counts["certified"] == 6
    assert before[5].budget == 13_000
    everything_changes(session, units)
    assert closings.close(session, DECEMBER).day == DECEMBER  # once for all
    assert said(session, units[1].id, DECEMBER) == before
    assert isinstance(source(session, Scope(), DECEMBER), Kept)
    assert source(session, Scope(), DECEMBER + timedelta(days=1)).how == "plain"


def test_a_day_between_is_computed_from_states_and_dates(session: Session) -> None:
    units = a_year(session)
    state = session.query(AgentState).first()
    assert state is not None
    state.until = AUTUMN + timedelta(days=15)  # then somewhere else
    session.add(AgentState(agent_id=state.agent_id, since=state.until, unit_id=units[3].id, branch="FPE", category="A"))
    for paper in session.query(Certificate).limit(2):
        paper.status, paper.status_at = "revoked", AUTUMN + timedelta(days=40)
    session.flush()

    def counts(days: int, unit: int) -> tuple[int, ...]:
        return source(session, Scope(), (AUTUMN + timedelta(days=days)).date()).sums(Cut((unit,)))[()]

    assert counts(5, units[1].id) == (12, 12, 0, 0, 0, 0)
    assert counts(10, units[1].id) == (12, 12, 10, 0, 0, 0)
    assert counts(16, units[3].id)[:3] == (1, 1, 1)
    assert counts(30, units[0].id) == (12, 12, 10, 0, 6, 0)
    assert counts(45, units[0].id) == (12, 12, 10, 0, 4, 0)
    assert counts(-200, WHOLE) == (0, 0, 0, 0, 0, 0)


def test_months_that_are_over_are_closed_by_the_worker(session: Session) -> None:
    a_year(session)
    now = datetime(2025, 8, 31, 22, 30, tzinfo=UTC)  # September, as lived in France
    assert closings.due(session, now) == [date(2025, 6, 30), date(2025, 7, 31), date(2025, 8, 31)]
    closings.promise_due(session, now)
    assert session.query(OutboxJob).filter_by(kind="close_figures").count() == 1
    closings.close(session, date(2025, 7, 31))
    assert closings.due(session, now) == [date(2025, 6, 30), date(2025, 8, 31)]
    assert session.query(Closing).one().version
    assert closings.month_ends(date(2024, 1, 15), datetime(2024, 3, 2, tzinfo=UTC)) == [
        date(2024, 1, 31), date(2024, 2, 29)
    ]  # fmt: skip
