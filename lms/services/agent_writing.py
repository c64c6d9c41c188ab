"""Writing agents of a file: what they are now, their states, and what undoing the import needs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, case, insert, select, update

from lms.models import Agent, AgentState
from lms.models.base import UtcDateTime, table_of
from lms.services.imports import Run

#: What a state says; a change of anything else opens none.
OF_STATE = ("unit_id", "branch", "category", "corps", "population")
DEFAULTS: dict[str, Any] = {
    "email": None, "ministry": "", "directorate": "", "service": "", "siret": None, "category": "non renseigné",
    "corps": "", "unit_id": None, "population": True, "left_out": False, "left_at": None,
}  # fmt: skip
_AGENT, _STATE = table_of(Agent), table_of(AgentState)
#: A state never ends before it began, whenever somebody says the agent left.
_CLOSE = (
    update(_STATE)
    .where(_STATE.c.agent_id == bindparam("agent"), _STATE.c.until.is_(None))
    .values(
        until=case(
            (_STATE.c.since > bindparam("at", type_=UtcDateTime()), _STATE.c.since),
            else_=bindparam("at", type_=UtcDateTime()),
        ),
        closed_by=bindparam("run"),
    )
)


def write_agents(run: Run, batch: Sequence[dict[str, Any]]) -> None:
    """Create or change these agents, by their number; moments come as texts."""
    for values in batch:
        if values["left_at"] is not None:
            values["left_at"] = datetime.fromisoformat(values["left_at"]).astimezone(UTC)
    numbers = [values["number"] for values in batch]
    known = {
        row["number"]: row for row in run.session.execute(select(_AGENT).where(_AGENT.c.number.in_(numbers))).mappings()
    }
    _create(run, [values for values in batch if values["number"] not in known])
    changed = []
    for values in batch:
        before = known.get(values["number"])
        if before is not None and (names := [name for name in values if before[name] != values[name]]):
            changed.append((before, names, {**before, **values}))
    _change(run, changed)


def write_leavers(run: Run, ids: Sequence[int]) -> None:
    """These agents are no longer there."""
    rows = run.session.execute(select(_AGENT).where(_AGENT.c.id.in_(ids))).mappings()
    _change(run, [(row, ["left_at"], {**row, "left_at": run.at}) for row in rows])


def _create(run: Run, batch: Sequence[dict[str, Any]]) -> None:
    if not batch:
        return
    stamp = {"import_id": run.id, "updated_at": run.at}
    rows = [{**DEFAULTS, **values, **stamp} for values in batch]
    made = run.session.execute(insert(_AGENT).returning(_AGENT.c.id, _AGENT.c.number), rows)
    ids = {number: number_of for number_of, number in made}
    run.changed("agent", [(number_of, {}) for number_of in ids.values()])
    _open(run, [{**row, "id": ids[row["number"]]} for row in rows])


def _change(run: Run, changed: Sequence[tuple[Any, Sequence[str], dict[str, Any]]]) -> None:
    """Write agents that were there: (before, the names of what differs, after)."""
    if not changed:
        return
    stamp = {"import_id": run.id, "updated_at": run.at}
    names = (*DEFAULTS, "family_name", "given_name", "branch", *stamp)
    statement = (
        update(_AGENT).where(_AGENT.c.id == bindparam("row")).values({name: bindparam(f"to_{name}") for name in names})
    )
    values = [
        {"row": before["id"], **{f"to_{name}": {**after, **stamp}[name] for name in names}}
        for before, _, after in changed
    ]
    run.session.execute(statement, values)
    kept = ((before["id"], {name: before[name] for name in (*differ, "import_id")}) for before, differ, _ in changed)
    run.changed("agent", list(kept))
    moved = [(before, after) for before, differ, after in changed if "left_at" in differ or set(OF_STATE) & set(differ)]
    ends = [{"agent": before["id"], "at": after["left_at"] or run.at, "run": run.id} for before, after in moved]
    if ends:
        run.session.execute(_CLOSE, ends)
    _open(run, [after for _, after in moved])
    run.session.expire_all()


def _open(run: Run, agents: Sequence[dict[str, Any]]) -> None:
    states = [
        {"agent_id": agent["id"], "since": run.at, "import_id": run.id, **{name: agent[name] for name in OF_STATE}}
        for agent in agents
        if agent["left_at"] is None
    ]
    if states:
        run.session.execute(insert(_STATE), states)
