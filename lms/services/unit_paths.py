"""The path of each unit, from what is above it: kept right after many units moved at once."""

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session

from lms.models import Unit
from lms.models.base import table_of

#: Levels of the tree; a path of so many numbers fits its column.
DEEPEST = 40


def lock_tree(session: Session) -> None:
    """Let nobody else change the tree until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # SQLite's writer already is alone
        session.execute(text("lock table unit in share row exclusive mode"))


def settle_paths(session: Session) -> None:
    """Give every unit the path its parents say; writes those that differ.

    Raises ``ValueError`` where one is under itself.
    """
    found = {row.id: (row.parent_id, row.path) for row in session.execute(select(Unit.id, Unit.parent_id, Unit.path))}
    paths: dict[int, str] = {}

    def path_of(number: int) -> str:
        chain = []
        at: int | None = number
        while at is not None and at not in paths:
            if at in chain:
                raise ValueError(f"unit {at} is under itself")
            chain.append(at)
            at = found[at][0]
        for each in reversed(chain):
            above = found[each][0]
            paths[each] = f"{paths[above] if above is not None else ''}{each}."
        return paths[number]

    wrong = [{"row": number, "right": path_of(number)} for number in found if path_of(number) != found[number][1]]
    if wrong:
        table = table_of(Unit)
        session.execute(update(table).where(table.c.id == bindparam("row")).values(path=bindparam("right")), wrong)
        session.expire_all()
