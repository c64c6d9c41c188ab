"""Figures for whoever operates the service, in Prometheus's format; none is about a person.

Counters belong to the web processes, which share them through the folder named by ``PROMETHEUS_MULTIPROC_DIR``
(``lms serve`` makes one). The rest is read from the database when it is asked for.
"""

import os
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.lti.keys import ToolKeys
from lms.models import OutboxJob, Platform, utcnow
from lms.services import deliveries
from lms.services.connections import worst

#: The causes of ``LtiError`` are keys of the code, so that labels stay few whatever is sent.
MESSAGES = Counter("mpia_lti_messages", "LTI messages accepted, by kind.", ["kind"], registry=REGISTRY)
REFUSALS = Counter("mpia_lti_refusals", "Logins and LTI messages refused, by cause.", ["cause"], registry=REGISTRY)


def accepted(kind: str) -> None:
    """Count a message accepted: the name of its class in ``lms.lti.model``."""
    MESSAGES.labels(kind).inc()


def refused(cause: str) -> None:
    """Count a login or a message refused: the cause of its ``LtiError``."""
    REFUSALS.labels(cause).inc()


def exposition(session: Session, keys: ToolKeys) -> bytes:
    """Every figure, of every web process and of the database."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        counted = generate_latest(registry)
    else:
        counted = b"".join(generate_latest(_Only(counter)) for counter in (MESSAGES, REFUSALS))
    return counted + generate_latest(_Only(_Database(session, keys)))


class _Only(CollectorRegistry):
    """A registry of one collector."""

    def __init__(self, collector: Collector) -> None:
        super().__init__()
        self.register(collector)


class _Database(Collector):
    """What the database says at this moment."""

    def __init__(self, session: Session, keys: ToolKeys) -> None:
        self._session, self._keys = session, keys

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: what is described is what is collected."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Deliveries, platforms, and our key."""
        numbers = deliveries.counts(self._session)
        jobs = GaugeMetricFamily("mpia_outbox_jobs", "Deliveries that wait or failed.", labels=["state"])
        for state in ("pending", "failed"):
            jobs.add_metric([state], numbers.get(state, 0))
        yield jobs
        oldest = select(func.min(OutboxJob.due_at)).where(OutboxJob.status == "pending", OutboxJob.due_at <= utcnow())
        yield GaugeMetricFamily(
            "mpia_outbox_late_seconds", "How late the most late delivery is.", _age(self._session.scalar(oldest))
        )
        platforms = GaugeMetricFamily("mpia_platforms", "Platforms by state.", labels=["state"])
        states = [_state(row) for row in self._session.scalars(select(Platform))]
        for state in ("active", "failing", "suspended"):
            platforms.add_metric([state], states.count(state))
        yield platforms
        key = self._keys.current(self._session)
        yield GaugeMetricFamily(
            "mpia_lti_key_age_seconds", "How long the key that signs has signed.", _age(key.signs_from if key else None)
        )


def _state(row: Platform) -> str:
    return "suspended" if row.status == "suspended" else "failing" if worst(row) == "bad" else "active"


def _age(moment: datetime | None) -> float:
    return max(0.0, (utcnow() - moment).total_seconds()) if moment else 0.0
