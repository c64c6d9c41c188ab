"""Webhooks: signed as Standard Webhooks say, by their own library; sent until they are taken, and never inwards."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from standardwebhooks import Webhook, WebhookVerificationError

from lms.config import Config
from lms.models import Agent, AgentMatch, EventListener, OutboxJob, WebhookDelivery, utcnow
from lms.services import certificate_life, corrections, webhooks
from lms.services.authority import open_authority
from lms.services.events import EVENTS
from lms.worker import Worker
from tests.conftest import SECRET, make_config
from tests.issued_in_test import act, issue
from tests.programs_in_test import organisation
from tests.receiver_in_test import Receiver, let_leave, receiving, waiting


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hook(session: Session, receiver: Receiver) -> tuple[EventListener, str]:
    """A webhook for every event of everybody, and its secret."""
    made = webhooks.make(session, SECRET, "SIRH", f"{receiver.url}/hook", EVENTS, None, None)
    session.commit()
    return made


def message(session: Session, row: EventListener) -> WebhookDelivery:
    """A message that tells nothing, promised and committed."""
    made = session.get_one(WebhookDelivery, webhooks.test(session, row, utcnow()))
    session.commit()
    return made


def test_every_event_of_a_certificate_arrives_signed_and_names_nobody(
    app: Flask, session: Session, config: Config, receiver: Receiver, hook: tuple[EventListener, str]
) -> None:
    issued = issue(session, open_authority(config))
    for action, reason in (("suspended", "inquiry"), ("reinstated", "cleared")):
        certificate_life.change(session, issued, action, act(reason), utcnow())  # type: ignore[arg-type]
        session.commit()
    correction = corrections.correct(session, issued, "Zoé Martin", act(""), utcnow())
    session.commit()
    replaced = corrections.replace(session, open_authority(config), correction.id, utcnow())
    assert replaced is not None
    certificate_life.change(session, replaced, "revoked", act("fraud"), utcnow())
    session.commit()
    let_leave(session, Worker(app))
    told = [Webhook(hook[1]).verify(each.body, each.headers) for each in receiver.received]
    assert [each["type"] for each in told] == [
        "completion.created", "certificate.issued", "certificate.suspended", "certificate.reinstated",
        "certificate.issued", "certificate.replaced", "certificate.revoked",
    ]  # fmt: skip
    first = told[1]["data"]
    assert first == {"id": str(issued.id), "number": issued.number, "award": "decideurs", "state": "valid"}
    assert told[-1]["data"]["state"] == "revoked"
    assert "Martin" not in "".join(each.body.decode() for each in receiver.received)
    assert len({each.headers["webhook-id"] for each in receiver.received}) == len(told)
    assert waiting(session, "send_webhook") == []


def test_another_secret_or_another_body_is_not_ours(
    app: Flask, session: Session, receiver: Receiver, hook: tuple[EventListener, str]
) -> None:
    row, first = hook
    message(session, row)
    let_leave(session, Worker(app))
    second = webhooks.rotate(session, SECRET, row, None)
    session.commit()
    assert second != first
    message(session, row)
    let_leave(session, Worker(app))
    session.execute(sa.update(EventListener).values(previous_until=utcnow() - timedelta(seconds=1)))
    message(session, row)
    let_leave(session, Worker(app))
    ours = {number: set[str]() for number in range(3)}
    for number, each in enumerate(receiver.received):
        for name, secret in (("first", first), ("second", second)):
            try:
                Webhook(secret).verify(each.body, each.headers)
                ours[number].add(name)
            except WebhookVerificationError:
                pass
        with pytest.raises(WebhookVerificationError):
            Webhook(first).verify(each.body + b" ", each.headers)
    # While both hold, each proves it.
    assert ours == {0: {"first"}, 1: {"first", "second"}, 2: {"second"}}
    kept = session.execute(sa.text("select secret, previous_secret from event_listener")).one()
    session.commit()
    assert not any(secret.removeprefix("whsec_") in cell for secret in (first, second) for cell in kept)


def test_only_the_unit_and_the_events_asked_for(
    app: Flask, session: Session, config: Config, receiver: Receiver
) -> None:
    units = organisation(session)
    issued = issue(session, open_authority(config))  # of nobody that is known
    where = session.scalars(sa.select(Agent).filter_by(number="A-2")).one()
    for code, events in (("MIN", EVENTS), ("SANTE", ["certificate.revoked"]), ("JUSTICE", EVENTS)):
        webhooks.make(session, SECRET, code, f"{receiver.url}/{code}", events, units[code], None)
    session.commit()
    certificate_life.change(session, issued, "suspended", act("inquiry"), utcnow())
    session.add(AgentMatch(person_id=issued.person_id, agent_id=where.id, state="doubtful", by="name"))
    session.commit()
    certificate_life.change(session, issued, "reinstated", act("cleared"), utcnow())
    session.execute(sa.update(AgentMatch).values(state="confirmed"))
    session.commit()
    certificate_life.change(session, issued, "revoked", act("fraud"), utcnow())
    session.commit()
    let_leave(session, Worker(app))
    told = [(each.path, json.loads(each.body)["type"]) for each in receiver.received]
    assert sorted(told) == [("/MIN", "certificate.revoked"), ("/SANTE", "certificate.revoked")]


def test_what_is_refused_comes_again_the_very_same_until_it_is_taken(
    app: Flask, session: Session, receiver: Receiver, hook: tuple[EventListener, str]
) -> None:
    row, worker = hook[0], Worker(app)
    receiver.answers(500)
    delivery = message(session, row)
    other = message(session, row)
    worker.drain()
    session.expire_all()
    # The second waits, spending no try: what does not answer is not hammered.
    assert len(receiver.received) == 1
    assert row.quiet_until is not None
    assert (delivery.status, delivery.error, delivery.delivered_at) == (500, "refused", None)
    jobs = waiting(session, "send_webhook")
    assert sorted(job.tries for job in jobs) == [0, 1]
    receiver.answers(204)
    let_leave(session, worker)
    assert delivery.delivered_at is not None
    assert (row.failing_since, row.quiet_until) == (None, None)
    assert other.delivered_at is not None
    mine = [each for each in receiver.received if each.headers["webhook-id"] == delivery.message_id]
    assert len(mine) == 2
    assert mine[0].body == mine[1].body
    webhooks.replay(session, delivery)
    session.commit()
    let_leave(session, worker)
    assert receiver.received[-1].body == mine[0].body
    assert delivery.tries == 3


def test_one_that_fails_for_days_or_wants_no_more_is_stopped(
    app: Flask, session: Session, receiver: Receiver, hook: tuple[EventListener, str]
) -> None:
    row, worker = hook[0], Worker(app)
    receiver.answers(503, **{"Retry-After": "120"})
    message(session, row)
    worker.drain()
    session.expire_all()
    assert row.quiet_until is not None
    assert row.quiet_until > utcnow() + timedelta(seconds=100)
    row.failing_since = utcnow() - webhooks.LONGEST_FAILURE - timedelta(hours=1)
    session.commit()
    let_leave(session, worker)
    assert row.disabled_why == "failing"
    let_leave(session, worker)
    assert [job.status for job in waiting(session, "send_webhook")] == ["failed"]
    webhooks.switch(session, row, True, None)
    session.commit()
    receiver.answers(410)
    message(session, row)
    let_leave(session, worker)
    assert row.disabled_why == "gone"
    before = session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery))
    session.commit()
    assert before == 2


def test_no_message_goes_inwards(app: Flask, session: Session, hook: tuple[EventListener, str]) -> None:
    row, worker = hook[0], Worker(app)
    for url, cause in (
        ("https://169.254.169.254/latest/meta-data/", "webhook_address"),
        ("https://[::ffff:10.0.0.1]/", "webhook_address"),
        ("http://example.org/", "webhook_address"),
        ("https://localhost.invalid/", "webhook_unreachable"),
    ):
        row.url, row.quiet_until = url, None
        sent = message(session, row)
        worker.drain()
        session.expire_all()
        job = waiting(session, "send_webhook")[-1]
        assert (job.cause, sent.tries, sent.delivered_at) == (cause, 1, None), url
        session.commit()


def test_a_redirection_is_not_followed(
    app: Flask, session: Session, receiver: Receiver, hook: tuple[EventListener, str]
) -> None:
    receiver.answers(302, Location="http://169.254.169.254/")
    delivery = message(session, hook[0])
    let_leave(session, Worker(app))
    assert (len(receiver.received), delivery.status) == (1, 302)
    assert delivery.delivered_at is None


def test_a_secret_that_can_no_longer_be_read_says_what_to_do(
    session: Session, config: Config, tmp_path: Path, hook: tuple[EventListener, str], keys_dir: Path
) -> None:
    from lms.app import create_app

    delivery = message(session, hook[0])
    other = make_config(config.database_url, tmp_path, secret_key="x" * 40, keys_dir=tmp_path / "other-keys")
    application = create_app(other)
    Worker(application).drain()
    with application.app_context():
        from lms.models import db

        db.engine.dispose()
    application.extensions["outbound"].close()
    session.expire_all()
    (job,) = waiting(session, "send_webhook")
    assert (job.status, job.cause) == ("failed", "webhook_secret")
    assert delivery.tries == 0


def test_old_messages_go(session: Session, hook: tuple[EventListener, str]) -> None:
    old = message(session, hook[0])
    old.created_at = utcnow() - webhooks.KEPT - timedelta(hours=1)
    message(session, hook[0])
    webhooks.sweep(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery)) == 1
    session.rollback()


def test_nothing_is_written_where_nobody_listens(session: Session, config: Config) -> None:
    issue(session, open_authority(config))
    kinds: set[Any] = set(session.scalars(sa.select(OutboxJob.kind)))
    session.rollback()
    assert not kinds & {"send_webhook", "send_statement"}
