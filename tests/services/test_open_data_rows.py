"""The open figures: those of everybody, by branch, track and year, as they were at the end of the year or month."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from lms.models import AgentMatch, AgentState, Baseline, BudgetLine, BudgetYear, Enrolment
from lms.open_data_rows import ALL, OpenRow, open_rows
from lms.services import closings
from lms.services.figures import refresh_all
from tests.figures_in_test import START, agent_in, certify, follows, person_of

TODAY = date(2026, 3, 15)
AUTUMN, WINTER = datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC)
MARCH = datetime(2026, 3, 2, tzinfo=UTC)


def by_place(session: Session, below: int = 5) -> dict[tuple[int, str, str], OpenRow]:
    return {(row.year, row.track, row.branch): row for row in open_rows(session, TODAY, below)}


@pytest.fixture
def people(session: Session) -> Session:
    """Twelve agents of the State and ten of the hospitals, most of whom train; somebody who is no agent; a budget."""
    for place in range(22):
        agent = agent_in(session, None, branch="FPE" if place < 12 else "FPH")
        person = person_of(session, agent)
        if place < 18:
            follows(session, person, at=AUTUMN, completed_at=AUTUMN if place < 6 else WINTER)
            follows(session, person_of(session, agent), at=AUTUMN)  # the same agent, known by two platforms
        if place < 5:
            certify(session, person, "decideurs", WINTER)
        if place >= 12:
            follows(session, person, "agents", at=MARCH)
    for _ in range(9):
        follows(session, person_of(session, None), at=AUTUMN, completed_at=AUTUMN)
    line = BudgetLine(code="124")
    session.add(line)
    session.flush()
    session.add(BudgetYear(line_id=line.id, year=2026, since=START, ae_opened=1_300_000_000, ai_ae=290_000_000,
                           ai_cp=232_000_000))  # fmt: skip
    session.add(Baseline(reference_year=2025, base=1_000_000_000, ai_base=20_000_000, state="approved",
                         decided_at=START))  # fmt: skip
    refresh_all(session)
    return session


def test_agents_count_once_by_branch_track_and_year(people: Session) -> None:
    found = by_place(people)
    of_2025, state, every = found[2025, "decideurs", ALL], found[2026, "decideurs", "FPE"], found[2026, ALL, ALL]
    assert (of_2025.day, state.day) == (date(2025, 12, 31), date(2026, 2, 28))
    assert [of_2025.line.values[name] for name in ("population", "enrolled", "trained")] == [22, 18, 6]
    names = ("population", "enrolled", "trained", "certified", "trained_in_year", "coverage")
    assert [state.line.values[name] for name in names] == [12, 12, 12, 5, 6, Fraction(1)]
    assert every.line.values["enrolled"] == 18, "somebody who is no declared agent counts nowhere"
    assert state.title["fr"] == "Décideurs publics"


def test_nothing_of_the_month_under_way_and_no_track_that_nobody_follows(people: Session) -> None:
    assert {track for _year, track, _branch in by_place(people)} == {"decideurs", ALL}
    later = {row.track: row for row in open_rows(people, date(2026, 4, 1), 5)}
    assert "agents" in later


def test_the_budget_is_of_all_branches_and_all_tracks(people: Session) -> None:
    found = by_place(people)
    whole = found[2026, ALL, ALL].line
    assert (whole.values["target"], whole.values["gap"]) == (1_333_333_333, -33_333_333)
    assert (whole.values["earmarking"], whole.values["cost_per_trained"]) == (Fraction(9, 10), 19_333_333)
    others = [row.line for place, row in found.items() if place != (2026, ALL, ALL)]
    assert all(line.values["ae_opened"] is None and "ai_cp" not in line.masked for line in others)


def test_small_counts_are_masked_with_what_would_give_them_back(people: Session) -> None:
    found = by_place(people, below=8)
    state, hospitals, both = (found[2026, "decideurs", branch].line for branch in ("FPE", "FPH", ALL))
    assert (state.values["enrolled"], hospitals.values["enrolled"], both.values["enrolled"]) == (None, None, 18)
    assert "coverage" in hospitals.masked
    assert found[2026, ALL, "FPE"].line.values["enrolled"] is None


def test_a_year_that_is_over_says_for_ever_what_it_said(people: Session) -> None:
    for day in (date(2025, 12, 31), date(2026, 2, 28)):
        closings.close(people, day)
    before = open_rows(people, TODAY, 5)
    assert before
    for table in (AgentMatch, Enrolment):
        people.execute(delete(table))
    refresh_all(people)
    assert open_rows(people, TODAY, 5) == before


def test_nobody_gives_no_line(session: Session) -> None:
    assert open_rows(session, TODAY, 5) == []
    agent_in(session, None)
    session.query(AgentState).update({"since": MARCH})
    assert open_rows(session, TODAY, 5) == [], "who came this month is told next month"
