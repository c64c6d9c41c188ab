"""Files of the budget: the worst spreadsheets, refused cell by cell or taken in once, and undone."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.cells import UnreadableFile
from lms.models import BudgetLine, BudgetYear, ImportChange, ImportRun
from lms.services import costs
from lms.services.budget_imports import BudgetImport, import_budget
from lms.services.budget_sums import by_year, parts
from lms.services.budget_undo import UndoRefused, undo_last
from lms.services.budgets import Amounts, enter
from lms.services.costs import NewCost
from lms.services.imports import last_run
from lms.services.indicators import AE, CP
from lms.services.organisation import Scope
from tests.budget_in_test import line, officer, unit
from tests.workbooks_in_test import Formula, Page, xlsx

HEADER = (
    "Exercice;Programme;BOP;UO;Libellé;Code unité;AE ouvertes;AE engagées;CP ouverts;CP payés;Part IA (AE);Part IA (CP)"
)
FIRST = "2026;148;DSAF;;Formation;SRV;10 000 000,00 €;9000000;10000000,00;8 000 000;200\u202f000,00;"
SECOND = "2027;148;DSAF;;Formation;SRV;13000000,00;12500000;13000000;11000000;2900000;2320000"
THIRD = "2026;218;;;;;1,5;;1,5;;;"


def take(session: Session, *rows: str, scope: Scope | None = None, header: str = HEADER, **more: Any) -> BudgetImport:
    return import_budget(session, BytesIO("\r\n".join([header, *rows]).encode()), scope or Scope(), **more)


def told(result: BudgetImport) -> list[tuple[int, str, str, str]]:
    return [
        (p.line, p.column, p.what % p.values if p.values else p.what, p.fix % p.values if p.values else p.fix)
        for p in result.problems
    ]  # fmt: skip


def counts(session: Session) -> list[int]:
    tables = (BudgetLine, BudgetYear, ImportRun, ImportChange)
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_file_is_taken_in_once_and_undone(session: Session) -> None:
    unit(session, "SRV", unit(session, "MIN"))
    checked = take(session, FIRST, SECOND, THIRD, dry_run=True)
    assert (checked.rows, checked.created, checked.refused, checked.written) == (3, 3, 0, False)
    assert counts(session) == [0, 0, 0, 0]

    first = take(session, FIRST, SECOND, THIRD)
    assert first.written
    assert by_year(session) == {
        2026: Amounts(AE(10_000_001_50), AE(9_000_000_00), CP(10_000_001_50), CP(8_000_000_00), AE(200_000_00)),
        2027: Amounts(
            AE(13_000_000_00), AE(12_500_000_00), CP(13_000_000_00), CP(11_000_000_00), AE(2_900_000_00),
            CP(2_320_000_00),
        ),
    }  # fmt: skip
    row = session.scalars(select(BudgetLine).where(BudgetLine.code == "148/DSAF")).one()
    assert (row.programme, row.bop, row.label, row.unit and row.unit.code) == ("148", "DSAF", "Formation", "SRV")

    again = take(session, FIRST, SECOND, THIRD)
    assert (again.created, again.changed, again.unchanged, again.written) == (0, 0, 3, False)
    assert counts(session) == [2, 3, 1, 2]

    before = by_year(session)
    changed = take(session, FIRST.replace("10 000 000,00 €", "11000000").replace("Formation", "Formation IA"), SECOND)
    assert (changed.changed, changed.unchanged) == (1, 1), "the label of a line is that of its last row"
    assert row.label == "Formation"
    undo_last(session, Scope())
    assert by_year(session) == before
    undone = undo_last(session, Scope())
    assert undone.id == first.run_id
    assert counts(session)[:2] == [0, 0]
    with pytest.raises(UndoRefused, match="none"):
        undo_last(session, Scope())
    assert take(session, FIRST).written, "and again"


def test_labels_change_and_come_back(session: Session) -> None:
    take(session, THIRD.replace(";;;;;1,5", ";;;Ancien;;1,5"))
    take(session, THIRD.replace(";;;;;1,5", ";;;Nouveau;;1,5"))
    row = session.scalars(select(BudgetLine)).one()
    assert row.label == "Nouveau"
    assert not take(session, THIRD).written, "an empty label leaves the one that is known"
    undo_last(session, Scope())
    assert row.label == "Ancien"


def test_every_cell_refused_is_named(session: Session) -> None:
    unit(session, "SRV")
    line(session, "148/DSAF", unit(session, "AUT"), y2025=Amounts())
    result = take(
        session,
        FIRST,  # 2: its line is of another unit
        "TOTAL;;;;;;10;10;10;10;10;10",
        "2026;1/2;;;;;beaucoup;-5;1,234;3.21E+13;#REF!;",
        "2026;;;;;;1;;;;;",
        "2026;300;;;;NULLE PART;1;;;;;",
        "2026;301;;;;;1;;;;2;",
        "2026;302;;;;SRV;1;;;;;",
        "2027;302;;;;AUT;1;;;;;",
        "2026;302;;;;SRV;2;;;;;",
        f"2026;{'x' * 61};;;{'y' * 301};;1;;;;;",
        "2026;303;;;;;1;2;3;4;5;6;7",
        "2026;304;;;;;99999999999999;;;;;",
        "1850;305;;;;;1;;;;;",
        "2026;306;;;;;1;;1;;1;2",
    )
    assert not result.written
    assert counts(session) == [1, 1, 0, 0]
    found: dict[int, list[str]] = {}
    for at, column, _what, fix in told(result):
        found.setdefault(at, []).append(column)
        assert fix
    assert found == {
        2: ["Code unité"],
        3: ["Exercice"],
        4: ["Programme", "AE ouvertes", "AE engagées", "CP ouverts", "CP payés", "Part IA (AE)"],
        5: ["Programme"],
        6: ["Code unité"],
        7: ["Part IA (AE)"],
        9: ["Code unité"],
        10: ["Exercice"],
        11: ["Programme", "Libellé"],
        12: [""],
        13: ["AE ouvertes"],
        14: ["Exercice"],
        15: ["Part IA (CP)"],
    }
    assert result.refused == len(found)
    assert "AUT" in told(result)[0][2]


def test_a_column_that_is_absent_leaves_what_is_known(session: Session) -> None:
    take(session, SECOND.replace("SRV", ""))
    result = take(session, "2027;148;DSAF;14000000", header="exercice;programme;bop;AE ouvertes")
    assert result.changed == 1
    assert by_year(session)[2027] == Amounts(
        AE(14_000_000_00), AE(12_500_000_00), CP(13_000_000_00), CP(11_000_000_00), AE(2_900_000_00), CP(2_320_000_00)
    )  # fmt: skip
    assert result.file.ignored == ()
    assert take(session, "2027;148;DSAF;x", header="exercice;programme;bop;AE ouvertes;Commentaire").file.ignored == (
        "Commentaire",
    )


def test_a_workbook_with_titles_and_merged_headings(session: Session) -> None:
    rows: list[list[Any]] = [
        ["Suivi du budget de formation 2027"],
        [None],
        ["Exercice", "Programme", "AE", None, "CP", None],
        [None, None, "ouvertes", "engagées", "ouverts", "payés"],
        [2027, 148, 13_000_000, Formula("C5-500000", 12_500_000), 13_000_000, 11_000_000.5],
        [2027, "0218", 1, "1 234,56 €", 1, None],
    ]
    merged = ["C3:D3", "E3:F3"]
    result = import_budget(session, xlsx(Page("Notes", [["à lire"]]), Page("Budget", rows, merged)), Scope())
    assert result.written
    assert dict(parts(session, 2027, "line")) == {
        "0218": Amounts(AE(100), AE(1_234_56), CP(100)),
        "148": Amounts(AE(13_000_000_00), AE(12_500_000_00), CP(13_000_000_00), CP(11_000_000_50)),
    }
    rows[5][2] = Formula("1/0", "#DIV/0!")
    broken = import_budget(session, xlsx(Page("Budget", rows, merged)), Scope())
    assert [(p.sheet, p.line, p.column) for p in broken.problems] == [("Budget", 6, "ouvertes")]
    with pytest.raises(UnreadableFile):
        import_budget(session, xlsx(Page("Notes", [["à lire", "encore"], [1, 2]])), Scope())


def test_what_rests_on_an_import_keeps_it(session: Session) -> None:
    run = take(session, THIRD)
    row = session.scalars(select(BudgetLine)).one()
    enter(session, row, 2028, Amounts(ae_opened=AE(1)))
    with pytest.raises(UndoRefused, match="rests"):
        undo_last(session, Scope())
    enter(session, row, 2026, Amounts(ae_opened=AE(1)))
    with pytest.raises(UndoRefused, match="since"):
        undo_last(session, Scope())
    last = last_run(session, "budget")
    assert last is not None
    assert last.id == run.run_id
    take(session, "2026;999;;;;;1;;;;;")
    other = session.scalars(select(BudgetLine).where(BudgetLine.code == "999")).one()
    costs.enter(session, NewCost(2026, "fixed", "", 5, line_id=other.id))
    with pytest.raises(UndoRefused, match="rests"):
        undo_last(session, Scope())


def test_hr_of_a_unit_takes_in_its_lines_alone(session: Session) -> None:
    ministry, other = unit(session, "MIN"), unit(session, "AUT")
    unit(session, "SRV", ministry)
    ann = officer(session, "ann", ministry)
    line(session, "218", other)
    scope = Scope((ministry.path,))
    refused = take(session, FIRST, THIRD, "2026;219;;;;AUT;1;;;;;", "2026;220;;;;;1;;;;;", scope=scope)
    assert [problem.line for problem in refused.problems] == [3, 4, 5]
    assert take(session, FIRST, scope=scope, person_id=ann.id).written
    with pytest.raises(UndoRefused, match="scope"):
        undo_last(session, Scope((other.path,)), officer(session, "eve", other).id)
    undo_last(session, scope, ann.id)
    assert by_year(session) == {}
