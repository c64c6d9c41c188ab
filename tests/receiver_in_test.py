"""Whoever is told what happens: a server that keeps what it receives, and answers as it is told to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import EventListener, OutboxJob, utcnow
from lms.worker import Worker


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Its address, what it received, and what it answers: a status, headers, a body."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], tuple[int, dict[str, str], bytes]] = lambda _request: (200, {}, b"")

    def answers(self, status: int, **headers: str) -> None:
        """Answer so from now on."""
        self.answer = lambda _request: (status, headers, b"")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens on this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Received(self.path, {key.lower(): value for key, value in self.headers.items()}, body)
            receiver.received.append(request)
            status, headers, content = receiver.answer(request)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def let_leave(session: Session, worker: Worker) -> None:
    """Let every delay pass and the worker do what is due."""
    session.execute(sa.update(OutboxJob).where(OutboxJob.status == "pending").values(due_at=utcnow()))
    session.execute(sa.update(EventListener).values(quiet_until=None))
    session.commit()
    worker.drain()
    session.expire_all()


def waiting(session: Session, kind: str) -> list[OutboxJob]:
    """The deliveries of a kind that are not done."""
    query = sa.select(OutboxJob).where(OutboxJob.kind == kind, OutboxJob.status != "done")
    found = list(session.scalars(query.order_by(OutboxJob.id)))
    session.commit()
    return found
