"""The report of indicators: the worked example to the cent, every cut, totals that add up, small numbers masked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.models import AgentMatch, Baseline, BudgetLine, BudgetYear, Enrolment, Person, Platform
from lms.reports.indicators import COLUMNS, REPORT
from lms.services.figures import refresh_all
from lms.tables import Extraction, FilterError, Scope
from tests.figures_in_test import agent_in, certify, follows, organisation, person_of

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
SPRING = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def places(session: Session) -> list[str]:
    """The codes of two ministries, each with a service: 20 agents and 13; some trained last year, some this one."""
    units = organisation(session, (None, 0, None, 2))
    for unit, many, trained in ((units[1], 20, 12), (units[3], 13, 6)):
        for place in range(many):
            person = person_of(session, agent_in(session, unit, category="ABC"[place % 3] if place < 15 else "A"))
            if place < trained:
                at = SPRING - timedelta(days=300 if place < 5 else 0)
                follows(session, person, "decideurs" if place % 2 else "agents", at=at, completed_at=at)
                if place < 8:
                    certify(session, person, "decideurs" if place % 2 else "agents", at)
    line = BudgetLine(code="124/03", unit_id=units[0].id)
    session.add(line)
    session.flush()
    session.add(BudgetYear(line_id=line.id, year=2026, ae_opened=1_300_000_000, ai_ae=290_000_000, ai_cp=232_000_000))
    session.add(Baseline(unit_id=units[0].id, reference_year=2025, base=1_000_000_000, ai_base=20_000_000,
                         state="approved", decided_at=AT))  # fmt: skip
    refresh_all(session)
    return [unit.code for unit in units]


def asked(session: Session, platform_id: int | None = None, below: int = 0, **filters: str) -> list[dict[str, Any]]:
    extraction = Extraction(AT, "Zoé", "Tout", asked=filters, mask_below=below, scope_filter=Scope(None, platform_id))
    return [
        dict(zip((column.key for column in COLUMNS), row, strict=True))
        for row in REPORT.table(session, extraction, "2026.1").rows
    ]


def test_one_unit_with_its_budget(session: Session, places: list[str]) -> None:
    (row,) = asked(session, unit_code=places[0])
    assert (row["agents"], row["enrolled"], row["completed"], row["certified"]) == (20, 12, 12, 8)
    assert (row["trained_in_year"], row["certified_in_year"]) == (7, 3)
    assert (row["coverage"], row["completion"], row["certification"]) == (
        Decimal("0.60"),
        Decimal(1),
        Decimal("0.6666"),
    )
    assert row["cost_per_trained"] == 33_142_857  # 2 320 000 € for seven, to the cent
    assert row["payment_rate"] == Decimal("0.80")
    assert (row["target"], row["gap"], row["earmarking"]) == (1_333_333_333, -33_333_333, Decimal("0.90"))
    assert (row["final_target"], row["shortfall"], row["growth"]) == (2_000_000_000, 30_000_000, Decimal("0.30"))


@pytest.mark.parametrize("by", ["unit", "category", "unit-branch-category", "unit-track", "category-track"])
def test_totals_are_the_sum_of_their_parts(session: Session, places: list[str], by: str) -> None:
    rows = asked(session, by=by)
    keys = [name for name in ("unit", "branch", "category") if name in by.split("-")]
    for track in {row["track"] for row in rows}:
        mine = [row for row in rows if row["track"] == track]
        parts = [row for row in mine if all(row[key] is not None for key in keys)]
        (total,) = [row for row in mine if all(row[key] is None for key in keys)]
        for name in ("agents", "enrolled", "completed", "certified", "trained_in_year"):
            assert sum(row[name] for row in parts) == total[name], (track, name)
    assert {row["agents"] for row in rows if all(row[key] is None for key in (*keys, "track"))} == {33}


def test_distinct_agents_count_once_across_tracks(session: Session, places: list[str]) -> None:
    person = session.query(Person).join(Enrolment).filter_by(track_key="agents").first()
    assert person is not None
    follows(session, person, "decideurs", at=SPRING, completed_at=SPRING)
    refresh_all(session)
    rows = {row["track"]: row["completed"] for row in asked(session, by="track")}
    assert rows[None] == 18
    assert sum(number for track, number in rows.items() if track) == 19


def test_small_numbers_are_masked_and_said_to_be(session: Session, places: list[str]) -> None:
    rows = asked(session, below=5, by="category", unit_code=places[2])
    small = [row for row in rows if row["category"]]
    assert all(row["completed"] is None and row["coverage"] is None for row in small)
    assert all("formés" in row["masked"] for row in small)
    (total,) = [row for row in rows if not row["category"]]
    assert total["completed"] == 6


def test_a_past_year_and_a_day(session: Session, places: list[str]) -> None:
    (row,) = asked(session, year="2025")
    assert (row["year"], row["completed"], row["trained_in_year"]) == (2025, 10, 10)
    (row,) = asked(session, day="2026-05-01")
    assert (row["completed"], row["trained_in_year"]) == (18, 8)
    assert asked(session, day="2020-05-01") == []


def test_people_of_a_platform_alone_and_no_unit_for_them(session: Session, places: list[str]) -> None:
    platform = Platform(
        name="Campus", issuer="https://lms", client_id="c", auth_url="https://lms", token_url="x", jwks_url="x"
    )
    session.add(platform)
    session.flush()
    matched = session.query(AgentMatch).join(Person, Person.id == AgentMatch.person_id).order_by(AgentMatch.id)
    for match in matched.limit(4):
        person = session.get_one(Person, match.person_id)
        person.platform_id = platform.id
    session.flush()
    (row,) = asked(session, platform_id=platform.id)
    assert (row["agents"], row["completed"], row["ae_opened"]) == (4, 4, None)
    assert asked(session, platform_id=platform.id, unit_code=places[0]) == []


@pytest.mark.parametrize("filters", [{"by": "weather"}, {"year": "hier"}, {"year": "2999"}, {"by": "track-unit"}])
def test_what_cannot_be_asked_is_refused(session: Session, places: list[str], filters: dict[str, str]) -> None:
    with pytest.raises(FilterError):
        asked(session, **filters)
