"""Taking in the agents HR declares: where they are now, while what they were stays in their states."""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.cells import N_, CellRefused
from lms.models import Agent, ImportSource, utcnow
from lms.services import matching, population
from lms.services.agent_places import LEVELS, Places
from lms.services.agent_writing import write_agents, write_leavers
from lms.services.import_columns import Columns, check, ignored
from lms.services.import_rows import Reading, RefusedRow, Row
from lms.services.imports import BATCH, MANY_LEAVERS, Progress, Report, Result, Run, Steps, begin, end
from lms.sheets import Sheet


class AgentImport:
    """A file of agents: ``look`` says what it would change, ``write`` does it. To be closed.

    A refused row refuses the file unless ``partial``; a ``whole`` list makes leavers of those absent from it, and is
    never partial. Without it they stay. A column that is absent leaves what is known; an empty cell clears it. An
    agent in the file who had left is back, unless it says when they left: on a day to come, they are there until then.
    """

    def __init__(
        self, session: Session, sheet: Sheet, columns: Columns, *, source: ImportSource | None = None,
        person_id: int | None = None, whole: bool = False, partial: bool = False, confirmed: bool = False,
        progress: Progress = lambda _: None,
    ) -> None:  # fmt: skip
        check("agents", columns)
        self.session, self.sheet, self.columns = session, sheet, columns
        self.source, self.person_id, self.progress = source, person_id, progress
        self.whole, self.partial, self.confirmed = whole, partial, confirmed
        self.reading = Reading("agents", sheet, columns)
        self.places = Places(session)
        self.report = Report()
        self._steps, self._leavers = Steps(), Steps()
        self._now, self._later = utcnow(), 0
        #: Whether the file says where agents are, by code or by names beginning with the top one.
        self._by_code = "unit" in columns
        self._by_names = LEVELS[0] in columns

    def __enter__(self) -> "AgentImport":
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.close()
        self._leavers.close()

    def look(self) -> Result:
        """Compare every row with what is known; writes nothing. Raises ``UnreadableFile``."""
        seen: set[str] = set()
        rows = self.reading.rows()
        while batch := list(islice(rows, BATCH)):
            seen.update(row.key for row in batch if row.key)
            self._compare([self._placed(row) for row in batch])
            self.progress(0.6 * self.sheet.share(batch[-1].line))
        counts = self.report.counts
        there = self._find_leavers(seen) if self.whole and not counts["refused"] else 0
        return Result(
            kind="agents", sha256=self.sheet.sha256, sheet=self.sheet.name,
            rows=counts.total() - counts["left"], created=counts["created"], changed=counts["changed"],
            unchanged=counts["unchanged"], refused=counts["refused"], left=counts["left"],
            units=len(self.places.new), later=self._later, problems=tuple(self.report.problems),
            ignored=tuple(ignored(self.sheet, self.columns)),
            to_confirm=counts["left"] * MANY_LEAVERS > there and not self.confirmed,
        )  # fmt: skip

    def write(self, found: Result) -> Result:
        """Write what was found, or nothing when a refusal or a question stands in the way; flushes, never commits."""
        in_the_way = found.to_confirm or (found.refused and (self.whole or not self.partial))
        if in_the_way or not found.changes:
            return found
        run = begin(self.session, "agents", self.sheet, self.source, self.person_id)
        self._write(run, found.changes)
        written = Result(**{**vars(found), "written": True, "run_id": run.id})
        end(run, written, self.person_id)
        population.apply(self.session, run.at, run.id)
        matching.ask(self.session)
        return written

    def _write(self, run: Run, total: int) -> None:
        units = self.places.make(run)
        done = 0
        for batch in self._steps.batches():
            for values in batch:
                if values.get("unit_id") in units:
                    values["unit_id"] = units[values["unit_id"]]
            write_agents(run, batch)
            done += len(batch)
            self.progress(0.6 + 0.4 * done / total)
        for batch in self._leavers.batches():
            write_leavers(run, [each["id"] for each in batch])
            done += len(batch)
            self.progress(0.6 + 0.4 * done / total)

    def _placed(self, row: Row | RefusedRow) -> Row | RefusedRow:
        """A row whose values are those of the table: the unit by its number."""
        if isinstance(row, RefusedRow):
            return row
        values = row.values
        values.setdefault("left_at", None)
        if "population" in values:  # a file leaves out of P; who is in it, the declared rule says
            values["left_out"] = not values.pop("population")
        code = values.pop("unit", "")
        if code:
            unit = self.places.by_code(code)
            if unit is None:
                what, fix = N_("There is no unit « %(code)s »."), N_("Take in the file of units first, or correct it.")
                return self.reading.refused(row, "unit", CellRefused(what, fix, code=code))
            values["unit_id"] = unit
            if not self._by_names:
                values.update(self.places.texts(unit))
        elif self._by_names:
            values["unit_id"] = self.places.by_names(values["branch"], [values.get(level, "") for level in LEVELS])
        elif self._by_code:
            values["unit_id"] = None
            values.update(dict.fromkeys(LEVELS, ""))
        return row

    def _compare(self, batch: Sequence[Row | RefusedRow]) -> None:
        good = [row for row in batch if isinstance(row, Row)]
        known = {}
        if good:
            names = sorted(set().union(*(row.values for row in good)) - {"number"})
            query = select(Agent.number, *(getattr(Agent, name) for name in names))
            numbers = [row.key for row in good]
            known = {each.number: each for each in self.session.execute(query.where(Agent.number.in_(numbers)))}
        for row in batch:
            if isinstance(row, RefusedRow):
                self.report.refuse(row)
                continue
            if row.values["left_at"] is not None and row.values["left_at"] > self._now:
                row.values["left_at"] = None
                self._later += 1
            before = known.get(row.key)
            if before is None:
                self.report.add(row.line, row.key, "created")
                self._steps.add(row.values)
                continue
            of_before = before._mapping  # noqa: SLF001 - the public name of a row's mapping
            changed = [name for name, value in row.values.items() if of_before[name] != value]
            self.report.add(row.line, row.key, "changed" if changed else "unchanged", changed)
            if changed:
                self._steps.add(row.values)

    def _find_leavers(self, seen: set[str]) -> int:
        """Put those absent from the list aside; how many people are there."""
        count = self.session.scalar(select(func.count()).where(Agent.left_at.is_(None))) or 0
        for number, key in self._there():
            if key not in seen:
                self.report.add(0, key, "left")
                self._leavers.add({"id": number})
        return count

    def _there(self) -> Iterator[tuple[int, str]]:
        last = 0
        query = select(Agent.id, Agent.number).where(Agent.left_at.is_(None)).order_by(Agent.id).limit(BATCH)
        while rows := self.session.execute(query.where(Agent.id > last)).all():
            for row in rows:
                yield row.id, row.number
            last = rows[-1].id
