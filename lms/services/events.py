"""What happens and others are told: webhooks and the learning record store, in the transaction of the act itself.

Nothing is asked of the database but who listens, where nobody does.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, Certificate, Enrolment, EventListener, Grading, Unit, WebhookDelivery
from lms.services.organisation import HELD
from lms.services.outbox import promise_all

#: What webhooks may be told, the test of their address apart.
EVENTS = (
    "completion.created", "certificate.issued", "certificate.suspended", "certificate.reinstated",
    "certificate.revoked", "certificate.replaced",
)  # fmt: skip
TEST = "webhook.test"


def completed(session: Session, row: Enrolment, now: datetime) -> None:
    """Somebody completed a track."""
    listeners = _listening(session)
    facts = {"id": row.id, "track": row.track_key, "state": "completed"}
    _tell(session, listeners, "completion.created", row.person_id, facts, now)
    if any(each.kind == "lrs" for each in listeners):
        job = {f"completed:{row.id}": {"enrolment_id": row.id}}
        promise_all(session, "send_statement", job)


def certificate_changed(session: Session, row: Certificate, action: str, now: datetime) -> None:
    """A certificate was ``issued``, ``suspended``, ``reinstated``, ``revoked`` or ``replaced``."""
    facts = {"id": str(row.id), "number": row.number, "award": row.award_key, "state": row.status or "valid"}
    _tell(session, _listening(session), f"certificate.{action}", row.person_id, facts, now)


def result_counts(session: Session, row: Grading) -> None:
    """An attempt has a result that counts."""
    if row.score is not None and any(each.kind == "lrs" for each in _listening(session)):
        promise_all(session, "send_statement", {f"result:{row.id}": {"grading_id": row.id}})


def deliver(session: Session, listener: EventListener, event: str, facts: dict[str, Any], now: datetime) -> int:
    """Write down a message to a webhook and promise to send it; gives its number.

    The number is in the message (``sequence``): messages may come late, twice or in another order, and of what they say
    of one thing the one of the highest number is the last. Acts on one thing hold its row, so they are numbered in the
    order in which they were done.
    """
    row = WebhookDelivery(
        listener_id=listener.id, message_id=f"msg_{uuid4().hex}", event=event, created_at=now, body=""
    )
    session.add(row)
    session.flush()
    moment = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    body = {"type": event, "timestamp": moment, "sequence": row.id, "data": facts}
    row.body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    session.flush()
    promise_all(session, "send_webhook", {f"delivery:{row.id}": {"delivery_id": row.id}})
    return row.id


def still_said(session: Session, row: WebhookDelivery) -> bool:
    """Whether what a message names is still here: of whoever was erased meanwhile nobody is told any more."""
    named = json.loads(row.body)["data"]["id"]
    if row.event == "completion.created":
        return session.get(Enrolment, named) is not None
    return row.event == TEST or session.get(Certificate, UUID(named)) is not None


def _listening(session: Session) -> Sequence[EventListener]:
    """Who listens; asked once a transaction, of which one result may bring about several events."""
    found: Sequence[EventListener]
    asked_in, found = session.info.get("listening", (None, ()))
    if asked_in is None or asked_in is not session.get_transaction():
        found = session.scalars(select(EventListener).where(EventListener.disabled_at.is_(None))).all()
        session.info["listening"] = (session.get_transaction(), found)
    return found


def _tell(
    session: Session, listeners: Sequence[EventListener], event: str, person_id: int, facts: dict[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    """Tell the webhooks that ask for that event, and for that person's unit."""
    asking = [each for each in listeners if each.kind == "webhook" and event in each.events]
    if not asking:
        return
    paths = _paths(session, person_id, asking)
    for each in asking:
        if each.unit_id is None or paths[None].startswith(paths[each.unit_id]):
            deliver(session, each, event, facts, now)


def _paths(session: Session, person_id: int, asking: Sequence[EventListener]) -> dict[int | None, str]:
    """Where the units of listeners are in the tree, and under None where the person is; nothing if none has a unit."""
    units = {each.unit_id for each in asking if each.unit_id is not None}
    if not units:
        return {}
    of_person = (
        select(Unit.path)
        .join(Agent, Agent.unit_id == Unit.id)
        .join(AgentMatch, AgentMatch.agent_id == Agent.id)
        .where(AgentMatch.person_id == person_id, AgentMatch.state.in_(HELD))
    )
    found: dict[int | None, str] = {None: session.scalar(of_person) or ""}
    found.update(session.execute(select(Unit.id, Unit.path).where(Unit.id.in_(units))).tuples().all())
    return found
