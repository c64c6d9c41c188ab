"""The budget as a file: lines, totals against their baseline, what HR sees; costs in the nominative report."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from lms.models import Cost, utcnow
from lms.reports.budget import COLUMNS, REPORT
from lms.reports.completions import REPORT as COMPLETIONS
from lms.tables import Extraction, Scope
from tests.budget_in_test import YEAR_0, YEAR_1, approved, line, unit
from tests.reports.test_completions import TRACK, enrol, person


def lines(session: Session, platform_id: int | None = None, **asked: str) -> list[dict[str, Any]]:
    table = REPORT.table(session, Extraction(utcnow(), "Zoé", "tout", Scope(None, platform_id), asked=asked), "2026.1")
    return [dict(zip((column.key for column in COLUMNS), row, strict=True)) for row in table.rows]


def test_lines_and_totals(session: Session) -> None:
    ministry = unit(session, "MIN")
    service, other = unit(session, "SRV", ministry), unit(session, "AUT")
    line(session, "148/A", service, y2026=YEAR_0, y2027=YEAR_1)
    line(session, "218/B", other, y2026=YEAR_0)
    approved(session, ministry)
    found = lines(session)
    assert [(row["year"], row["level"], row["unit"], row["programme"]) for row in found] == [
        (2026, "ligne", "SRV", "148"), (2026, "ligne", "AUT", "218"), (2027, "ligne", "SRV", "148"),
        *((year, "total de l’unité", "MIN", None) for year in range(2026, 2030)),
    ]  # fmt: skip
    year_1 = found[4]
    assert (year_1["base"], year_1["ai_base"], year_1["target"]) == (10_000_000_00, 200_000_00, 13_333_333_33)
    assert (year_1["ae_opened"], year_1["ai_cp"]) == (13_000_000_00, 2_320_000_00)
    assert (year_1["earmarking"], year_1["gap"], year_1["path"]) == (Decimal("0.90"), -333_333_33, "linéaire")
    assert found[5]["ae_opened"] is None, "not known is not nothing"
    assert [row["programme"] for row in lines(session, level="line", year="2026", unit="AUT")] == ["218"]
    assert {row["year"] for row in lines(session, unit="MIN", year="2027")} == {2027}
    assert lines(session, unit="NULLE PART") == []
    assert lines(session, year="hier") == []
    assert lines(session, 1) == [], "a platform gives no budget to see"


def test_an_enrolment_s_cost_is_shared_among_its_lines(session: Session) -> None:
    rows = [enrol(session, person(session, name)) for name in ("a", "b", "c")]
    then = utcnow()
    year = rows[0].enrolled_at.year
    session.add(Cost(year=year, kind="fixed", amount=100_00, track_key=TRACK.key))
    session.flush()

    def charged(at: Any) -> list[int | None]:
        table = COMPLETIONS.table(session, Extraction(at, "Zoé", "tout"), "2026.1")
        return [row[-1] for row in table.rows]

    found = charged(utcnow() + timedelta(seconds=1))
    assert len(found) == 3 * len(TRACK.published_modules)
    assert None not in found
    assert sum(cents or 0 for cents in found) == 100_00
    assert set(charged(then)) == {None}, "what was known then"
