"""CPU of the pages people open most, against a Flask view that returns a line of text.

All run in one process, by turns, through WSGI, on SQLite; queries and sizes are counted on the way.
``python -m tests.bench.bench_pages``
"""

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
import structlog
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lms.app import create_app
from lms.config import load_config
from lms.cookies import CookieSessions
from lms.models import Attempt, Certificate, Enrolment, WebSession, db, utcnow
from lms.models.secrets import hashed, new_token
from lms.schema import upgrade
from lms.services import attempts, learning
from lms.worker import Worker
from tests.learner_in_test import TRACK, choose, learner, module, right

ROUNDS = 200
WARM = 20
#: Each request comes from an address of its own: rate limits are counted, and never reached.
ADDRESSES = count()


@dataclass
class Page:
    """A page that is measured: how to ask for it, and what it cost."""

    name: str
    app: Flask
    path: str
    cookie: str = ""
    fields: Callable[[], dict[str, str]] | None = None
    spent: list[float] = field(default_factory=list)
    size: int = 0
    queries: int = 0

    def ask(self) -> None:
        """One request; only the time of the application counts."""
        number = next(ADDRESSES)
        environ = EnvironBuilder(
            path=self.path, base_url="https://localhost:8000", method="POST" if self.fields else "GET",
            data=urlencode(self.fields()) if self.fields else None,
            content_type="application/x-www-form-urlencoded" if self.fields else None,
            headers={"Cookie": self.cookie, "Accept": "application/json" if self.fields else "text/html"},
            environ_base={"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"},
        ).get_environ()  # fmt: skip
        began = time.process_time()
        body, status, _headers = run_wsgi_app(self.app.wsgi_app, environ, buffered=True)
        self.size = sum(map(len, body))
        self.spent.append(time.process_time() - began)
        assert status.startswith("200"), f"{self.name}: {status}"


def bare() -> Flask:
    """The least a Flask application can do."""
    app = Flask("bare")

    @app.get("/")
    def page() -> str:
        return "Bonjour"

    return app


def main() -> None:
    """Print CPU, ratio, queries and size of each page."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_config({}, base_url="https://localhost:8000", data_dir=Path(folder)))
        upgrade(app)
        pages = [Page("bare Flask", bare(), "/"), *_pages(app)]
        _count_queries(app, pages)
        for _ in range(WARM):
            for page in pages:
                page.ask()
        for page in pages:
            page.spent.clear()
        for _ in range(ROUNDS):
            for page in pages:
                page.ask()
        least = statistics.median(pages[0].spent)
        for page in pages:
            cost = statistics.median(page.spent)
            figures = f"{cost * 1000:6.2f} ms CPU  x {cost / least:5.1f}"
            print(f"{page.name:22} {figures}  {page.queries} queries  {page.size / 1000:6.1f} kB")
        with app.app_context():
            db.engine.dispose()
        app.extensions["outbound"].close()


def _pages(app: Flask) -> list[Page]:
    with app.app_context():
        session = db.session()
        done, open_row = learner(session, 1), learner(session, 2)
        for chosen in (module("d1"), module("d2")):
            attempt = attempts.start(session, done, chosen)
            for item in attempt.questions:
                asked = chosen.question(item["key"])
                assert asked is not None
                choose(session, attempt, item["key"], right(asked))
            attempts.submit(session, attempt, TRACK, chosen)
            session.commit()
        for lesson in module("d1").lessons:
            learning.open_lesson(session, open_row, module("d1"), lesson, utcnow())
            learning.read_lesson(session, open_row, module("d1"), lesson)
        attempt = attempts.start(session, open_row, module("d1"))
        session.commit()
        cookie, choice = _cookie(app, open_row), attempt.questions[0]["options"][0]
        db.session.remove()
    worker = Worker(app)
    worker.upkeep()
    worker.drain()
    with app.app_context():
        code = db.session.scalars(sa.select(Certificate.code)).one()
        number = db.session.scalars(sa.select(Attempt.id).filter_by(submitted_at=None)).one()
        db.session.remove()
    question = f"/learn/attempts/{number}/1"
    client = app.test_client(use_cookies=False)
    permission = client.get(question, base_url="https://localhost:8000", headers={"Cookie": cookie})
    signed = permission.text.split('name="permission" value="')[1].split('"')[0]
    lesson_path = f"/learn/{TRACK.key}/d1/{module('d1').lessons[0].key}"
    return [
        Page("track", app, f"/learn/{TRACK.key}", cookie),
        Page("lesson", app, lesson_path, cookie),
        Page("question", app, question, cookie),
        Page("autosave", app, question, cookie, lambda: {"a.choice": choice, "permission": signed}),
        Page("verify", app, f"/verify/{code}"),
    ]


def _cookie(app: Flask, row: Enrolment) -> str:
    token, now = new_token(), utcnow()
    db.session.add(
        WebSession(
            token_hash=hashed(token), person_id=row.person_id, roles=["learner"], created_at=now,
            expires_at=now + timedelta(hours=1),
        )
    )  # fmt: skip
    db.session.commit()
    serializer = CookieSessions(app).get_signing_serializer(app)
    return f"mpia={serializer.dumps({'sid': token, 'csrf_token': 'a' * 40})}"


def _count_queries(app: Flask, pages: list[Page]) -> None:
    """How many statements each page sends, the second time it is opened."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", note)
        for page in pages:
            page.ask()
            seen.clear()
            page.ask()
            page.queries = len([text for text in seen if not text.startswith(("BEGIN", "PRAGMA"))])
        sa.event.remove(db.engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
