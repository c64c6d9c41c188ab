"""Taking in the organisation: units under one another at any depth, whatever the order of the rows."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.cells import N_, CellRefused
from lms.models import ImportSource, Unit, UnitState
from lms.models.base import table_of
from lms.services import population
from lms.services.import_columns import Columns, check, ignored
from lms.services.import_rows import Reading, RefusedRow, Row
from lms.services.imports import Progress, Report, Result, Run, alone, begin, end
from lms.services.unit_paths import DEEPEST, lock_tree, settle_paths
from lms.sheets import Sheet


class UnitImport:
    """A file of units: ``look`` says what it would change, ``write`` does it.

    A parent is one of the file or a known one. A refused row refuses the file unless ``partial``. Units absent from
    the file stay.
    """

    def __init__(
        self, session: Session, sheet: Sheet, columns: Columns, *, source: ImportSource | None = None,
        person_id: int | None = None, partial: bool = False, progress: Progress = lambda _: None,
    ) -> None:  # fmt: skip
        check("units", columns)
        self.session, self.sheet, self.columns = session, sheet, columns
        self.source, self.person_id, self.partial, self.progress = source, person_id, partial, progress
        self.reading = Reading("units", sheet, columns)
        self._forget()

    def __enter__(self) -> "UnitImport":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to let go: units are few."""

    def _forget(self) -> None:
        """Begin from the units there are now."""
        self.report = Report()
        self._seen = self._now()
        there = select(Unit).execution_options(populate_existing=True)
        self._known = {unit.code: unit for unit in self.session.scalars(there)}
        self._good: dict[str, Row] = {}
        self._changed: dict[str, list[str]] = {}

    def _now(self) -> list[Any]:
        """What every unit is in the database."""
        return list(self.session.execute(select(*table_of(Unit).columns).order_by(Unit.id)))

    def look(self) -> Result:
        """Compare every row with what is known; writes nothing. Raises ``UnreadableFile``."""
        refused: list[RefusedRow] = []
        for row in self.reading.rows():
            if isinstance(row, RefusedRow):
                refused.append(row)
            else:
                self._good[row.key] = row
            self.progress(0.6 * self.sheet.share(row.line))
        while wrong := [*self._orphans(), *self._loops()]:  # without those, others may have lost their parent
            refused += wrong
            for each in wrong:
                del self._good[each.key]
        for one in refused:
            self.report.refuse(one)
        for row in self._good.values():
            unit = self._known.get(row.key)
            self._changed[row.key] = changed = [] if unit is None else self._differences(unit, row)
            outcome = "created" if unit is None else "changed" if changed else "unchanged"
            self.report.add(row.line, row.key, outcome, changed)
        counts = self.report.counts
        return Result(
            kind="units", sha256=self.sheet.sha256, sheet=self.sheet.name, rows=counts.total(),
            created=counts["created"], changed=counts["changed"], unchanged=counts["unchanged"],
            refused=counts["refused"], left=0, units=0, problems=tuple(self.report.problems),
            ignored=tuple(ignored(self.sheet, self.columns)),
        )  # fmt: skip

    def write(self, found: Result) -> Result:
        """Write what was found, or nothing when a refusal stands in the way; flushes, never commits."""
        if (found.refused and not self.partial) or not found.changes:
            return found
        alone(self.session)
        lock_tree(self.session)
        if self._now() != self._seen:  # somebody changed the organisation by hand meanwhile
            self._forget()
            return self.write(self.look())
        run = begin(self.session, "units", self.sheet, self.source, self.person_id)
        rows = [row for row in self._good.values() if row.key not in self._known or self._changed[row.key]]
        for row in rows:  # with their parent's number missing: it may come later in the file
            if row.key not in self._known:
                self._known[row.key] = unit = Unit(code=row.key, name=row.values["name"], kind="other")
                self.session.add(unit)
        self.session.flush()
        new = [row.key for row in rows if not self._changed[row.key]]
        run.changed("unit", [(self._known[code].id, {}) for code in new])
        for at, row in enumerate(rows):
            self._write(run, self._known[row.key], row)
            self.progress(0.6 + 0.4 * (at + 1) / len(rows))
        self.session.flush()
        settle_paths(self.session)
        population.apply(self.session, run.at, run.id)  # agents are counted again under what is above them now
        written = Result(**{**vars(found), "written": True, "run_id": run.id})
        end(run, written, self.person_id)
        return written

    def _write(self, run: Run, unit: Unit, row: Row) -> None:
        values = self._values(row)
        if changed := self._changed[row.key]:
            run.changed("unit", [(unit.id, {name: getattr(unit, name) for name in changed})])
            opened = update(UnitState).where(UnitState.unit_id == unit.id, UnitState.until.is_(None))
            self.session.execute(opened.values(until=run.at, closed_by=run.id))
        for name, value in values.items():
            setattr(unit, name, value)
        state = UnitState(
            unit_id=unit.id, since=run.at, parent_id=unit.parent_id, kind=unit.kind, name=unit.name, siret=unit.siret,
            import_id=run.id,
        )  # fmt: skip
        self.session.add(state)

    def _values(self, row: Row) -> dict[str, Any]:
        """What a row says of its unit, as the table has it; a parent not made yet is None."""
        values = {name: value for name, value in row.values.items() if name not in {"code", "parent"}}
        if "parent" in row.values:
            parent = self._known.get(row.values["parent"])
            values["parent_id"] = parent.id if parent else None
        return {**values, "closed_at": None}

    def _differences(self, unit: Unit, row: Row) -> list[str]:
        differ = [name for name, value in self._values(row).items() if getattr(unit, name) != value]
        to_make = row.values.get("parent") and row.values["parent"] not in self._known
        return [*differ, "parent_id"] if to_make and "parent_id" not in differ else differ

    def _orphans(self) -> Iterator[RefusedRow]:
        for row in self._good.values():
            parent = row.values.get("parent")
            if parent and parent not in self._good and parent not in self._known:
                why = CellRefused(
                    N_(
                        "Its parent « %(parent)s » is neither in this file, among the rows that can be read, nor known."
                    ),
                    N_("Correct the code of the parent, or add its row."),
                    parent=parent,
                )
                yield self.reading.refused(row, "parent", why)
            elif parent and parent not in self._good and self._known[parent].closed_at is not None:
                why = CellRefused(
                    N_("Its parent « %(parent)s » is closed."),
                    N_("Give it another parent, or add the row of that one: it is then open again."),
                    parent=parent,
                )
                yield self.reading.refused(row, "parent", why)

    def _loops(self) -> Iterator[RefusedRow]:
        """Rows under themselves, or too deep."""
        codes = {unit.id: code for code, unit in self._known.items()}
        above = {code: codes.get(unit.parent_id or 0) for code, unit in self._known.items()}
        above.update((row.key, row.values["parent"] or None) for row in self._good.values() if "parent" in row.values)
        for row in self._good.values():
            chain, at = [row.key], above.get(row.key)
            while at is not None and at not in chain and len(chain) <= DEEPEST:
                chain.append(at)
                at = above.get(at)
            if at == row.key:
                why = CellRefused(
                    N_("The unit is under itself: %(chain)s."),
                    N_("Give one of them another parent."),
                    chain=" → ".join([*chain[:5], *(["…"] if len(chain) > 5 else []), row.key]),
                )
                yield self.reading.refused(row, "parent", why)
            elif at is not None and at not in chain:
                why = CellRefused(
                    N_("The unit has more than %(limit)s others above it."), N_("Correct its parent."), limit=DEEPEST
                )
                yield self.reading.refused(row, "parent", why)
