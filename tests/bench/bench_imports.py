"""Agents taken in on SQLite: time of each part, growth of memory. ``python -m tests.bench.bench_imports [AGENTS]``

A file of 20 ministries is taken in, then again unchanged, then with one row in ten changed; then undone.
"""

import csv
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import rustpy_xlsxwriter as writer
import structlog

from lms.app import create_app
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from lms.services.import_files import Asked, prepare
from lms.services.import_undo import undo

HEADINGS = (
    "identifiant agent", "nom", "prénom", "versant", "ministère", "direction", "service", "SIRET", "catégorie",
    "corps/emploi", "courriel",
)  # fmt: skip


def rows(count: int, moved: int = 0) -> Iterator[tuple[str, ...]]:
    """So many agents; one in ``moved`` has changed service."""
    return (
        (
            f"{at:08}", f"Nom {at}", f"Prénom {at % 997}", ("FPE", "FPT", "FPH")[at % 3], f"Ministère {at % 20}",
            f"Direction {at % 200}", f"Service {(at + (1 if moved and at % moved == 0 else 0)) % 2000}",
            f"{10**13 + at % 5000 * 97 + 1:014}", "ABC"[at % 3], "Attachée", f"agent{at}@example.org",
        )
        for at in range(count)
    )  # fmt: skip


def main(count: int = 200_000) -> None:
    """Print seconds of processor and of clock, and how much memory grew."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        first, changed, book = (Path(folder) / name for name in ("agents.csv", "changed.csv", "agents.xlsx"))
        for path, given in ((first, rows(count)), (changed, rows(count, 10))):
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file, delimiter=";").writerows([HEADINGS, *given])
        records = (dict(zip(HEADINGS, row, strict=True)) for row in rows(count))
        writer.write_worksheets([("Agents", records)], str(book))
        app = create_app(load_config({}, base_url="http://localhost:8000", data_dir=Path(folder)))
        upgrade(app)
        with app.app_context():
            _take("first, CSV", first)
            _take("same file, CSV", first)
            _take("same agents, XLSX", book)
            _take("one in ten moved, CSV", changed)
            began, cpu = time.monotonic(), time.process_time()
            undo(db.session(), "agents")
            db.session.commit()
            _say("undo", began, cpu, "")
            db.engine.dispose()
        app.extensions["outbound"].close()


def _take(name: str, path: Path) -> None:
    began, cpu = time.monotonic(), time.process_time()
    with path.open("rb") as stream, prepare(db.session(), "agents", stream, Asked()) as act:
        found = act.look()
        looked = time.monotonic() - began
        result = act.write(found)
        db.session.commit()
    db.session.remove()
    _say(
        name, began, cpu, f"look {looked:5.1f} s, {result.created} new, {result.changed} changed, {result.units} units"
    )


def _say(name: str, began: float, cpu: float, more: str) -> None:
    spent, busy = time.monotonic() - began, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name:22} {spent:6.1f} s  CPU {busy:6.1f} s  peak {memory} MB  {more}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
