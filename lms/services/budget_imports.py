"""Taking in a file of the budget: all or nothing; the same one twice changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.cells import N_, CellRefused, Problem
from lms.models import BudgetLine, BudgetYear, ImportChange, ImportRun, Unit, utcnow
from lms.services.audit import record
from lms.services.budget_rows import FRENCH, NAMES, BudgetFile, BudgetRow, read_rows, recognise
from lms.services.budgets import AMOUNTS, Amounts, BudgetRefused, check, hold
from lms.services.organisation import Scope, sees

#: Rows compared and written at a time.
BATCH = 500
#: Problems kept in a result; all are counted.
KEPT_PROBLEMS = 1000


@dataclass(frozen=True)
class BudgetImport:
    """What became of a file's rows. Nothing is written unless ``written``; ``run_id`` is then the ImportRun's."""

    file: BudgetFile
    rows: int
    created: int
    changed: int
    unchanged: int
    refused: int
    problems: tuple[Problem, ...]
    written: bool
    run_id: int | None = None

    def summary(self) -> dict[str, Any]:
        """The counts, as ImportRun and the journal keep them."""
        return {name: getattr(self, name) for name in ("rows", "created", "changed", "unchanged", "refused")}


@dataclass
class _Change:
    """A row beside what is known: its line (None: new), its open year (None: new), and what it says of both."""

    row: BudgetRow
    line: BudgetLine | None
    year: BudgetYear | None
    amounts: Amounts
    #: Columns of the line that change, with their values.
    line_values: dict[str, Any]

    @property
    def kind(self) -> str:
        if self.year is None:
            return "created"
        return "changed" if self.line_values or Amounts.of(self.year) != self.amounts else "unchanged"


def import_budget(
    session: Session,
    stream: BinaryIO,
    scope: Scope,
    *,
    sheet: str | None = None,
    person_id: int | None = None,
    dry_run: bool = False,
) -> BudgetImport:
    """Take in a seekable stream; flushes, never commits. A refused row refuses the file.

    A column that is absent leaves what is known; an empty amount is nothing. Lines and years absent from the file stay.
    A line stays with its unit once it has a year. Raises ``UnreadableFile``.
    """
    file = recognise(stream, sheet)
    if not dry_run:
        hold(session)
    problems, good, rows, refused = list[Problem](), list[BudgetRow](), 0, 0
    for found in read_rows(file):
        rows += 1
        if isinstance(found, BudgetRow):
            good.append(found)
        else:
            refused += 1
            problems += found[: KEPT_PROBLEMS - len(problems)]
    good, apart = _agreed(file, good)
    refused += len(apart)
    problems += apart[: KEPT_PROBLEMS - len(problems)]
    counts, changes = {"created": 0, "changed": 0, "unchanged": 0}, list[_Change]()
    for batch in batches(good):
        for change in _compared(session, file, batch, scope):
            if isinstance(change, _Change):
                counts[change.kind] += 1
                if change.kind != "unchanged":
                    changes.append(change)
            else:
                refused += 1
                problems += [change][: KEPT_PROBLEMS - len(problems)]
    problems.sort(key=lambda problem: problem.line)
    result = BudgetImport(
        file, rows, refused=refused, problems=tuple(problems), written=False, **counts
    )  # fmt: skip
    if dry_run or refused or not changes:
        return result
    run = ImportRun(kind="budget", file_sha256=file.sheet.sha256, summary=result.summary(), person_id=person_id)
    session.add(run)
    session.flush()
    _write(session, changes, run.id)
    record(session, "hr.import_budget", f"import_run:{run.id}", person_id, sha256=run.file_sha256, **run.summary)
    return replace(result, written=True, run_id=run.id)


def _agreed(file: BudgetFile, rows: Sequence[BudgetRow]) -> tuple[list[BudgetRow], list[Problem]]:
    """The rows, those of a line saying the same of it (the last label, the one unit), and those that contradict."""
    labels, units = dict[str, str](), dict[str, str]()
    for row in rows:
        for told, field in ((labels, "label"), (units, "unit")):
            if row.values.get(field) and (field == "label" or row.code not in told):
                told[row.code] = row.values[field]
    good, apart = list[BudgetRow](), list[Problem]()
    for row in rows:
        unit = units.get(row.code, "")
        if row.values.get("unit", unit) not in ("", unit):
            what = N_("The line %(code)s has the unit « %(unit)s » on another row of the file.")
            refusal = CellRefused(what, N_("Write one unit for each budget line."), code=row.code, unit=unit)
            apart.append(file.problem(row.line, "unit", refusal))
        else:
            good.append(BudgetRow(row.line, {**row.values, "unit": unit, "label": labels.get(row.code, "")}))
    return good, apart


def _compared(
    session: Session, file: BudgetFile, batch: Sequence[BudgetRow], scope: Scope
) -> Iterator[_Change | Problem]:  # fmt: skip
    lines = {
        line.code: line
        for line in session.scalars(select(BudgetLine).where(BudgetLine.code.in_([row.code for row in batch])))
    }
    asked = {row.values.get("unit", "") for row in batch} - {""}
    units = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.code.in_(asked)))}
    numbers = [line.id for line in lines.values()]
    settled = set(session.scalars(select(BudgetYear.line_id).where(BudgetYear.line_id.in_(numbers)).distinct()))
    years = {row.year for row in batch}
    current = select(BudgetYear).where(BudgetYear.line_id.in_(numbers), BudgetYear.year.in_(years))
    open_years = {
        (year.line_id, year.year): year for year in session.scalars(current.where(BudgetYear.until.is_(None)))
    }
    for row in batch:
        line = lines.get(row.code)
        year = open_years.get((line.id, row.year)) if line else None
        before = Amounts.of(year) if year else Amounts()
        amounts = replace(before, **{name: row.values[name] for name in AMOUNTS if name in row.values})
        try:
            unit = _unit(row, line, units, scope, settled=line is not None and line.id in settled)
            _check(row.year, amounts)
        except _AtField as refused:
            yield file.problem(row.line, refused.field, refused.refusal)
            continue
        values: dict[str, Any] = {name: row.values.get(name, "") for name in NAMES} if line is None else {}
        if row.values.get("label") and (line is None or row.values["label"] != line.label):
            values["label"] = row.values["label"]
        if (unit.id if unit else None) != (line.unit_id if line else None):
            values["unit_id"] = unit.id if unit else None
        yield _Change(row, line, year, amounts, values)


class _AtField(Exception):
    def __init__(self, field: str, what: str, fix: str, **values: Any) -> None:
        super().__init__(field)
        self.field, self.refusal = field, CellRefused(what, fix, **values)


def _unit(
    row: BudgetRow, line: BudgetLine | None, units: dict[str, Unit], scope: Scope, *, settled: bool
) -> Unit | None:
    """The unit of the row's line. Raises ``_AtField``."""
    code = row.values.get("unit", "")
    if code and code not in units:
        raise _AtField(
            "unit",
            N_("No unit has the code « %(code)s »."),
            N_("Import the organisation first, or correct the code."),
            code=code[:50],
        )
    unit = units[code] if code else line.unit if line else None
    if (line is not None and not sees(scope, line.unit)) or not sees(scope, unit):
        raise _AtField(
            "unit" if code else "",
            N_("This budget line is outside of what you manage."),
            N_("Remove the row, or write the code of one of your units."),
        )
    if line is not None and settled and (unit.id if unit else None) != line.unit_id:
        raise _AtField(
            "unit",
            N_("The line %(line)s belongs to the unit « %(unit)s », and past figures rest on it."),
            N_("Leave this unit, or give the other unit a line of its own."),
            line=line.code,
            unit=line.unit.code if line.unit else "—",
        )
    return unit


def _check(year: int, amounts: Amounts) -> None:
    try:
        check(year, amounts)
    except BudgetRefused as refused:
        whole = "AE" if refused.field == "ai_ae" else "CP"
        raise _AtField(
            refused.field,
            N_("« %(column)s » is larger than the %(whole)s it is a part of."),
            N_("Write the amount in euros that trains to AI, not more than what is opened or used."),
            column=FRENCH[refused.field],
            whole=whole,
        ) from refused


def _write(session: Session, changes: Sequence[_Change], run_id: int) -> None:
    now, lines = utcnow(), dict[str, BudgetLine]()
    for batch in batches(changes):
        new = [change for change in batch if change.line is None and change.row.code not in lines]
        for change in new:
            if change.row.code not in lines:
                lines[change.row.code] = BudgetLine(code=change.row.code, **change.line_values)
        session.add_all(lines[change.row.code] for change in new)
        session.flush()
        made = {lines[change.row.code].id for change in new}
        session.add_all(ImportChange(run_id=run_id, table_name="budget_line", row_id=number) for number in sorted(made))
        for change in batch:
            if change.line is not None and change.line_values:
                before = {name: getattr(change.line, name) for name in change.line_values}
                if any(before[name] != value for name, value in change.line_values.items()):
                    session.add(
                        ImportChange(run_id=run_id, table_name="budget_line", row_id=change.line.id, before=before)
                    )
                    for name, value in change.line_values.items():
                        setattr(change.line, name, value)
        known = [change for change in batch if change.year is not None and Amounts.of(change.year) != change.amounts]
        for change in known:
            assert change.year is not None
            change.year.until, change.year.closed_by = now, run_id
        session.flush()  # open rows make room before others come
        for change in [*known, *(change for change in batch if change.year is None)]:
            line = change.line or lines[change.row.code]
            values = {name: getattr(change.amounts, name) for name in AMOUNTS}
            session.add(BudgetYear(line_id=line.id, year=change.row.year, since=now, import_id=run_id, **values))
        session.flush()


def batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    """So many at a time."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
