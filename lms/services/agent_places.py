"""Where a file says agents are: a unit by its code, or by the names that lead there; units not known yet are made."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.cells import plain
from lms.models import Unit, UnitState
from lms.services.imports import Run
from lms.services.unit_paths import settle_paths

#: Texts of an agent that lead to their unit, the top one first.
LEVELS = ("ministry", "directorate", "service")
#: What the top of each branch is made of.
TOPS = {"FPE": "ministry", "FPT": "authority", "FPH": "hospital"}


@dataclass(frozen=True)
class NewUnit:
    """A unit that names lead to and that is not known yet; ``parent`` below zero is another such one."""

    parent: int | None
    kind: str
    name: str


class Places:
    """The organisation as a file is compared with it. A unit to be made has a number below zero until it is."""

    def __init__(self, session: Session) -> None:
        columns = (Unit.id, Unit.code, Unit.parent_id, Unit.kind, Unit.name)
        units = session.execute(select(*columns).where(Unit.closed_at.is_(None)).order_by(Unit.id)).all()
        self.new: list[NewUnit] = []
        self._units = {unit.id: unit for unit in units}
        self._codes = {unit.code: unit.id for unit in units}
        self._named: dict[tuple[int | None, str], int] = {}
        for unit in units:
            self._named.setdefault((unit.parent_id, plain(unit.name)), unit.id)
        for unit in units:  # branches are above what files begin with
            if unit.parent_id in self._units and self._units[unit.parent_id].kind == "branch":
                self._named.setdefault((None, plain(unit.name)), unit.id)
        self._found: dict[tuple[str, ...], int | None] = {}

    def by_code(self, code: str) -> int | None:
        """The number of the unit of that code, if it is known."""
        return self._codes.get(code)

    def by_names(self, branch: str, names: Sequence[str]) -> int | None:
        """The number of the unit that names lead to, one a level (empty: none there), made if need be."""
        way = (branch, *names)
        if way not in self._found:
            at: int | None = None
            for level, name in zip(LEVELS, names, strict=True):
                if name:
                    at = self._under(at, name, TOPS[branch] if level == LEVELS[0] else level)
            self._found[way] = at
        return self._found[way]

    def texts(self, number: int) -> dict[str, str]:
        """The names that lead to a known unit, by level; the top one is first whatever it is."""
        chain = []
        at: int | None = number
        while at is not None:
            if self._units[at].kind != "branch":
                chain.append(self._units[at])
            at = self._units[at].parent_id if self._units[at].parent_id in self._units else None
        found = dict.fromkeys(LEVELS, "")
        if chain:
            found["ministry"] = chain.pop().name
        for unit in chain:  # from the unit up: the highest directorate and the lowest service name them
            if unit.kind == "directorate" or (unit.kind == "service" and not found["service"]):
                found[unit.kind] = unit.name
        return found

    def make(self, run: Run) -> dict[int, int]:
        """Make the new units; the number each had here → the one it has now."""
        made: dict[int, int] = {}
        taken = set(run.session.scalars(select(Unit.code)))
        codes: dict[int, str] = {}
        for at, new in enumerate(self.new, 1):
            parent = made.get(new.parent, new.parent) if new.parent is not None else None
            above = (codes[parent] if parent in codes else self._units[parent].code) if parent is not None else ""
            code = _code(f"{above}/{new.name}" if above else new.name, taken)
            unit = Unit(code=code, parent_id=parent, kind=new.kind, name=new.name)
            run.session.add(unit)
            run.session.flush()
            state = UnitState(
                unit_id=unit.id, since=run.at, parent_id=parent, kind=new.kind, name=new.name, import_id=run.id
            )
            run.session.add(state)
            made[-at], codes[unit.id] = unit.id, code
        if made:
            run.session.flush()
            run.changed("unit", [(number, {}) for number in made.values()])
            settle_paths(run.session)
        return made

    def _under(self, parent: int | None, name: str, kind: str) -> int:
        key = (parent, plain(name) or name)
        if key not in self._named:
            self.new.append(NewUnit(parent, kind, name))
            self._named[key] = -len(self.new)
        return self._named[key]


def _code(code: str, taken: set[str]) -> str:
    """A code made of names, short and free."""
    if len(code) > 180 or code in taken:
        digest = hashlib.sha256(code.encode()).hexdigest()
        code = next(each for size in range(8, 64) if (each := f"{code[:150]} {digest[:size]}") not in taken)
    taken.add(code)
    return code
