"""Messages to webhooks late, twice, in another order: whoever does what the guide says knows what is true."""

import itertools
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from lms.config import Config
from lms.lti.http import TIMEOUT
from lms.models import Certificate, Enrolment, EventListener, OutboxJob, Person, WebhookDelivery, utcnow
from lms.services import certificate_life, webhooks
from lms.services.authority import open_authority
from lms.services.events import EVENTS
from lms.services.privacy import erase
from lms.worker import Worker
from tests.conftest import SECRET
from tests.faults.dying_in_test import MOST, Processes, buried, time_passes
from tests.issued_in_test import act, issue
from tests.postgresql_in_test import Server
from tests.receiver_in_test import Received, Receiver, let_leave, receiving, waiting


@pytest.fixture
def database_url(postgresql: Server) -> Iterator[str]:
    """PostgreSQL alone: SQLite has no more steps, and dies the same."""
    with postgresql.lent() as url:
        yield url


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hook(session: Session, receiver: Receiver) -> EventListener:
    made, _secret = webhooks.make(session, SECRET, "SIRH", f"{receiver.url}/hook", EVENTS, None, None)
    session.commit()
    return made


class Ledger:
    """A receiver that does what docs/hr.md says: an id once, and of one thing the message of the highest number."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._last: dict[str, int] = {}
        self.state: dict[str, str] = {}

    def takes(self, request: Received) -> None:
        """Take one request; twice, late or out of order."""
        body = json.loads(request.body)
        about = f"{body['type'].partition('.')[0]}:{body['data']['id']}"
        if request.headers["webhook-id"] in self._seen:
            return
        self._seen.add(request.headers["webhook-id"])
        if body["sequence"] > self._last.get(about, 0):
            self._last[about], self.state[about] = body["sequence"], body["data"]["state"]


def what_they_know(requests: Sequence[Received]) -> dict[str, str]:
    ledger = Ledger()
    for each in requests:
        ledger.takes(each)
    return ledger.state


def revoked_meanwhile(session: Session, config: Config) -> Certificate:
    """A certificate issued, suspended, reinstated and revoked before any message of it left."""
    issued = issue(session, open_authority(config))
    for action, reason in (("suspended", "inquiry"), ("reinstated", "cleared"), ("revoked", "fraud")):
        certificate_life.change(session, issued, action, act(reason), utcnow())  # type: ignore[arg-type]
        session.commit()
    return issued


def test_in_any_order_and_twice_what_is_known_is_what_is_true(
    app: Flask, session: Session, config: Config, receiver: Receiver, hook: EventListener
) -> None:
    issued = revoked_meanwhile(session, config)
    let_leave(session, Worker(app))
    about = f"certificate:{issued.id}"
    told = [each for each in receiver.received if json.loads(each.body)["type"].startswith("certificate")]
    assert [json.loads(each.body)["data"]["state"] for each in told] == ["valid", "suspended", "valid", "revoked"]
    for order in itertools.permutations(told):
        assert what_they_know([*order, *order]) == {about: "revoked"}
    # Each says what was true at the moment that it bears.
    moments = [datetime.fromisoformat(json.loads(each.body)["timestamp"]) for each in told]
    assert moments == sorted(moments)


def test_one_whose_answer_never_came_comes_again_the_very_same(
    app: Flask, session: Session, config: Config, receiver: Receiver, hook: EventListener
) -> None:
    app.extensions["outbound"].timeout = dict.fromkeys(TIMEOUT, 0.5)
    late, waits = threading.Event(), itertools.count()

    def too_late(_request: Received) -> tuple[int, dict[str, str], bytes]:
        if next(waits) == 0:
            late.wait(30)  # taken, and answered when nobody listens any more
        return 200, {}, b""

    receiver.answer = too_late
    issued = revoked_meanwhile(session, config)
    worker = Worker(app)
    worker.drain()
    session.expire_all()
    first = session.scalars(sa.select(WebhookDelivery).order_by(WebhookDelivery.id)).first()
    assert first is not None
    assert (first.error, first.delivered_at) == ("unreachable", None)
    assert hook.quiet_until is not None, "the others wait"
    assert len(receiver.received) == 1
    session.rollback()
    late.set()
    let_leave(session, worker)
    assert waiting(session, "send_webhook") == []
    twice = [each for each in receiver.received if each.headers["webhook-id"] == first.message_id]
    assert len(twice) == 2
    assert twice[0].body == twice[1].body
    assert what_they_know(receiver.received)[f"certificate:{issued.id}"] == "revoked"


def test_killed_at_any_step_each_message_comes(
    app: Flask, session: Session, config: Config, receiver: Receiver, hook: EventListener
) -> None:
    made, survivor = Processes(app), Worker(app)
    for step in range(1, MOST):
        number = webhooks.test(session, hook, utcnow())
        message = session.get_one(WebhookDelivery, number).message_id
        session.commit()
        said = made.does("work", step, kinds=["send_webhook"])
        buried(session)
        time_passes(session)
        let_leave(session, survivor)
        mine = [each for each in receiver.received if each.headers["webhook-id"] == message]
        assert len(mine) in {1, 2}, f"killed at step {step}"
        assert len({each.body for each in mine}) == 1
        assert waiting(session, "send_webhook") == []
        if said != "killed":
            break
    else:
        pytest.fail("no worker lived to the end")
    assert step > 8


def test_nobody_is_told_any_more_of_whoever_was_erased(
    app: Flask, session: Session, config: Config, receiver: Receiver, hook: EventListener
) -> None:
    issued = issue(session, open_authority(config))
    person = session.get_one(Person, issued.person_id)
    erase(session, person)
    session.commit()
    let_leave(session, Worker(app))
    # The certificate stays in the register, and so does what is said of it; the completion is nobody's any more.
    said: list[Any] = [json.loads(each.body) for each in receiver.received]
    assert [(each["type"], each["data"]["id"]) for each in said] == [("certificate.issued", str(issued.id))]
    assert session.scalar(sa.select(sa.func.count()).select_from(Enrolment)) == 0
    left = session.scalars(sa.select(WebhookDelivery).filter_by(event="completion.created")).one()
    assert (left.error, left.tries, left.delivered_at) == ("erased", 0, None)
    jobs = sa.select(OutboxJob.status).filter_by(kind="send_webhook")
    assert set(session.scalars(jobs)) == {"done"}
    session.rollback()
